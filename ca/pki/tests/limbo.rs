//! Differential path validation: the cases of C2SP x509-limbo (RFC 5280, CA/B Baseline Requirements, pathological paths) and
//! this crate must agree, but for the exceptions that `limbo_exceptions.txt` gives reasons for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use serde_json::Value;
use signum_pki::chain::{ChainError, Purpose, ServerName, Validation};

/// Where a case names no time, some moment within the validity of all certificates made for the suite.
const NOW: &str = "2026-11-23T12:00:00Z";

#[test]
fn paths_are_judged_as_x509_limbo_judges_them() {
    let Some(cases) = cases() else { return };
    let mut exceptions = exceptions();
    let mut disagreements = Vec::new();
    let mut agreed = 0;
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let expected = case["expected_result"] == "SUCCESS";
        let outcome = judge(case, purpose(case));
        match (outcome.is_ok() == expected, exceptions.remove(id)) {
            (true, None) => agreed += 1,
            (true, Some(_)) => disagreements.push(format!("{id}: agrees by now, its exception must go")),
            (false, Some(_)) => {}
            (false, None) => disagreements.push(format!("{id}: expected {}, got {outcome:?}", case["expected_result"])),
        }
    }
    disagreements.extend(exceptions.keys().map(|id| format!("{id}: an exception for no case")));
    println!("{agreed} of {} cases agree", cases.len());
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}

/// Some of these leaves are for another server as well: the constraints alone must refuse them.
#[test]
fn name_constraints_refuse_without_a_server_name_being_asked_for() {
    for case in cases().unwrap_or_default() {
        let id = case["id"].as_str().unwrap();
        if id.starts_with("rfc5280::nc::") && case["expected_result"] == "FAILURE" {
            assert!(judge(&case, Purpose::Any).is_err(), "{id}");
        }
    }
}

/// The suite is data beside the repository: `SIGNUM_X509_LIMBO`, or `../shared/corpora/x509-limbo.json`.
fn cases() -> Option<Vec<Value>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/x509-limbo.json");
    let path = std::env::var_os("SIGNUM_X509_LIMBO").map_or(beside, PathBuf::from);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no x509-limbo suite at {}", path.display());
        return None;
    };
    let suite: Value = serde_json::from_str(&text).unwrap();
    Some(suite["testcases"].as_array().unwrap().clone())
}

/// `id: reason` per line.
fn exceptions() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("limbo_exceptions.txt").lines();
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (id, reason) = line.split_once(": ").expect("id: reason");
            assert!(reason.len() > 20, "{id} needs a reason");
            (id, reason)
        })
        .collect()
}

fn judge(case: &Value, purpose: Purpose) -> Result<(), ChainError> {
    let list = |field: &str| -> Vec<Vec<u8>> {
        let pems = case[field].as_array().cloned().unwrap_or_default();
        pems.iter().map(|pem| der(pem.as_str().unwrap())).collect()
    };
    let leaf = der(case["peer_certificate"].as_str().unwrap());
    let crls = list("crls");
    let mut validation = Validation::new(purpose, seconds(case["validation_time"].as_str().unwrap_or(NOW)));
    if !crls.is_empty() {
        validation.crls = Some(&crls);
    }
    if let Some(depth) = case["max_chain_depth"].as_u64() {
        validation.max_intermediates = usize::try_from(depth).unwrap();
    }
    validation.check(&leaf, &list("untrusted_intermediates"), &list("trusted_certs"))
}

fn purpose(case: &Value) -> Purpose {
    if case["validation_kind"] == "CLIENT" {
        return Purpose::ClientAuth;
    }
    let peer = &case["expected_peer_name"];
    let Some(name) = peer["value"].as_str() else {
        return Purpose::Any;
    };
    Purpose::ServerAuth(match peer["kind"].as_str() {
        Some("IP") => ServerName::Ip(name.parse().unwrap()),
        _ => ServerName::Dns(name.to_owned()),
    })
}

fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    openssl::base64::decode_block(&body).unwrap()
}

/// Whole seconds, as certificates count.
fn seconds(time: &str) -> i64 {
    let whole = format!("{}Z", &time[..19]);
    let time = der::DateTime::from_str(&whole).unwrap();
    i64::try_from(time.unix_duration().as_secs()).unwrap()
}
