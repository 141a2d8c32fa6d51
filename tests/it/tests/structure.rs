//! The house keeps its shape (docs/ARCHITECTURE.md "Rooms"): which package may lean on which, what the processes that hold
//! PKCS#11 sessions are made of, and how files are kept.

use std::collections::BTreeSet;

use signum_tests::workspace::{Workspace, rust_files};

/// The picture of docs/ARCHITECTURE.md: a package and the members it may depend on.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("signum-core", &[]),
    ("signum-gesture", &[]),
    // Officers' gestures over ceremonies are verified in the process that holds the PKCS#11 session.
    ("signum-hsm-shim", &["signum-gesture"]),
    ("signum-pki", &[]),
    (
        "signum-ca",
        &["signum-core", "signum-hsm-shim", "signum-pki", "signum-gesture"],
    ),
    (
        "signum-idp",
        &["signum-core", "signum-hsm-shim", "signum-pki", "signum-gesture"],
    ),
    (
        "signum-activation",
        &["signum-hsm-shim", "signum-pki", "signum-gesture"],
    ),
    (
        "signum-signer",
        &[
            "signum-core",
            "signum-hsm-shim",
            "signum-pki",
            "signum-gesture",
            "signum-activation",
        ],
    ),
    (
        "signum",
        &[
            "signum-core",
            "signum-hsm-shim",
            "signum-pki",
            "signum-gesture",
            "signum-ca",
            "signum-idp",
            "signum-signer",
            "signum-activation",
            // `signum card`, feature `card`.
            "signum-card",
        ],
    ),
    // What runs at the person's computer knows cards and none of the services.
    ("signum-card", &[]),
    ("signum-card-agent", &["signum-card"]),
    // A relying party knows nothing of ours: it is written as an agency would write it.
    ("signum-demo-rp", &[]),
];

/// Packages that only tests and demonstrations use.
const TEST_ONLY: &[&str] = &[
    "signum-softauth",
    "signum-demo",
    "signum-tests",
    "signum-browser",
    "signum-load",
    "signum-fuzz",
    "signum-conformance",
    "signum-vcard",
];

/// What a process that can use keys must not contain: web servers and clients, SQL, templates, translations.
const FOREIGN_TO_KEY_PROCESSES: &[&str] = &[
    "axum",
    "hyper",
    "sqlx",
    "rusqlite",
    "maud",
    "fluent",
    "reqwest",
    "tower-http",
    "lopdf",
    "webauthn-rs",
];

#[test]
fn dependencies_go_one_way() {
    let workspace = Workspace::load();
    for (package, allowed) in MAY_DEPEND_ON {
        for dependency in workspace.member_dependencies(package) {
            assert!(
                allowed.contains(&dependency),
                "{package} must not depend on {dependency}"
            );
        }
    }
}

#[test]
fn every_member_has_its_place_in_the_picture() {
    let placed: BTreeSet<_> = MAY_DEPEND_ON
        .iter()
        .map(|(name, _)| *name)
        .chain(TEST_ONLY.iter().copied())
        .collect();
    let members = Workspace::load().members;
    assert_eq!(members.iter().map(String::as_str).collect::<BTreeSet<_>>(), placed);
}

#[test]
fn what_only_tests_need_is_never_part_of_the_product() {
    let workspace = Workspace::load();
    for (package, _) in MAY_DEPEND_ON {
        let closure = workspace.closure(package);
        for foreign in TEST_ONLY.iter().chain(&["fantoccini"]) {
            assert!(!closure.contains(foreign), "{package} contains {foreign}");
        }
    }
}

#[test]
fn processes_that_hold_pkcs11_sessions_contain_no_web_sql_or_template_code() {
    let workspace = Workspace::load();
    for package in ["signum-hsm-shim", "signum-activation"] {
        for dependency in workspace.closure(package) {
            let foreign = FOREIGN_TO_KEY_PROCESSES
                .iter()
                .find(|f| dependency == **f || dependency.starts_with(&format!("{f}-")));
            assert_eq!(foreign, None, "{package} contains {dependency}");
        }
    }
}

#[test]
fn the_program_adds_no_means_of_log_in_to_the_passkey() {
    // Only `Service::with_means` takes another one, and no feature of any member of the product may lead there.
    for (path, text) in rust_files() {
        let product = !path.starts_with("tests") && !path.starts_with("idp");
        assert!(!(product && text.contains("with_means")), "{}", path.display());
    }
}

#[test]
fn unmaintained_pkcs11_crate_is_not_used() {
    assert!(
        !Workspace::load().packages().contains("pkcs11"),
        "use cryptoki: docs/decisions/0002"
    );
}

#[test]
fn unsafe_code_lives_in_the_pkcs11_module_alone() {
    let forms: Vec<_> = ["{", "fn ", "impl ", "extern ", "trait "]
        .iter()
        .map(|next| ["unsafe", next].join(" "))
        .collect();
    for (path, text) in rust_files() {
        let allowed = path.starts_with("hsm-shim/src/raw") || path.ends_with("hsm-shim/src/raw.rs");
        let found = forms.iter().find(|form| text.contains(form.as_str()));
        assert!(allowed || found.is_none(), "{}: {found:?}", path.display());
    }
}

#[test]
fn every_file_says_what_it_is_in_its_first_line() {
    for (path, text) in rust_files() {
        assert!(
            text.starts_with("//! "),
            "{} does not begin with a `//!` line",
            path.display()
        );
    }
}

#[test]
fn no_file_is_called_mod_utils_helpers_common_or_manager() {
    for (path, _) in rust_files() {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        assert!(
            !["mod", "utils", "helpers", "common", "manager"].contains(&name),
            "{}",
            path.display()
        );
    }
}
