//! Path validation where x509-limbo has no case: policies, bounded search, letters of directory names, lists of revocation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "support/authority.rs"]
mod authority;

use authority::{Authority, Shape, directory_constraint, policies};
use const_oid::ObjectIdentifier;
use signum_pki::chain::{ChainError, Purpose, Validation, verify_issued_by};
use signum_pki::oid;

const NOW: i64 = 1_700_000_000;
const POLICY: ObjectIdentifier = oid::NCP_PLUS;

fn check(
    leaf: &[u8],
    between: &[&Authority],
    root: &Authority,
    required: &[ObjectIdentifier],
) -> Result<(), ChainError> {
    let between: Vec<_> = between.iter().map(|a| a.certificate.clone()).collect();
    let mut validation = Validation::new(Purpose::Any, NOW);
    validation.policies = required;
    validation.check(leaf, &between, std::slice::from_ref(&root.certificate))
}

/// A root, an issuing CA and a leaf whose certificates carry the given policies.
fn with_policies(
    issuing: &[ObjectIdentifier],
    leaf: &[ObjectIdentifier],
    required: &[ObjectIdentifier],
) -> Result<(), ChainError> {
    let root = Authority::root("Root");
    let issuing = root.authority("Issuing", Shape::default().with(policies(issuing)));
    let leaf = issuing.leaf("Leaf", Shape::default().with(policies(leaf)));
    check(&leaf, &[&issuing], &root, required)
}

#[test]
fn a_required_policy_must_hold_on_the_whole_path() {
    assert_eq!(with_policies(&[POLICY], &[POLICY], &[POLICY]), Ok(()));
    assert_eq!(with_policies(&[oid::ANY_POLICY], &[POLICY], &[POLICY]), Ok(()));
    assert_eq!(
        with_policies(&[oid::QCP_N], &[POLICY], &[POLICY]),
        Err(ChainError::Policy)
    );
    assert_eq!(
        with_policies(&[POLICY], &[oid::QCP_N], &[POLICY]),
        Err(ChainError::Policy)
    );
    assert_eq!(
        with_policies(&[POLICY, oid::QCP_N], &[oid::QCP_N], &[POLICY, oid::QCP_N]),
        Ok(())
    );
    assert_eq!(with_policies(&[oid::QCP_N], &[POLICY], &[]), Ok(()), "none is required");
}

#[test]
fn an_issuer_may_require_that_some_policy_holds() {
    // PolicyConstraints { requireExplicitPolicy 0 }
    let explicit = (oid::POLICY_CONSTRAINTS, true, vec![0x30, 3, 0x80, 1, 0]);
    let root = Authority::root("Root");
    let issuing = root.authority("Issuing", Shape::default().with(policies(&[POLICY])).with(explicit));
    let fitting = issuing.leaf("Leaf", Shape::default().with(policies(&[POLICY])));
    let without = issuing.leaf("Leaf", Shape::default());
    assert_eq!(check(&fitting, &[&issuing], &root, &[]), Ok(()));
    assert_eq!(check(&without, &[&issuing], &root, &[]), Err(ChainError::Policy));
}

#[test]
fn any_policy_means_nothing_where_an_issuer_inhibits_it() {
    let inhibit = (oid::INHIBIT_ANY_POLICY, true, vec![2, 1, 0]);
    let root = Authority::root("Root");
    let issuing = root.authority("Issuing", Shape::default().with(policies(&[POLICY])).with(inhibit));
    let leaf = issuing.leaf("Leaf", Shape::default().with(policies(&[oid::ANY_POLICY])));
    assert_eq!(check(&leaf, &[&issuing], &root, &[POLICY]), Err(ChainError::Policy));
}

