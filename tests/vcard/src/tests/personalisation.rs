//! The commands of the factory and the desk.

use super::{Bench, field};
use crate::test_issuer;

#[test]
fn a_blank_card_makes_its_keys_and_gives_the_public_ones() {
    let mut bench = Bench::blank();
    assert_eq!(bench.ok("8010 0000 00"), [0]);
    assert_eq!(bench.say("8047 0181 00"), "6a88");
    let point = bench.ok("8047 0081 00");
    assert_eq!((point.len(), point[0]), (97, 4));
    assert_eq!(bench.ok("8047 0181 00"), point);
    let other = bench.ok("8047 009f 00");
    assert_ne!(other, point);
    let again = bench.ok("8047 0081 00");
    assert_ne!(again, point);
    assert_eq!(bench.say("8047 0082 00"), "6a88");
    assert_eq!(bench.say("8047 0281 00"), "6a86");
}

#[test]
fn blocks_come_in_order_and_in_one_go() {
    let mut bench = Bench::blank();
    // Not from the middle, not with a gap, not with another object in between.
    assert_eq!(bench.say("80e2 8103 01 41"), "6985");
    bench.ok("80e2 0003 04 58414141");
    assert_eq!(bench.say("80e2 8203 05 3030303031"), "6985");
    bench.ok("80e2 0003 04 58414141");
    assert_eq!(bench.say("80e2 8101 01 30"), "6985");
    assert_eq!(bench.say("80e2 8103 05 3030303031"), "6985");
    bench.ok("80e2 0003 04 58414141");
    bench.ok("80e2 8103 05 3030303031");
    bench.ok("00a4 090c 02 d003");
    assert_eq!(bench.ok("00b0 0002 09"), b"XAAA00001");
    assert_eq!(bench.say("80e2 8007 01 30"), "6a88");
    assert_eq!(bench.say("80e2 8003"), "6700");
}

#[test]
fn objects_of_the_wrong_form_are_refused() {
    let mut bench = Bench::blank();
    assert_eq!(bench.say("80e2 8003 08 5841303030303030"), "6700");
    assert_eq!(bench.say("80e2 8003 09 786130303030303031"), "6a80");
    // A certificate whose length is not what it says, and one without a key.
    assert_eq!(bench.say("80e2 8001 06 308200010001"), "6a80");
    assert_eq!(bench.say("80e2 8001 05 3082000101"), "6985");
    assert_eq!(bench.say(&format!("80e2 8004 0c {}", field("123"))), "6a80");
    assert_eq!(bench.say("80e2 8005 05 3132333435"), "6700");
    let block = "00".repeat(255);
    for number in 0..16 {
        bench.ok(&format!("80e2 {number:02x}01 ff {block}"));
    }
    assert_eq!(bench.say(&format!("80e2 1001 ff {block}")), "6a84");
}

#[test]
fn a_new_key_drops_the_certificate_of_the_one_before() {
    let mut bench = Bench::blank();
    bench.ok("8047 0081 00");
    bench.ok("80e2 8001 05 3082000101");
    bench.ok("00a4 090c 04 adf13401");
    bench.ok("00a4 000c");
    bench.ok("8047 0081 00");
    assert_eq!(bench.say("00a4 090c 04 adf13401"), "6a82");
}

#[test]
fn only_a_complete_card_is_finished() {
    let mut bench = Bench::blank();
    let steps = [
        "8047 0081 00".to_owned(),
        "8047 009f 00".to_owned(),
        "80e2 8001 05 3082000101".to_owned(),
        "80e2 8002 05 3082000101".to_owned(),
        "80e2 8003 09 584130303030303031".to_owned() + "31",
        format!("80e2 8004 0c {}", field("1234")),
        format!("80e2 8005 0c {}", field("12345")),
        format!("80e2 8006 0c {}", field("12345678")),
    ];
    for step in &steps {
        assert_eq!(bench.say("8050 0000"), "6985", "before {step}");
        bench.ok(step);
    }
    bench.ok("8050 0000");
    assert_eq!(bench.ok("8010 0000 00"), [1]);
}

#[test]
fn nothing_is_personalised_after_finish() {
    let mut bench = Bench::whole();
    for power in ["on", "cut"] {
        if power == "cut" {
            bench.power_cut();
        }
        for command in ["8047 0081 00", "8047 0181 00", "80e2 8001 05 3082000101", "8050 0000"] {
            assert_eq!(bench.say(command), "6985", "{command}");
        }
        assert_eq!(bench.say(&format!("80e2 8004 0c {}", field("9999"))), "6985");
        assert_eq!(bench.ok("8010 0000 00"), [1]);
    }
    assert!(test_issuer::personalise(&mut bench.card, &test_issuer::HOLDER).is_err());
}

#[test]
fn before_finish_the_card_signs_its_requests_after_its_pins() {
    let mut bench = Bench::blank();
    bench.ok("8047 0081 00");
    assert_eq!(bench.verify(0x01, "1234"), "6a88");
    bench.ok(&format!("80e2 8004 0c {}", field("1234")));
    bench.choose_authentication_key();
    assert_eq!(bench.say(&format!("0088 0000 30 {} 00", "11".repeat(48))), "6982");
    assert_eq!(bench.verify(0x01, "1234"), "9000");
    assert_eq!(bench.ok(&format!("0088 0000 30 {} 00", "11".repeat(48))).len(), 96);
}
