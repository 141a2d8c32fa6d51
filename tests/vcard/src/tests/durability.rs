//! What outlives a power cut, and what happens when the memory fails.

use std::os::unix::fs::PermissionsExt;

use super::{Bench, field};
use crate::{Card, Store, StoreError};

#[test]
fn a_power_cut_gives_no_try_back() {
    let mut bench = Bench::whole();
    for left in ["63c2", "63c1", "63c0"] {
        assert_eq!(bench.verify(0x01, "9999"), left);
        bench.power_cut();
    }
    assert_eq!(bench.verify(0x01, "1234"), "6983");
    // The same certificates and keys are still there.
    let before = bench.read_certificate("adf2341f").to_der().unwrap();
    bench.power_cut();
    assert_eq!(bench.read_certificate("adf2341f").to_der().unwrap(), before);
}

#[test]
fn a_changed_pin_outlives_a_power_cut() {
    let mut bench = Bench::whole();
    assert_eq!(
        bench.say(&format!("0024 0001 18 {} {}", field("1234"), field("4321"))),
        "9000"
    );
    bench.power_cut();
    assert_eq!(bench.verify(0x01, "4321"), "9000");
}

#[test]
fn a_try_that_cannot_be_written_down_is_not_compared() {
    let mut bench = Bench::whole();
    let folder = bench.folder.path().to_owned();
    // Root writes everywhere, so the folder goes away.
    let aside = folder.with_extension("aside");
    std::fs::rename(&folder, &aside).unwrap();
    assert_eq!(bench.verify(0x01, "1234"), "6581");
    assert_eq!(bench.say("0020 0001"), "63c3");
    std::fs::rename(&aside, &folder).unwrap();
    assert_eq!(bench.verify(0x01, "1234"), "9000");
}

#[test]
fn a_card_is_made_once_and_is_the_owners_alone() {
    let bench = Bench::blank();
    assert!(matches!(Store::create(bench.folder.path()), Err(StoreError::Exists(_))));
    let file = std::fs::metadata(bench.folder.path().join("card.json")).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_folder_that_is_no_card_is_named() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Card::open(folder.path()), Err(StoreError::File { .. })));
    std::fs::write(folder.path().join("card.json"), "{").unwrap();
    assert!(matches!(Card::open(folder.path()), Err(StoreError::Form { .. })));
}
