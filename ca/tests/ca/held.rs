//! Ceremonies that were approved and held: what comes of them, and everything that keeps one from being held or believed.

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

#[test]
fn a_service_whose_root_lies_elsewhere_serves_everything() {
    in_own_process(|dir| async move {
        let mut day = Day::new(&dir);
        let settings = Config {
            offline_root: true,
            ..house::config()
        };
        let house = house::empty(&dir, settings).await;
        house.clock.set(signum_core::Timestamp::from_seconds(NOON));
        let refused = house.service.ceremony().await.unwrap_err().to_string();
        assert!(refused.starts_with("root is not here"), "{refused}");
        // The root on its own token, the issuing CAs' keys on the service's, the root certifies them.
        let root = day.whole("root", Wanted::new(Kind::Root, ROOT)).await;
        let issuing = day.whole("issuing", Wanted::new(Kind::Issuing, "signum-ca")).await;
        let (state, requests) = (root_state(&root), requests(&issuing));
        let wanted = Wanted {
            root: Some(&state),
            requests: &requests,
            ..Wanted::new(Kind::Sign, ROOT)
        };
        let signed = day.whole("sign", wanted).await;
        for folder in [&root, &issuing, &signed] {
            assert_eq!(problems(folder, day.genesis), Vec::<String>::new());
        }
        // In this order and no other.
        let early = house.service.import_ceremony(&signed, day.genesis).await.unwrap_err();
        assert!(matches!(early, ImportError::NoRoot), "{early}");
        let nothing = house.service.import_ceremony(&issuing, day.genesis).await.unwrap_err();
        assert!(matches!(nothing, ImportError::Nothing("issuing")), "{nothing}");
        house.service.import_ceremony(&root, day.genesis).await.unwrap();
        let imported = house.service.import_ceremony(&signed, day.genesis).await.unwrap();
        assert_eq!(imported.authorities, ["auth", "qsig", "seal", "tsa", "tls"]);
        let again = house.service.import_ceremony(&signed, day.genesis).await.unwrap();
        assert!(again.authorities.is_empty());
        // Everything works, and the root's key is not there.
        let made = house.service.ceremony().await.unwrap();
        assert_eq!(made.certificate("root").unwrap(), root.read("out/root.der").unwrap());
        let root_key = KeyUri::new("signum-ca", "root-g1");
        let hsm = signum_hsm_shim::local::Local::new(house.token.clone());
        assert!(matches!(hsm.public_key(&root_key).await, Err(HsmError::KeyNotFound(_))));
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        let issued = house.service.issue(asked).await.unwrap();
        house.service.ocsp(&issued.certificate, &issued.chain[0]).await.unwrap();
        let query = signum_pki::tsp_request(&[7; 32], &[8; 16]).unwrap();
        house.service.time_stamp(&query).await.unwrap();
        house.service.publish_due_crls().await.unwrap();
        assert_eq!(
            crate::crl::newest(&house, "root").await,
            root.read("out/root.crl").unwrap()
        );
        // The root's list is watched, renewed by a ceremony and never by the service.
        let left = house.service.root_list_left().await.unwrap().unwrap();
        assert_eq!(left, Duration::from_secs(180 * 86_400));
        house.clock.advance(Duration::from_secs(170 * 86_400));
        house.service.publish_due_crls().await.unwrap();
        assert_eq!(
            crate::crl::newest(&house, "root").await,
            root.read("out/root.crl").unwrap()
        );
        day.clock.advance(Duration::from_secs(170 * 86_400));
        let state = house.service.root_state().await.unwrap();
        assert_eq!(state.next_list, 2);
        let wanted = Wanted {
            root: Some(&state),
            ..Wanted::new(Kind::RootList, ROOT)
        };
        let renewed = day.whole("list", wanted).await;
        house.service.import_ceremony(&renewed, day.genesis).await.unwrap();
        assert_eq!(
            crate::crl::newest(&house, "root").await,
            renewed.read("out/root.crl").unwrap()
        );
        // A CA is revoked; a list that forgets it, or an older one, is refused.
        let state = house.service.root_state().await.unwrap();
        let wanted = Wanted {
            root: Some(&state),
            authorities: &["seal".to_owned()],
            ..Wanted::new(Kind::Revoke, ROOT)
        };
        let revoked = day.whole("revoke", wanted).await;
        house.service.import_ceremony(&revoked, day.genesis).await.unwrap();
        let old = house.service.import_ceremony(&renewed, day.genesis).await.unwrap_err();
        assert!(matches!(old, ImportError::OldList { given: 2, here: 3 }), "{old}");
        let mut forgetful = house.service.root_state().await.unwrap();
        assert_eq!(forgetful.revoked.len(), 1);
        forgetful.revoked.clear();
        let wanted = Wanted {
            root: Some(&forgetful),
            ..Wanted::new(Kind::RootList, ROOT)
        };
        let forgets = day.whole("forgets", wanted).await;
        let refused = house.service.import_ceremony(&forgets, day.genesis).await.unwrap_err();
        assert!(matches!(refused, ImportError::Forgets(_)), "{refused}");
        assert_eq!(house.audited("ceremony.imported").await, 5);
    });
}