#[test]
fn an_excluded_directory_name_is_excluded_in_other_letters_too() {
    for name in ["Ministry", "MINISTRY", "ministry"] {
        let root = Authority::root("Root");
        let issuing = root.authority("Issuing", Shape::default().with(directory_constraint(1, "Ministry")));
        let leaf = issuing.leaf(name, Shape::default());
        assert_eq!(
            check(&leaf, &[&issuing], &root, &[]),
            Err(ChainError::NameConstraints),
            "{name}"
        );
        let other = issuing.leaf("Ministries", Shape::default());
        assert_eq!(check(&other, &[&issuing], &root, &[]), Ok(()));
    }
}

#[test]
fn policy_mappings_that_must_be_processed_are_refused() {
    let mappings = (ObjectIdentifier::new_unwrap("2.5.29.33"), true, vec![0x30, 0]);
    let root = Authority::root("Root");
    let issuing = root.authority("Issuing", Shape::default().with(mappings));
    let leaf = issuing.leaf("Leaf", Shape::default());
    assert_eq!(check(&leaf, &[&issuing], &root, &[]), Err(ChainError::UnknownCritical));
}

/// CAs in layers, each certified by every CA of the layer above: the paths are 6^8, the work is bounded.
#[test]
fn a_search_through_countless_paths_is_given_up() {
    let mut layer: Vec<Authority> = (0..6).map(|n| Authority::root(&format!("Untrusted {n}"))).collect();
    let mut intermediates: Vec<Vec<u8>> = Vec::new();
    for depth in 0..8 {
        let below: Vec<Authority> = (0..6).map(|n| Authority::root(&format!("CA {depth} {n}"))).collect();
        for upper in &layer {
            intermediates.extend(below.iter().map(|lower| upper.certify(lower, Shape::default())));
        }
        layer = below;
    }
    let leaf = layer[0].leaf("Leaf", Shape::default());
    let mut validation = Validation::new(Purpose::Any, NOW);
    validation.max_intermediates = 18;
    let root = Authority::root("Root").certificate;
    let outcome = validation.check(&leaf, &intermediates, &[root]);
    assert!(matches!(outcome, Err(ChainError::Budget(_))), "{outcome:?}");
}

#[test]
fn the_reason_told_is_of_the_path_that_came_nearest() {
    let (root, stranger) = (Authority::root("Root"), Authority::root("Stranger"));
    let issuing = root.authority("Issuing", Shape::expired());
    let leaf = issuing.leaf("Leaf", Shape::default());
    let roots = [stranger.certificate.clone(), root.certificate.clone()];
    let between = [issuing.certificate.clone(), stranger.certificate.clone()];
    let outcome = Validation::new(Purpose::Any, NOW).check(&leaf, &between, &roots);
    assert_eq!(outcome, Err(ChainError::Expired));
}

#[test]
fn a_certificate_spoilt_in_any_octet_is_refused() {
    let root = Authority::root("Root");
    let leaf = root.leaf("Leaf", Shape::default());
    assert_eq!(check(&leaf, &[], &root, &[]), Ok(()));
    for position in 0..leaf.len() {
        let mut spoilt = leaf.clone();
        spoilt[position] ^= 0x20;
        assert!(check(&spoilt, &[], &root, &[]).is_err(), "octet {position}");
    }
}

/// As the certificate of an OCSP responder is judged.
#[test]
fn a_direct_issuer_is_told_from_others() {
    let (root, other) = (Authority::root("Root"), Authority::root("Root"));
    let leaf = root.leaf("Leaf", Shape::default());
    assert_eq!(verify_issued_by(&leaf, &root.certificate, NOW), Ok(()));
    assert_eq!(
        verify_issued_by(&leaf, &other.certificate, NOW),
        Err(ChainError::KeyIdentifier)
    );
    let old = root.leaf("Leaf", Shape::expired());
    assert_eq!(verify_issued_by(&old, &root.certificate, NOW), Err(ChainError::Expired));
    let unknown = (ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1"), true, vec![5, 0]);
    let strange = root.leaf("Leaf", Shape::default().with(unknown));
    assert_eq!(
        verify_issued_by(&strange, &root.certificate, NOW),
        Err(ChainError::UnknownCritical)
    );
}
