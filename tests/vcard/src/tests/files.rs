//! SELECT and READ BINARY.

use super::Bench;

#[test]
fn applications_directories_and_files_are_found_the_ways_readers_look_for_them() {
    let mut bench = Bench::whole();
    assert_eq!(
        bench.ok("00a4 0400 10 a000000077010800070000fe00000100 00"),
        [0x62, 4, 0x83, 2, 0x3f, 0]
    );
    assert_eq!(
        bench.ok("00a4 0404 0d e828bd080ff2504f5420415750 00"),
        [0x62, 4, 0x83, 2, 0xad, 0xf1]
    );
    assert_eq!(bench.say("00a4 040c 10 51534344204170706c69636174696f6e"), "9000");
    // libelectronic-id: application, then path from there; OpenSC: master file, then path; the path from the master file.
    bench.ok("00a4 040c 10 a000000077010800070000fe00000100");
    let by_path = bench.ok("00a4 0904 04 adf13401 00");
    bench.ok("00a4 000c 02 3f00");
    assert_eq!(bench.ok("00a4 0804 04 adf13401 00"), by_path);
    bench.enter("adf1");
    assert_eq!(bench.ok("00a4 0204 02 3401 00"), by_path);
    assert_eq!(bench.ok("00a4 0004 02 3401 00"), by_path);
    assert_eq!(by_path[..4], [0x62, 0x04, 0x80, 0x02]);
}

#[test]
fn what_is_not_there_is_not_found() {
    let mut bench = Bench::whole();
    for command in [
        "00a4 0404 10 a000000077010800070000fe00000200 00",
        "00a4 0404 05 a000000077 00",
        "00a4 0104 02 adf3 00",
        "00a4 0204 02 3401 00",
        "00a4 0904 04 adf1341f 00",
        "00a4 0904 04 d003d003 00",
        "00a4 0904 04 adf1adf2 00",
        "00a4 0804 04 3f00d003 00",
        "00a4 0004 02 3401 00",
    ] {
        assert_eq!(bench.say(command), "6a82", "{command}");
    }
    for command in [
        "00a4 0104 01 ad 00",
        "00a4 0904 03 adf134 00",
        "00a4 0904 00",
        "00a4 0204 03 d00300 00",
    ] {
        assert_eq!(bench.say(command), "6700", "{command}");
    }
    // A failed SELECT leaves the card where it stood.
    bench.enter("adf1");
    assert_eq!(bench.say("00a4 0204 02 341f 00"), "6a82");
    assert_eq!(bench.say("00a4 020c 02 3401"), "9000");
}

#[test]
fn the_document_number_is_an_octet_string() {
    let mut bench = Bench::whole();
    bench.ok("00a4 000c");
    assert_eq!(bench.ok("00a4 0904 02 d003 00"), [0x62, 0x04, 0x80, 0x02, 0x00, 0x0b]);
    assert_eq!(bench.ok("00b0 0000 0b"), b"\x04\x09XK0000001");
    assert_eq!(bench.ok("00b0 0002 09"), b"XK0000001");
}

#[test]
fn reading_past_the_end_says_so() {
    let mut bench = Bench::whole();
    assert_eq!(bench.say("00b0 0000 00"), "6986");
    bench.ok("00a4 090c 02 d003");
    assert_eq!(bench.say("00b0 0009 05"), "30316282");
    assert_eq!(bench.say("00b0 000b 01"), "6b00");
    assert_eq!(bench.say("00b0 7fff 00"), "6b00");
    assert_eq!(bench.say("00b0 0000"), "6700");
    assert_eq!(bench.say("00b0 0000 01 00 01"), "6700");
    assert_eq!(bench.say("00b0 8100 01"), "6a82");
}

#[test]
fn both_certificates_read_whole_in_pieces() {
    let mut bench = Bench::whole();
    let authentication = bench.read_certificate("adf13401");
    let signature = bench.read_certificate("adf2341f");
    let subject = |certificate: &openssl::x509::X509| certificate.subject_name().to_der().unwrap();
    assert_eq!(subject(&authentication), subject(&signature));
    assert!(
        !authentication
            .public_key()
            .unwrap()
            .public_eq(&signature.public_key().unwrap())
    );
}

#[test]
fn a_blank_card_has_no_files() {
    let mut bench = Bench::blank();
    assert_eq!(bench.say("00a4 090c 02 d003"), "6a82");
    assert_eq!(bench.say("00a4 090c 04 adf13401"), "6a82");
}
