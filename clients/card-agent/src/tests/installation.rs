//! Manifests in a user's home.

use serde_json::Value;
use tempfile::TempDir;

use crate::doctor::{Finding, browsers};
use crate::install::{Browser, InstallError, Target, install, uninstall};
use crate::words::Words;

fn target(home: &TempDir, web_eid: bool) -> Target {
    Target {
        browser: Vec::new(),
        web_eid,
        home: Some(home.path().to_owned()),
    }
}

fn read(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn every_browser_learns_of_the_program_and_forgets_it() {
    let home = TempDir::new().unwrap();
    let words = Words::of("en").unwrap();
    assert_eq!(
        browsers(words, home.path()),
        [Finding::Missing(words.doctor.no_browser.to_owned())]
    );
    let written = install(&target(&home, false)).unwrap();
    assert_eq!(written.len(), Browser::ALL.len());
    for path in &written {
        let manifest = read(path);
        assert_eq!(manifest["name"], "signum.card_agent");
        assert_eq!(manifest["path"], std::env::current_exe().unwrap().to_str().unwrap());
        let callers = if path.contains("mozilla") {
            "allowed_extensions"
        } else {
            "allowed_origins"
        };
        assert_eq!(manifest[callers].as_array().unwrap().len(), 1);
    }
    assert!(
        browsers(words, home.path())
            .iter()
            .all(|finding| matches!(finding, Finding::Fine(_)))
    );
    // Twice is once.
    assert_eq!(install(&target(&home, false)).unwrap(), written);
    assert_eq!(uninstall(&target(&home, false)).unwrap(), written);
    assert!(written.iter().all(|path| !std::path::Path::new(path).exists()));
}

#[test]
fn one_browser_can_be_named() {
    let home = TempDir::new().unwrap();
    let one = Target {
        browser: vec![Browser::Firefox],
        ..target(&home, false)
    };
    assert_eq!(install(&one).unwrap().len(), 1);
}

#[test]
fn what_belongs_to_the_official_program_stays() {
    let home = TempDir::new().unwrap();
    let folder = home.path().join(".mozilla/native-messaging-hosts");
    std::fs::create_dir_all(&folder).unwrap();
    let official = folder.join("eu.webeid.json");
    std::fs::write(&official, r#"{"path":"/usr/bin/web-eid"}"#).unwrap();
    assert!(matches!(install(&target(&home, true)), Err(InstallError::Foreign(_))));
    uninstall(&target(&home, true)).unwrap();
    assert_eq!(read(official.to_str().unwrap())["path"], "/usr/bin/web-eid");
}

#[test]
fn the_official_extension_may_call_where_its_own_program_is_not() {
    let home = TempDir::new().unwrap();
    let written = install(&target(&home, true)).unwrap();
    assert_eq!(written.len(), 2 * Browser::ALL.len());
    let official = written
        .iter()
        .find(|path| path.contains("chromium") && path.contains("eu.webeid"));
    let manifest = read(official.unwrap());
    assert_eq!(manifest["name"], "eu.webeid");
    assert_eq!(manifest["allowed_origins"].as_array().unwrap().len(), 2);
    assert_eq!(uninstall(&target(&home, false)).unwrap().len(), written.len());
}

#[test]
fn a_manifest_of_another_place_is_found_by_the_doctor_and_mended_by_install() {
    let home = TempDir::new().unwrap();
    let words = Words::of("en").unwrap();
    let written = install(&target(&home, false)).unwrap();
    std::fs::write(&written[0], r#"{"path":"/elsewhere"}"#).unwrap();
    assert!(matches!(&browsers(words, home.path())[0], Finding::Missing(text) if text.contains("another place")));
    install(&target(&home, false)).unwrap();
    assert!(matches!(&browsers(words, home.path())[0], Finding::Fine(_)));
}