#[test]
fn nothing_is_opened_without_enough_good_approvals_of_exactly_this_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut day = Day::new(dir.path());
    let draft = |day: &Day, name: &str| day.draft(name, Wanted::new(Kind::Root, ROOT), |text| text);
    let refused = |day: &Day, folder: &Folder| day.approved(folder).unwrap_err();

    let folder = draft(&day, "a");
    day.approve(&folder, &[]);
    assert_eq!(refused(&day, &folder), ApprovalError::TooFew { given: 0, needed: 2 });
    day.approve(&folder, &["op-1"]);
    assert_eq!(refused(&day, &folder), ApprovalError::TooFew { given: 1, needed: 2 });
    day.approve(&folder, &["op-1", "op-1"]);
    assert_eq!(refused(&day, &folder), ApprovalError::Twice("op-1".to_owned()));
    day.approve(&folder, &["op-1", "ad-1"]);
    let administrator = refused(&day, &folder);
    assert!(
        matches!(administrator, ApprovalError::Officer(OfficerError::Role { .. })),
        "{administrator}"
    );
    // An approval under another's name.
    day.approve(&folder, &["op-1", "op-2"]);
    let mut borrowed = folder.approvals().unwrap();
    borrowed[1].officer = "op-3".to_owned();
    folder.write_approvals(&borrowed).unwrap();
    assert!(matches!(
        refused(&day, &folder),
        ApprovalError::Officer(OfficerError::Gesture { .. })
    ));
    // A comment is changed after the approval.
    day.approve(&folder, &["op-1", "op-2"]);
    day.approved(&folder).unwrap();
    let text = String::from_utf8(folder.read(Folder::CEREMONY).unwrap()).unwrap();
    let changed = text.replace(
        "# Makes this ceremony one of its kind",
        "# Makes this ceremony one of a kind",
    );
    assert_ne!(text, changed);
    folder.write(Folder::CEREMONY, changed.as_bytes()).unwrap();
    assert!(matches!(
        refused(&day, &folder),
        ApprovalError::Officer(OfficerError::Gesture { .. })
    ));
    folder.write(Folder::CEREMONY, text.as_bytes()).unwrap();
    day.approved(&folder).unwrap();
    // Too early, too late.
    day.clock.set(signum_core::Timestamp::from_seconds(NOON - 3601));
    assert!(matches!(refused(&day, &folder), ApprovalError::TooEarly(_)));
    day.clock.set(signum_core::Timestamp::from_seconds(NOON + 3600));
    assert!(matches!(refused(&day, &folder), ApprovalError::TooLate(_)));
    day.clock.set(signum_core::Timestamp::from_seconds(NOON));
    // Another executable.
    let other = day.draft("b", Wanted::new(Kind::Root, ROOT), |text| {
        text.replace(&hex::encode(day::binary()), &"c2".repeat(32))
    });
    day.approve(&other, &["op-1", "op-2"]);
    assert!(matches!(refused(&day, &other), ApprovalError::Binary { .. }));
    // Another genesis hash than the published one, and lists that do not begin with it.
    let published = day.genesis;
    day.genesis = ListHash([9; 32]);
    assert!(matches!(refused(&day, &folder), ApprovalError::Genesis { .. }));
    let pretends = draft(&day, "c");
    day.approve(&pretends, &["op-1", "op-2"]);
    let chain = refused(&day, &pretends);
    assert!(
        matches!(chain, ApprovalError::Lists(ChainError::NotGenesis { .. })),
        "{chain}"
    );
    day.genesis = published;
    // The list changed since: the old file names the old list, a new one knows the removed officer no more.
    day.remove("op-2");
    let lists = serde_json::to_vec(&day.lists).unwrap();
    folder.write(Folder::OFFICERS, &lists).unwrap();
    assert!(matches!(refused(&day, &folder), ApprovalError::List { .. }));
    let folder = draft(&day, "d");
    day.approve(&folder, &["op-1", "op-2"]);
    let removed = refused(&day, &folder);
    assert_eq!(
        removed,
        ApprovalError::Officer(OfficerError::Unknown("op-2".to_owned()))
    );
    day.approve(&folder, &["op-1", "op-3"]);
    day.approved(&folder).unwrap();
}

