//! Keys, security environment and signatures.

use super::{Bench, verifies};

const DIGEST: [u8; 48] = [0x5a; 48];

fn authenticate() -> String {
    format!("0088 0000 30 {} 00", hex::encode(DIGEST))
}

fn sign() -> String {
    format!("002a 9e9a 30 {} 00", hex::encode(DIGEST))
}

#[test]
fn pin1_allows_many_signatures_with_the_authentication_key() {
    let mut bench = Bench::whole();
    let certificate = bench.read_certificate("adf13401");
    bench.choose_authentication_key();
    assert_eq!(bench.say(&authenticate()), "6982");
    assert_eq!(bench.verify(0x01, "1234"), "9000");
    let first = bench.ok(&authenticate());
    let second = bench.ok(&authenticate());
    assert!(verifies(&certificate, &DIGEST, &first));
    assert!(verifies(&certificate, &DIGEST, &second));
    assert_ne!(first, second);
}

#[test]
fn pin2_allows_one_signature_with_the_signature_key() {
    let mut bench = Bench::whole();
    let certificate = bench.read_certificate("adf2341f");
    bench.choose_signature_key();
    assert_eq!(bench.say(&sign()), "6982");
    assert_eq!(bench.verify(0x85, "12345"), "9000");
    let signature = bench.ok(&sign());
    assert!(verifies(&certificate, &DIGEST, &signature));
    assert_eq!(bench.say(&sign()), "6982");
    assert_eq!(bench.say("0020 0085"), "63c3");
}

#[test]
fn one_pin_never_serves_the_other_key() {
    let mut bench = Bench::whole();
    assert_eq!(bench.verify(0x01, "1234"), "9000");
    bench.choose_signature_key();
    assert_eq!(bench.say(&sign()), "6982");
    bench.card.reset();
    bench.enter("adf2");
    assert_eq!(bench.verify(0x85, "12345"), "9000");
    bench.choose_authentication_key();
    assert_eq!(bench.say(&authenticate()), "6982");
}

#[test]
fn a_signature_command_takes_the_key_that_was_chosen_for_it_alone() {
    let mut bench = Bench::whole();
    bench.enter("adf1");
    assert_eq!(bench.verify(0x01, "1234"), "9000");
    assert_eq!(bench.say(&authenticate()), "6985");
    bench.choose_authentication_key();
    assert_eq!(bench.say(&sign()), "6985");
    // Leaving the application forgets the choice.
    bench.ok("00a4 000c");
    assert_eq!(bench.say(&authenticate()), "6985");
}

#[test]
fn only_a_digest_of_48_octets_is_signed() {
    let mut bench = Bench::whole();
    bench.choose_authentication_key();
    assert_eq!(bench.verify(0x01, "1234"), "9000");
    for length in [1usize, 20, 32, 47, 49, 64] {
        assert_eq!(
            bench.say(&format!("0088 0000 {length:02x} {} 00", "11".repeat(length))),
            "6700"
        );
    }
    assert_eq!(bench.say("0088 0000 00"), "6700");
    // A length that was wrong does not spend PIN2.
    bench.choose_signature_key();
    assert_eq!(bench.verify(0x85, "12345"), "9000");
    assert_eq!(bench.say(&format!("002a 9e9a 20 {} 00", "11".repeat(32))), "6700");
    bench.ok(&sign());
}

#[test]
fn the_security_environment_takes_what_its_readers_say_and_nothing_else() {
    let mut bench = Bench::whole();
    bench.enter("adf1");
    // libelectronic-id names the algorithm by one octet.
    bench.ok("0022 41a4 06 800104 840181");
    for (command, answer) in [
        ("0022 41a4 09 8004ff200800 84019f", "6a88"),
        ("0022 41a4 09 8004ff200800 840182", "6a88"),
        ("0022 41b6 09 8004ff150800 84019f", "6a88"),
        ("0022 41a4 09 8004ff150800 840181", "6a80"),
        ("0022 41a4 06 800102 840181", "6a80"),
        ("0022 41a4 03 840181", "6a80"),
        ("0022 41a4 05 8004ff2008", "6a80"),
        ("0022 41a4 01 80", "6a80"),
        ("0022 41a4", "6a80"),
    ] {
        assert_eq!(bench.say(command), answer, "{command}");
    }
    bench.enter("adf2");
    bench.ok("0022 41b6 06 800154 84019f");
    // A refused choice leaves none.
    assert_eq!(bench.say("0022 41b6 06 800142 84019f"), "6a80");
    assert_eq!(bench.verify(0x85, "12345"), "9000");
    assert_eq!(bench.say(&sign()), "6985");
}
