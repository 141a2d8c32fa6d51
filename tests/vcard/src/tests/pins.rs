//! VERIFY, CHANGE, RESET and the counters.

use super::{Bench, field};

const PIN1: u8 = 0x01;
const PIN2: u8 = 0x85;
const PUK: u8 = 0x02;

fn tries(bench: &mut Bench, number: u8) -> u8 {
    let object = bench.ok(&format!("00cb 3fff 0a 4d087006bf81{number:02x}02a080 00"));
    assert_eq!((object.len(), object[10]), (32, 3));
    object[13]
}

#[test]
fn a_wrong_pin_counts_down_and_the_right_one_counts_back_up() {
    let mut bench = Bench::whole();
    assert_eq!(bench.say("0020 0001"), "63c3");
    assert_eq!(bench.verify(PIN1, "9999"), "63c2");
    assert_eq!(bench.verify(PIN1, "12345"), "63c1");
    assert_eq!(tries(&mut bench, 1), 1);
    assert_eq!(bench.verify(PIN1, "1234"), "9000");
    assert_eq!(tries(&mut bench, 1), 3);
    assert_eq!(bench.say("0020 0001"), "9000");
    // A wrong one takes back what the right one gave.
    assert_eq!(bench.verify(PIN1, "9999"), "63c2");
    assert_eq!(bench.say("0020 0001"), "63c2");
}

#[test]
fn a_blocked_pin_refuses_the_right_one() {
    let mut bench = Bench::whole();
    bench.enter("adf2");
    for left in ["63c2", "63c1", "63c0"] {
        assert_eq!(bench.verify(PIN2, "99999"), left);
    }
    assert_eq!(bench.verify(PIN2, "12345"), "6983");
    assert_eq!(bench.say("0020 0085"), "6983");
    assert_eq!(tries(&mut bench, 5), 0);
    let change = format!("0024 0085 18 {} {}", field("12345"), field("54321"));
    assert_eq!(bench.say(&change), "6983");
    // The others are not touched.
    assert_eq!(bench.verify(PIN1, "1234"), "9000");
    assert_eq!(bench.verify(PUK, "12345678"), "9000");
}

#[test]
fn a_pin_of_the_wrong_form_costs_no_try() {
    let mut bench = Bench::whole();
    for command in ["0020 0001 04 31323334", "0020 0001 0d 31323334ffffffffffffffffff"] {
        assert_eq!(bench.say(command), "6700", "{command}");
    }
    for digits in ["123", "", "12a4"] {
        assert_eq!(bench.verify(PIN1, digits), "6a80", "{digits}");
    }
    assert_eq!(bench.say("0020 0001 0c 31323334ffff35ffffffffff"), "6a80");
    assert_eq!(bench.say("0020 0001 0c 313233340000000000000000"), "6a80");
    bench.enter("adf2");
    assert_eq!(bench.verify(PIN2, "1234"), "6a80");
    assert_eq!(bench.verify(PUK, "1234567"), "6a80");
    assert_eq!(
        (tries(&mut bench, 1), tries(&mut bench, 5), tries(&mut bench, 2)),
        (3, 3, 3)
    );
}

#[test]
fn pin2_exists_in_its_own_application_alone() {
    let mut bench = Bench::whole();
    assert_eq!(bench.verify(PIN2, "12345"), "6a88");
    assert_eq!(bench.say("00cb 3fff 0a 4d087006bf810502a080 00"), "6a88");
    bench.enter("adf1");
    assert_eq!(bench.verify(PIN2, "12345"), "6a88");
    bench.enter("adf2");
    assert_eq!(bench.verify(PIN2, "12345"), "9000");
    // It holds on the way through the master file, and ends in the other application.
    bench.enter("adf2");
    assert_eq!(bench.say("0020 0085"), "9000");
    bench.enter("adf1");
    bench.enter("adf2");
    assert_eq!(bench.say("0020 0085"), "63c3");
    assert_eq!(bench.verify(0x03, "12345"), "6a88");
}

#[test]
fn reset_and_log_out_forget_what_was_verified() {
    let mut bench = Bench::whole();
    assert_eq!(bench.verify(PIN1, "1234"), "9000");
    bench.ok("00a4 040c 10 a000000077010800070000fe00000100");
    assert_eq!(bench.say("0020 0001"), "63c3");
    assert_eq!(bench.verify(PIN1, "1234"), "9000");
    bench.card.reset();
    assert_eq!(bench.say("0020 0001"), "63c3");
}

#[test]
fn a_pin_is_changed_with_the_old_one() {
    let mut bench = Bench::whole();
    let change = |old: &str, new: &str| format!("0024 0001 18 {} {}", field(old), field(new));
    assert_eq!(bench.say(&change("9999", "4321")), "63c2");
    assert_eq!(bench.say(&change("1234", "4321")), "9000");
    assert_eq!(bench.verify(PIN1, "1234"), "63c2");
    assert_eq!(bench.verify(PIN1, "4321"), "9000");
    // Nothing below costs a try.
    assert_eq!(bench.say(&change("4321", "4321")), "6985");
    assert_eq!(bench.say(&change("4321", "43")), "6a80");
    assert_eq!(bench.say(&format!("0024 0001 0c {}", field("4321"))), "6700");
    assert_eq!(bench.say("0024 0001 04 31323334"), "6700");
    assert_eq!(tries(&mut bench, 1), 3);
    let puk = format!("0024 0002 18 {} {}", field("12345678"), field("87654321"));
    assert_eq!(bench.say(&puk), "9000");
    assert_eq!(bench.verify(PUK, "87654321"), "9000");
}

#[test]
fn a_blocked_pin_comes_back_with_the_puk_once() {
    let mut bench = Bench::whole();
    for _ in 0..3 {
        bench.verify(PIN1, "9999");
    }
    let unblock = format!("002c 0201 0c {}", field("2468"));
    assert_eq!(bench.say(&unblock), "6982");
    assert_eq!(bench.verify(PUK, "12345678"), "9000");
    assert_eq!(bench.say("002c 0201 04 32343638"), "6700");
    assert_eq!(bench.say(&format!("002c 0202 0c {}", field("24682468"))), "6a88");
    assert_eq!(bench.say(&unblock), "9000");
    assert_eq!(bench.say("0020 0001"), "63c3");
    assert_eq!(bench.verify(PIN1, "2468"), "9000");
    // One verification of the PUK is good for one reset.
    assert_eq!(bench.say(&unblock), "6982");
}

#[test]
fn a_blocked_puk_ends_unblocking() {
    let mut bench = Bench::whole();
    for left in ["63c2", "63c1", "63c0"] {
        assert_eq!(bench.verify(PUK, "99999999"), left);
    }
    assert_eq!(bench.verify(PUK, "12345678"), "6983");
    assert_eq!(bench.say(&format!("002c 0201 0c {}", field("2468"))), "6982");
}

#[test]
fn only_the_tries_can_be_asked_for() {
    let mut bench = Bench::whole();
    assert_eq!(bench.say("00cb 3fff 0a 4d087006bf810302a080 00"), "6a88");
    assert_eq!(bench.say("00cb 3fff 04 4d027000 00"), "6a80");
    assert_eq!(bench.say("00cb 3fff 00"), "6a80");
}