#[test]
fn a_ceremony_is_held_once() {
    in_own_process(|dir| async move {
        let mut day = Day::new(&dir);
        let folder = day.whole("root", Wanted::new(Kind::Root, ROOT)).await;
        assert!(matches!(day.hold(&folder, ROOT).await, Err(CeremonyFault::Held)));
        // The same file and approvals in another folder.
        let copy = Folder::new(&dir.join("copy"));
        for file in [Folder::CEREMONY, Folder::APPROVALS, Folder::OFFICERS] {
            copy.write(file, &folder.read(file).unwrap()).unwrap();
        }
        day.clock.advance(Duration::from_secs(1));
        let opened = AtomicBool::new(false);
        let refused = day
            .hold_heard(&copy, ROOT, &|entry| {
                opened.fetch_or(matches!(entry.deed, Deed::Token { .. }), Ordering::SeqCst);
            })
            .await;
        assert!(matches!(refused, Err(CeremonyFault::Spent)), "{refused:?}");
        assert!(!opened.load(Ordering::SeqCst), "the token stayed closed");
        // Another ceremony for the same key: what lies in the token is not made again.
        let twice = day.draft("twice", Wanted::new(Kind::Root, ROOT), |text| text);
        day.approve(&twice, &["op-1", "op-2"]);
        let refused = day.hold(&twice, ROOT).await;
        assert!(
            matches!(&refused, Err(CeremonyFault::KeyThere(label)) if label == "root-g1"),
            "{refused:?}"
        );
    });
}

#[test]
fn another_token_than_the_named_one_is_not_used() {
    in_own_process(|dir| async move {
        let mut day = Day::new(&dir);
        let pinned = day.draft("pinned", Wanted::new(Kind::Root, ROOT), |text| {
            text.replace(
                "  label: \"signum-root\"\n",
                "  label: \"signum-root\"\n  serial: \"0123\"\n",
            )
        });
        day.approve(&pinned, &["op-1", "op-2"]);
        let refused = day.hold(&pinned, ROOT).await;
        assert!(
            matches!(refused, Err(CeremonyFault::AnotherToken { .. })),
            "{refused:?}"
        );
    });
}

