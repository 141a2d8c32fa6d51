//! Classes, instructions and lengths that do not exist.

use super::Bench;

#[test]
fn an_unknown_class_and_an_unknown_instruction_are_told_apart() {
    let mut bench = Bench::whole();
    assert_eq!(bench.say("01a4 000c"), "6e00");
    assert_eq!(bench.say("ffca 0000 00"), "6e00");
    assert_eq!(bench.say("00ca 0000 00"), "6d00");
    assert_eq!(bench.say("0084 0000 08"), "6d00");
    assert_eq!(bench.say("8011 0000"), "6d00");
}

#[test]
fn what_is_no_short_apdu_is_a_wrong_length() {
    let mut bench = Bench::whole();
    for command in [
        "",
        "00",
        "00a400",
        "00a4 000c 00 0002 3f00",
        "00a4 000c 02 3f",
        "00a4 000c 02 3f00 00 00",
        "00b0 0000 00 0000",
    ] {
        assert_eq!(bench.say(command), "6700", "{command}");
    }
}

#[test]
fn parameters_that_mean_nothing_are_refused() {
    let mut bench = Bench::whole();
    for command in [
        "00a4 0304 00",
        "00a4 0001",
        "00cb 3f00 0a 4d087006bf8101 02a080 00",
        "0020 0101 0c 31323334ffffffffffffffff",
        "0024 0101 18 31323334ffffffffffffffff 34333231ffffffffffffffff",
        "002c 0001 0c 31323334ffffffffffffffff",
        "002c 0301",
        "0022 81a4 09 8004ff200800840181",
        "0022 41b8 09 8004ff300400840181",
        "0088 0100 00",
        "002a 9e9b 00",
        "8010 0001",
    ] {
        assert_eq!(bench.say(command), "6a86", "{command}");
    }
}
