//! Ceremonies that were approved and held: what comes of them, and everything that keeps one from being held or believed.

mod approvals;
mod service;
mod transcript;

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signum_ca::ceremony::{
    ApprovalError, Approved, CeremonyFault, Deed, Folder, ImportError, Kind, Transcript, differences, structure, verify,
};
use signum_ca::{ChainError, Config, ListHash, OfficerError};
use signum_core::contract::{CertificateAuthority, CertificateStatus, LeafProfile, TimeStamping};
use signum_hsm_shim::token::Token;
use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri};

use crate::day::{self, Day, NOON, Repeatable, Wanted, plan, requests, root_state};
use crate::house::{self, in_own_process, key, pkcs10, request};

const ROOT: &str = "signum-root";

fn problems(folder: &Folder, genesis: ListHash) -> Vec<String> {
    match verify(folder, genesis) {
        Ok(report) => report.problems,
        Err(error) => vec![error],
    }
}

/// The folder's file, approvals and lists in a folder of another name.
fn copy(folder: &Folder, path: &std::path::Path) -> Folder {
    let copy = Folder::new(path);
    let files = [Folder::CEREMONY, Folder::APPROVALS, Folder::OFFICERS, Folder::AUDITOR];
    for file in files.into_iter().chain([
        "in/root.der",
        "in/auth.p10",
        "in/qsig.p10",
        "in/seal.p10",
        "in/tsa.p10",
        "in/tls.p10",
    ]) {
        if folder.exists(file) {
            copy.write(file, &folder.read(file).unwrap()).unwrap();
        }
    }
    copy
}

const DIE_AT: &str = "SIGNUM_CA_TEST_DIE_AT";

/// The child of the next test: killed when the line of that number is on the disk.
#[test]
fn dies_at_a_line() {
    let Ok(at) = std::env::var(DIE_AT) else { return };
    let at: u64 = at.parse().unwrap();
    in_own_process(|dir| async move {
        let mut day = saved(&dir);
        let folder = Folder::new(&dir.join(format!("root-{at}")));
        let die = |entry: &signum_ca::ceremony::Entry| {
            if entry.number == at {
                let own = std::process::id().to_string();
                Command::new("kill").args(["-9", &own]).status().unwrap();
            }
        };
        day.clock = signum_core::ManualClock::at(signum_core::Timestamp::from_seconds(NOON));
        day.hold_heard(&folder, &format!("t{at}"), &die).await.unwrap();
    });
}

/// The lists of the folder are all that a child needs of the officers.
fn saved(dir: &std::path::Path) -> Day {
    let mut day = Day::new(dir);
    let genesis = std::fs::read_to_string(dir.join("genesis")).unwrap();
    day.genesis = genesis.parse().unwrap();
    day
}

#[test]
fn a_ceremony_killed_at_any_line_is_taken_up_and_leaves_no_key_untold() {
    in_own_process(|dir| async move {
        let mut day = Day::new(&dir);
        std::fs::write(dir.join("genesis"), day.genesis.to_string()).unwrap();
        let mut lines = 0;
        for at in 1..100 {
            let token = format!("t{at}");
            day.token(&token);
            let folder = day.draft(&format!("root-{at}"), Wanted::new(Kind::Root, &token), |text| text);
            day.approve(&folder, &["op-1", "op-2"]);
            let child = Command::new(std::env::current_exe().unwrap())
                .args(["held::dies_at_a_line", "--exact", "--nocapture"])
                .env(DIE_AT, at.to_string())
                .output()
                .unwrap();
            if child.status.success() {
                lines = at - 1;
                break;
            }
            let told = day.hold(&folder, &token).await;
            let told = match told {
                // Killed when the last line was told.
                Err(CeremonyFault::Held) => {
                    signum_ca::ceremony::write_renderings(&folder, &plan(&folder), &read(&folder)).unwrap();
                    read(&folder)
                }
                other => other.unwrap_or_else(|error| panic!("line {at}: {error}")),
            };
            day.countersign(&folder);
            assert_eq!(
                problems(&folder, day.genesis),
                Vec::<String>::new(),
                "killed at line {at}"
            );
            let made = told.deeds().filter(|deed| matches!(deed, Deed::KeyMade { .. })).count();
            assert_eq!(made, 1);
            let keys = Token::open(day.token(&token)).unwrap().keys().unwrap();
            let labels: Vec<_> = keys.iter().map(|key| key.label.as_str()).collect();
            assert_eq!(labels, ["root-g1", "signum-canary"]);
        }
        assert_eq!(lines, 10, "every line was a crash point");
    });
}