#[test]
fn what_the_linter_refuses_is_never_signed() {
    in_own_process(|dir| async move {
        let mut day = Day::new(&dir);
        // A root of a year certifies nobody for ten.
        let root = day.draft("root", Wanted::new(Kind::Root, ROOT), |text| {
            text.replace("  days: 7305\n", "  days: 365\n")
        });
        day.approve(&root, &["op-1", "op-2"]);
        day.hold(&root, ROOT).await.unwrap();
        let issuing = day.whole("issuing", Wanted::new(Kind::Issuing, "signum-ca")).await;
        let (state, requests) = (root_state(&root), requests(&issuing));
        let wanted = Wanted {
            root: Some(&state),
            requests: &requests,
            ..Wanted::new(Kind::Sign, ROOT)
        };
        let folder = day.draft("sign", wanted, |text| text);
        day.approve(&folder, &["op-1", "op-2"]);
        let refused = day.hold(&folder, ROOT).await;
        assert!(
            matches!(&refused, Err(CeremonyFault::Lint(rules)) if rules.contains("outlives")),
            "{refused:?}"
        );
        let text = folder.read(Folder::TRANSCRIPT).unwrap();
        let (told, _) = Transcript::read(&text, &plan(&folder).hash, false).unwrap();
        assert!(!told.deeds().any(|deed| matches!(deed, Deed::CertificateSigned { .. })));
        assert!(!folder.exists("out/auth.der"));
    });
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
fn a_transcript_changed_in_one_octet_of_any_line_is_found_out() {
    in_own_process(|dir| async move {
        let mut day = Day::new(&dir);
        let folder = day.whole("root", Wanted::new(Kind::Root, ROOT)).await;
        assert_eq!(problems(&folder, day.genesis), Vec::<String>::new());
        let good = folder.read(Folder::TRANSCRIPT).unwrap();
        let mut begin = 0;
        for line in good.split_inclusive(|octet| *octet == b'\n') {
            for place in [begin, begin + line.len() / 2, begin + line.len() - 1] {
                let mut changed = good.clone();
                changed[place] ^= 1;
                folder.write(Folder::TRANSCRIPT, &changed).unwrap();
                assert!(!problems(&folder, day.genesis).is_empty(), "octet {place}");
            }
            begin += line.len();
        }
        // The end cut off.
        let cut = good.len() - good.split_inclusive(|octet| *octet == b'\n').next_back().unwrap().len();
        folder.write(Folder::TRANSCRIPT, &good[..cut]).unwrap();
        assert!(!problems(&folder, day.genesis).is_empty());
        folder.write(Folder::TRANSCRIPT, &good).unwrap();
        // Everything that lies beside it.
        for file in [
            Folder::CEREMONY,
            Folder::APPROVALS,
            Folder::OFFICERS,
            Folder::AUDITOR,
            Folder::COUNTERSIGNATURE,
            "out/root.der",
            "out/root.crl",
            "out/transcript.sq.txt",
            "out/transcript.en.html",
        ] {
            let good = folder.read(file).unwrap();
            let mut changed = good.clone();
            let place = good.len() - 12;
            changed[place] ^= 1;
            folder.write(file, &changed).unwrap();
            assert!(!problems(&folder, day.genesis).is_empty(), "{file}");
            folder.write(file, &good).unwrap();
        }
        assert_eq!(problems(&folder, day.genesis), Vec::<String>::new());
        assert!(!problems(&folder, ListHash([1; 32])).is_empty());
    });
}

#[test]
fn the_auditors_signature_is_the_pinned_auditors_over_this_transcript() {
    in_own_process(|dir| async move {
        let mut day = Day::new(&dir);
        let folder = day.whole("root", Wanted::new(Kind::Root, ROOT)).await;
        let good = folder.read(Folder::COUNTERSIGNATURE).unwrap();
        std::fs::remove_file(folder.path(Folder::COUNTERSIGNATURE)).unwrap();
        assert_eq!(problems(&folder, day.genesis), ["the auditor's signature is missing"]);
        // Somebody else's, whose certificate lies in the CMS.
        let mine = std::mem::replace(&mut day.auditor, Day::new(&dir).auditor);
        day.countersign(&folder);
        let said = ["the auditor's signature does not verify over this transcript"];
        assert_eq!(problems(&folder, day.genesis), said);
        let pretended = folder.read(Folder::AUDITOR).unwrap();
        folder.write(Folder::AUDITOR, &day.auditor.1.to_der().unwrap()).unwrap();
        assert_eq!(
            problems(&folder, day.genesis),
            ["the auditor's certificate is not the one that the ceremony file names"]
        );
        folder.write(Folder::AUDITOR, &pretended).unwrap();
        folder.write(Folder::COUNTERSIGNATURE, &good).unwrap();
        assert_eq!(problems(&folder, day.genesis), Vec::<String>::new());
        // What the command line of OpenSSL says of it.
        let pem = dir.join("auditor.pem");
        std::fs::write(&pem, mine.1.to_pem().unwrap()).unwrap();
        let openssl = Command::new("openssl")
            .args([
                "cms",
                "-verify",
                "-binary",
                "-inform",
                "DER",
                "-nointern",
                "-noverify",
                "-out",
                "/dev/null",
            ])
            .arg("-in")
            .arg(folder.path(Folder::COUNTERSIGNATURE))
            .arg("-content")
            .arg(folder.path(Folder::TRANSCRIPT))
            .arg("-certfile")
            .arg(&pem)
            .output()
            .unwrap();
        assert!(openssl.status.success(), "{}", String::from_utf8_lossy(&openssl.stderr));
    });
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

#[test]
fn two_ceremonies_of_one_file_differ_in_keys_and_signatures_alone() {
    in_own_process(|dir| async move {
        let mut day = Day::new(&dir);
        let first = day.draft("one", Wanted::new(Kind::Root, ROOT), |text| text);
        day.approve(&first, &["op-1", "op-2"]);
        let a = day.hold(&first, ROOT).await.unwrap();
        // The same token without the key, a machine that remembers nothing, the same chance.
        Token::open(day.token(ROOT)).unwrap().destroy("root-g1").unwrap();
        (day.spent, day.random) = (dir.join("spent-2"), Repeatable::new());
        let b = day.hold(&copy(&first, &dir.join("two")), ROOT).await.unwrap();
        assert_ne!(a, b);
        assert_eq!(structure(&a), structure(&b));
        assert_eq!(differences(&a, &b), []);
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

#[test]
fn a_file_with_anything_unknown_or_out_of_rule_in_it_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let day = Day::new(dir.path());
    let folder = day.draft("a", Wanted::new(Kind::Root, ROOT), |text| text);
    let good = String::from_utf8(folder.read(Folder::CEREMONY).unwrap()).unwrap();
    signum_ca::ceremony::Plan::read(good.as_bytes()).unwrap();
    for (from, to, field) in [
        ("kind: root", "kind: roots", "file"),
        ("kind: root", "kind: issuing", "root"),
        ("kind: root", "kind: root\nkind: root", "file"),
        ("form: signum-ceremony-1", "form: signum-ceremony-2", "file"),
        ("  algorithm: ec-p384", "  algorithm: ec-p256", "root.algorithm"),
        ("  days: 7305", "  days: 7306", "root.days"),
        ("  days: 7305", "  days: 0", "root.days"),
        ("  days: 7305", "  days: 7305\n  path_length: 1", "file"),
        ("  days: 180", "  days: 366", "root_list.days"),
        ("  number: 1", "  number: 0", "root_list.number"),
        ("  label: \"root-g1\"", "  label: \"root\"", "root.label"),
        ("Root CA G1", "Root CA G2", "root.common_name"),
        ("  country: \"XK\"", "  country: \"xk\"", "names.country"),
        ("  generation: 1", "  generation: 0", "names.generation"),
        (
            "http://pki.example.org\"",
            "https://pki.example.org\"",
            "names.public_url",
        ),
        (
            "organization: \"Signum Demo\"",
            "organization: \" \"",
            "names.organization",
        ),
        ("nonce: \"", "nonce: \"0", "nonce"),
        ("  revoked: []", "  revoked: &a []", "file"),
        ("title: ", "title: !!str ", "title"),
        ("from: 2026", "from: 2027", "until"),
        ("until: 2026-11-24T", "until: 2026-11-24 ", "until"),
    ] {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good, "{from}");
        match signum_ca::ceremony::Plan::read(changed.as_bytes()) {
            Ok(_) if to.contains("!!str") => {}
            Ok(_) => panic!("{to} was accepted"),
            Err(error) => assert_eq!(error.field, field, "{to}: {error}"),
        }
    }
}

#[test]
fn a_ca_gets_a_new_key_when_nothing_hangs_on_the_old_one() {
    in_own_process(|dir| async move {
        let mut day = Day::new(&dir);
        let settings = Config {
            offline_root: true,
            ..house::config()
        };
        let house = house::empty(&dir, settings.clone()).await;
        house.clock.set(signum_core::Timestamp::from_seconds(NOON));
        day.whole_hierarchy(&house).await;
        let qsig = ["qsig".to_owned()];
        let re_key = async |day: &mut Day, generation: u32| {
            let names = Config {
                generation,
                ..day::config()
            };
            let service = house::service(settings.clone(), &house.cx, &house.token);
            let state = service.root_state().await.unwrap();
            let wanted = Wanted {
                config: Some(&names),
                root: Some(&state),
                authorities: &qsig,
                ..Wanted::new(Kind::ReKey, "signum-ca")
            };
            let keys = day.whole(&format!("re-key-{generation}"), wanted).await;
            let request = [("qsig".to_owned(), keys.read("out/qsig.p10").unwrap())];
            let wanted = Wanted {
                config: Some(&names),
                root: Some(&state),
                requests: &request,
                ..Wanted::new(Kind::Sign, ROOT)
            };
            let folder = day.whole(&format!("sign-{generation}"), wanted).await;
            service.import_ceremony(&folder, day.genesis).await.map(drop)
        };
        re_key(&mut day, 2).await.unwrap();
        let service = house::service(settings.clone(), &house.cx, &house.token);
        service.ceremony().await.unwrap();
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        let issued = service.issue(asked).await.unwrap();
        let issuer = openssl::x509::X509::from_der(&issued.chain[0]).unwrap();
        let name = format!("{:?}", issuer.subject_name());
        assert!(name.contains("Qualified Signature CA G2"), "{name}");
        let refused = re_key(&mut day, 3).await.unwrap_err();
        let expected = "qsig has 1 certificates in force under its old key";
        assert!(refused.to_string().starts_with(expected), "{refused}");
    });
}
