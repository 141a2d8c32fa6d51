//! The shape of a transcript: everything but what keys, signatures and chance make different between two ceremonies of one file.

use serde_json::{Map, Value};

use super::transcript::Transcript;

/// Members whose values are keys, signatures, or hashes that cover them.
const OF_KEYS: [&str; 8] = [
    "public_key",
    "tbs",
    "tbs_sha256",
    "sha256",
    "signature",
    "previous",
    "certificate",
    "gesture",
];
/// Members that differ between a rehearsal and the day.
const OF_THE_DAY: [&str; 13] = [
    "at",
    "serial",
    "keys",
    "module",
    "token",
    "not_before",
    "not_after",
    "this_update",
    "next_update",
    "approvals",
    "list",
    "list_version",
    "genesis",
];

/// Where two ceremonies differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Line of the transcript, from 1.
    pub line: usize,
    pub first: String,
    pub second: String,
}

/// Each line with keys and signatures left out: two ceremonies of one file, with one clock and one source of chance, agree.
pub fn structure(transcript: &Transcript) -> Vec<Value> {
    shapes(transcript, &OF_KEYS)
}

/// Where a ceremony went otherwise than its rehearsal, times and tokens aside.
pub fn differences(rehearsed: &Transcript, held: &Transcript) -> Vec<Difference> {
    let masked: Vec<&str> = OF_KEYS.into_iter().chain(OF_THE_DAY).collect();
    let (first, second) = (shapes(rehearsed, &masked), shapes(held, &masked));
    let longest = first.len().max(second.len());
    let line = |shapes: &[Value], at: usize| shapes.get(at).map_or(String::new(), Value::to_string);
    (0..longest)
        .map(|at| Difference {
            line: at + 1,
            first: line(&first, at),
            second: line(&second, at),
        })
        .filter(|difference| difference.first != difference.second)
        .collect()
}

fn shapes(transcript: &Transcript, masked: &[&str]) -> Vec<Value> {
    let shape = |entry| {
        let mut value = serde_json::to_value(entry).unwrap_or_default();
        mask(&mut value, masked);
        value
    };
    transcript.entries.iter().map(shape).collect()
}

fn mask(value: &mut Value, masked: &[&str]) {
    match value {
        Value::Object(members) => mask_members(members, masked),
        Value::Array(values) => values.iter_mut().for_each(|value| mask(value, masked)),
        _ => {}
    }
}

fn mask_members(members: &mut Map<String, Value>, masked: &[&str]) {
    for (name, value) in members {
        match value {
            // The deed `token` has members of its own.
            Value::Object(inner) if name == "token" && inner.contains_key("keys") => mask_members(inner, masked),
            _ if masked.contains(&name.as_str()) => *value = Value::Null,
            _ => mask(value, masked),
        }
    }
}
