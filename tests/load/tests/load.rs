//! The short forms of `./test load hsm`, `./test load ca`, `./test load idp` and `./test soak hsm`: all is answered, nothing grows, the tables are printed.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::Command;

fn run(what: &str, columns: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_signum-load"))
        .args([what, "--short"])
        .output()
        .unwrap();
    let table = String::from_utf8_lossy(&output.stdout);
    println!("{table}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(table.contains(columns), "{table}");
}

#[test]
fn rates_of_every_algorithm_are_measured_beside_the_honest_limit() {
    run("hsm", "64 callers and the limit in turn");
}

#[test]
fn memory_descriptors_and_objects_stay_flat() {
    run("soak", "objects");
}

#[test]
fn rates_of_the_identity_provider_are_measured_with_what_it_writes_and_signs() {
    run("idp", "per server CPU s");
}

#[test]
fn rates_of_the_certification_authority_are_measured_beside_the_limit() {
    run("ca", "64 callers and the limit in turn");
}
