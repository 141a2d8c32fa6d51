//! The kill matrix: every mutant of every profile, in both generations of algorithms, is refused (P-11).
//!
//! With `SIGNUM_CORPUS` naming a folder, the good certificates, variants that we accept and the mutants are written there for
//! pkilint, which must find nothing that this linter lets pass: tests/peers/lint_peers.py.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::golden::file_name;
use super::mutants::{self, Mutant};
use super::sample::{self, Sample};
use super::{RULES, corpus};
use crate::config::Algorithms;

/// reference/ca.md: what pkilint 0.13.3 lets pass as QCP-N-QSCD-NON-EIDAS.
const MISSED_BY_PKILINT: [&str; 7] = [
    "qcStatements: no QcType",
    "qcStatements: no QcCClegislation",
    "qcStatements: no QcSSCD",
    "subject C \"KS\"",
    "subject serialNumber missing",
    "cRLDistributionPoints missing",
    "outlives its issuer",
];

#[test]
fn every_mutant_of_every_profile_is_refused() {
    let folder = std::env::var_os("SIGNUM_CORPUS").map(PathBuf::from);
    let mut corpus = folder.as_deref().map(corpus::Corpus::new);
    let mut table = String::new();
    let mut survivors = Vec::new();
    let mut killers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut total = 0;
    for sample in sample::all() {
        let mutants = mutants::of(&sample);
        let profile = file_name(&sample);
        let names: BTreeSet<_> = mutants.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names.len(), mutants.len(), "{profile}: two mutants of one name");
        assert!(mutants.len() >= 60, "{profile}: {} mutants", mutants.len());
        let mut killed = 0;
        for Mutant { name, tbs } in &mutants {
            let rules = sample.lint(tbs);
            killed += usize::from(!rules.is_empty());
            if rules.is_empty() {
                survivors.push(format!("{profile}: {name}"));
            }
            for rule in &rules {
                *killers.entry(rule).or_default() += 1;
            }
            if let Some(corpus) = corpus.as_mut().filter(|_| is_for_peers(&sample)) {
                corpus.add(&sample, name, tbs, &rules);
            }
        }
        total += mutants.len();
        writeln!(table, "{profile:36} {killed:5} of {:5} killed", mutants.len()).unwrap();
    }
    writeln!(table, "{total} mutants; how many each rule refuses:").unwrap();
    for rule in &RULES {
        writeln!(table, "  {:26} {:5}", rule.id, killers.get(rule.id).unwrap_or(&0)).unwrap();
    }
    println!("{table}");
    if let (Some(corpus), Some(folder)) = (corpus, folder) {
        corpus.finish();
        write_table(&folder, &table);
    }
    assert!(survivors.is_empty(), "{survivors:#?}");
    assert!(
        RULES.iter().all(|rule| killers.contains_key(rule.id)),
        "a rule that refuses nothing:\n{table}"
    );
}

#[test]
fn the_seven_mutants_that_pkilint_lets_pass_are_refused() {
    let sample = Sample::new(&crate::profile::citizen_signature::PROFILE, Algorithms::Ec, true);
    let mutants = mutants::of(&sample);
    for name in MISSED_BY_PKILINT {
        let mutant = mutants.iter().find(|m| m.name == name).expect(name);
        assert!(!sample.lint(&mutant.tbs).is_empty(), "{name}");
    }
}

#[test]
fn each_mutant_that_leaves_one_rule_alone_is_told_by_its_name() {
    let sample = Sample::new(&crate::profile::citizen_signature::PROFILE, Algorithms::Ec, true);
    let told = |name: &str| {
        let mutants = mutants::of(&sample);
        let mutant = mutants.into_iter().find(|m| m.name == name).expect(name);
        sample.lint(&mutant.tbs)
    };
    assert_eq!(told("subject C \"KS\""), ["country"]);
    assert_eq!(told("a second too long"), ["validity"]);
    assert_eq!(told("cRLDistributionPoints over https"), ["crl_distribution_points"]);
    assert_eq!(told("qcStatements: QcType web"), ["qc_type"]);
}

/// One generation and one origin are enough for pkilint, whose rules do not tell them apart.
fn is_for_peers(sample: &Sample) -> bool {
    sample.config.algorithms == Algorithms::Ec && sample.in_qscd == sample.profile.statements.is_qualified()
}

fn write_table(folder: &Path, table: &str) {
    std::fs::write(folder.join("kill-matrix.txt"), table).unwrap();
}