fn read(folder: &Folder) -> Transcript {
    let text = folder.read(Folder::TRANSCRIPT).unwrap();
    Transcript::read(&text, &plan(folder).hash, false).unwrap().0
}

#[test]
fn a_key_that_nobody_announced_stops_the_ceremony_that_is_taken_up() {
    in_own_process(|dir| async move {
        let mut day = Day::new(&dir);
        let folder = day.draft("root", Wanted::new(Kind::Root, ROOT), |text| text);
        day.approve(&folder, &["op-1", "op-2"]);
        day.hold(&folder, ROOT).await.unwrap();
        // As a crash before the closing line left it, and somebody made a key meanwhile.
        let text = folder.read(Folder::TRANSCRIPT).unwrap();
        let cut = text.split_inclusive(|o| *o == b'\n').count() - 1;
        let kept: Vec<u8> = text
            .split_inclusive(|o| *o == b'\n')
            .take(cut)
            .flatten()
            .copied()
            .collect();
        folder.write(Folder::TRANSCRIPT, &kept).unwrap();
        let token = Token::open(day.token(ROOT)).unwrap();
        token.generate("shadow", KeyAlgorithm::EcP384).unwrap();
        let refused = day.hold(&folder, ROOT).await;
        assert!(
            matches!(&refused, Err(CeremonyFault::Orphan(label)) if label == "shadow"),
            "{refused:?}"
        );
    });
}

#[test]
fn a_rehearsal_goes_the_same_way_with_an_empty_token_and_no_approval() {
    in_own_process(|dir| async move {
        let mut day = Day::new(&dir);
        let root = day.whole("root", Wanted::new(Kind::Root, ROOT)).await;
        let issuing = day.whole("issuing", Wanted::new(Kind::Issuing, "signum-ca")).await;
        let (state, requests) = (root_state(&root), requests(&issuing));
        let wanted = Wanted {
            root: Some(&state),
            requests: &requests,
            ..Wanted::new(Kind::Sign, ROOT)
        };
        let folder = day.draft("sign", wanted, |text| text);
        // Not with a token that has keys: a rehearsal opens nothing that matters.
        let rehearsal = || Approved::rehearsal(plan(&folder), day.genesis, &day.lists).unwrap();
        let copied = copy(&folder, &dir.join("wrong"));
        let refused = day.hold_approved(rehearsal(), &copied, ROOT, &|_| {}).await;
        assert!(matches!(refused, Err(CeremonyFault::NotEmpty)), "{refused:?}");
        // The real token's label, on an empty one.
        let token = Token::open(day.token(ROOT)).unwrap();
        let real = token.public_key("root-g1").unwrap();
        token.destroy("root-g1").unwrap();
        day.spent = dir.join("spent-2");
        let rehearsed = day
            .hold_approved(rehearsal(), &copy(&folder, &dir.join("rehearsal")), ROOT, &|_| {})
            .await
            .unwrap();
        assert_ne!(token.public_key("root-g1").unwrap(), real);
        let signed = rehearsed
            .deeds()
            .filter(|deed| matches!(deed, Deed::CertificateSigned { .. }));
        assert_eq!(signed.count(), 5);
    });
}
