//! Golden TBSCertificates, octet for octet (P-04, P-11): a profile that changes by a single octet fails here.
//!
//! tests/fixtures/pki/tbs holds one of every profile, generation of algorithms and, of qualified ones, with and without a
//! device. `SIGNUM_WRITE_GOLDEN_TBS=1` writes them anew after an intended change; the difference is then for review.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;

use der::Encode;

use super::sample::{self, Sample};
use crate::config::Algorithms;

/// `citizen-signature-ec-qscd`
pub(super) fn file_name(sample: &Sample) -> String {
    let algorithms = match sample.config.algorithms {
        Algorithms::Ec => "ec",
        Algorithms::Rsa => "rsa",
    };
    let qscd = if sample.in_qscd { "-qscd" } else { "" };
    format!("{}-{algorithms}{qscd}", sample.profile.id)
}

#[test]
fn every_profile_s_octets_are_the_golden_ones() {
    let folder = sample::fixture("tbs");
    let mut names = BTreeSet::new();
    for sample in sample::all() {
        let (name, tbs) = (format!("{}.der", file_name(&sample)), sample.tbs().to_der().unwrap());
        if std::env::var_os("SIGNUM_WRITE_GOLDEN_TBS").is_some() {
            std::fs::write(folder.join(&name), &tbs).unwrap();
        }
        let golden = std::fs::read(folder.join(&name)).unwrap_or_default();
        assert!(golden == tbs, "{name} has changed");
        names.insert(name);
    }
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|f| f.unwrap().file_name().into_string().unwrap());
    assert_eq!(files.collect::<BTreeSet<_>>(), names, "a golden file of no profile");
}

#[test]
fn a_single_flipped_bit_passes_only_where_certificates_of_one_profile_differ() {
    let sample = Sample::new(&crate::profile::citizen_signature::PROFILE, Algorithms::Ec, true);
    let tbs = sample.tbs();
    let der = tbs.to_der().unwrap();
    let at = |part: &[u8]| der.windows(part.len()).position(|window| window == part).unwrap();
    let serial = at(tbs.serial_number.as_bytes());
    let (validity, subject) = (tbs.validity.to_der().unwrap(), tbs.subject.to_der().unwrap());
    let free = [
        serial..serial + tbs.serial_number.as_bytes().len(),
        at(&validity)..at(&validity) + validity.len(),
        at(&subject)..at(&subject) + subject.len(),
    ];
    // One bit of each octet, another one in the next.
    for bit in (0..der.len()).map(|octet| octet * 8 + octet % 8) {
        let mut flipped = der.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let passes = sample.lint(&flipped).is_empty();
        assert!(
            !passes || free.iter().any(|range| range.contains(&(bit / 8))),
            "octet {}",
            bit / 8
        );
    }
}
