//! No PIN is ever in a trace.

use super::field;
use crate::{Trace, described};

fn shown(command: &str) -> String {
    described(&hex::decode(command.replace(' ', "")).unwrap())
}

#[test]
fn commands_that_carry_a_pin_show_their_header_alone() {
    let pin = field("1234");
    for command in [
        format!("0020 0001 0c {pin}"),
        format!("0024 0001 18 {pin}{pin}"),
        format!("002c 0201 0c {pin}"),
        format!("80e2 8004 0c {pin}"),
        // An object nobody knows may be a secret sent to the wrong place.
        format!("80e2 8009 0c {pin}"),
    ] {
        let line = shown(&command);
        assert!(
            line.contains("octets not shown") && !line.contains("31323334"),
            "{line}"
        );
    }
    assert_eq!(shown("0020 0001"), "00200001");
    assert_eq!(shown("00a4 040c 02 3f00"), "00a4040c023f00");
    assert_eq!(shown("80e2 8003 01 41"), "80e280030141");
}

#[test]
fn a_trace_has_a_line_for_each_side() {
    let mut written = Vec::new();
    Trace::new(Some(&mut written))
        .exchange(&[0, 0xb0, 0, 0, 1], &[0x30, 0x90, 0])
        .unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), "> 00b0000001\n< 309000\n");
}
