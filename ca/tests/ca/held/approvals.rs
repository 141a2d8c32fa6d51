//! What a ceremony refuses before it opens the token, or before it signs.

use super::*;

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
