//! Two-person control: what a ceremony file opens, and everything it does not.

use std::path::Path;

use signum_gesture::options::{User, creation_options, request_options};
use signum_gesture::{Assertion, Officer, Registration, RelyingParty, registration};
use signum_hsm_shim::HsmError;
use signum_hsm_shim::approval::{Approval, ApprovalError, Ceremony, CeremonyFile, Deed, Quorum};
use signum_softauth::SoftAuthenticator;

const ORIGIN: &str = "https://officers.example.org";
pub const NOW: i64 = 1_800_000_000;

fn rp() -> RelyingParty {
    RelyingParty {
        id: "officers.example.org".into(),
        origin: ORIGIN.into(),
    }
}

/// Officers `o0`, `o1` ... with a device each; `needed` of them approve.
pub struct Board {
    pub devices: Vec<SoftAuthenticator>,
    pub quorum: Quorum,
}

impl Board {
    pub fn new(directory: &Path, officers: usize, needed: usize) -> Self {
        let mut devices: Vec<_> = (0..officers).map(|_| SoftAuthenticator::new()).collect();
        let pinned = devices.iter_mut().enumerate().map(|(n, device)| {
            let user = User {
                handle: b"handle",
                name: "officer",
                display_name: "Officer",
            };
            let options = creation_options(b"registration", &rp(), "Signum", user, &[]);
            let answer = Registration::from_json(&device.create(&options, ORIGIN).unwrap()).unwrap();
            Officer {
                id: format!("o{n}"),
                name: None,
                relying_party: rp(),
                authenticator: registration::verify(&answer, &rp(), b"registration").unwrap(),
            }
        });
        let quorum = Quorum {
            needed,
            journal: directory.join("ceremonies"),
            officers: pinned.collect(),
        };
        Self { devices, quorum }
    }

    /// A gesture of officer `n` over a ceremony as it stands.
    pub fn gesture(&mut self, n: usize, ceremony: &Ceremony) -> Approval {
        let options = request_options(&ceremony.challenge(), &rp(), &[]);
        let answer = self.devices[n].get(&options, ORIGIN).unwrap();
        Approval::new(&format!("o{n}"), &Assertion::from_json(&answer).unwrap())
    }

    pub fn approved(&mut self, mut file: CeremonyFile, officers: &[usize]) -> CeremonyFile {
        for n in officers {
            let approval = self.gesture(*n, &file.ceremony);
            file.approvals.push(approval);
        }
        file
    }
}

fn destroy(nonce: u8) -> CeremonyFile {
    CeremonyFile::new(Deed::Destroy, "signum-ca", "old-root", NOW + 3600, [nonce; 32])
}

fn asked() -> Ceremony {
    Ceremony::asked(Deed::Destroy, "signum-ca", "old-root")
}

#[test]
fn enough_different_officers_open_a_ceremony_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut board = Board::new(directory.path(), 3, 2);
    let file = board.approved(destroy(1), &[0, 2]);
    // Through the file's text, as it travels between officers.
    let file = CeremonyFile::parse(&file.to_toml().unwrap()).unwrap();
    let approved = board.quorum.approve(&file, &asked(), NOW).unwrap();
    assert_eq!(approved.officers(), ["o0", "o2"]);
    assert_eq!(approved.ceremony(), &file.ceremony);
    assert_eq!(
        board.quorum.approve(&file, &asked(), NOW).err(),
        Some(ApprovalError::Spent)
    );
    // More than needed is as good, and another nonce is another ceremony.
    let again = board.approved(destroy(2), &[0, 1, 2]);
    board.quorum.approve(&again, &asked(), NOW).unwrap();
}

#[test]
fn a_ceremony_without_enough_good_approvals_is_refused_and_not_spent() {
    let directory = tempfile::tempdir().unwrap();
    let mut board = Board::new(directory.path(), 3, 2);
    let refused = |board: &Board, file: &CeremonyFile| board.quorum.approve(file, &asked(), NOW).unwrap_err();

    let one = board.approved(destroy(1), &[0]);
    assert_eq!(refused(&board, &one), ApprovalError::TooFew { given: 1, needed: 2 });
    let none = destroy(1);
    assert_eq!(refused(&board, &none), ApprovalError::TooFew { given: 0, needed: 2 });
    let twice = board.approved(destroy(1), &[0, 0]);
    assert_eq!(refused(&board, &twice), ApprovalError::OfficerTwice("o0".into()));

    let mut borrowed = board.approved(destroy(1), &[0, 0]);
    borrowed.approvals[1].officer = "o1".into();
    assert!(matches!(refused(&board, &borrowed), ApprovalError::BadApproval { officer, .. } if officer == "o1"));

    let mut stranger = board.approved(destroy(1), &[0, 1]);
    stranger.approvals[1].officer = "mallory".into();
    assert_eq!(
        refused(&board, &stranger),
        ApprovalError::UnknownOfficer("mallory".into())
    );

    let mut forged = board.approved(destroy(1), &[0, 1]);
    forged.approvals[1].signature = forged.approvals[0].signature.clone();
    assert!(matches!(refused(&board, &forged), ApprovalError::BadApproval { .. }));

    // None of these has used the ceremony up.
    let good = board.approved(destroy(1), &[0, 1]);
    board.quorum.approve(&good, &asked(), NOW).unwrap();
}

#[test]
fn a_ceremony_altered_after_approval_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let mut board = Board::new(directory.path(), 2, 2);
    let good = board.approved(destroy(1).detail("spki", "aa"), &[0, 1]);
    type Change = dyn Fn(&mut Ceremony);
    let cases: [(&str, &Change); 7] = [
        ("operation", &|c| c.operation = Deed::Generate),
        ("token", &|c| c.token.push('x')),
        ("object", &|c| c.object = "root".into()),
        ("expires", &|c| c.expires += 1),
        ("nonce", &|c| c.nonce = hex::encode([2; 32])),
        ("detail changed", &|c| {
            drop(c.details.insert("spki".into(), "ab".into()))
        }),
        ("detail added", &|c| {
            drop(c.details.insert("more".into(), String::new()))
        }),
    ];
    for (what, change) in cases {
        let mut altered = good.clone();
        change(&mut altered.ceremony);
        // Even if the caller is about to do exactly what the altered file says.
        let refused = board.quorum.approve(&altered, &altered.ceremony, NOW);
        assert!(
            matches!(refused, Err(ApprovalError::BadApproval { .. })),
            "{what}: {refused:?}"
        );
    }
    board.quorum.approve(&good, &good.ceremony, NOW).unwrap();
}

#[test]
fn a_good_ceremony_opens_nothing_but_what_it_says() {
    let directory = tempfile::tempdir().unwrap();
    let mut board = Board::new(directory.path(), 2, 2);
    let good = board.approved(destroy(1).detail("spki", "aa"), &[0, 1]);
    let with = |change: &dyn Fn(&mut Ceremony)| {
        let mut asked = good.ceremony.clone();
        change(&mut asked);
        board.quorum.approve(&good, &asked, NOW).unwrap_err()
    };
    let another = with(&|asked| asked.operation = Deed::RestoreKek);
    let expected = ApprovalError::AnotherDeed {
        written: "destroy".into(),
        asked: "restore-kek".into(),
    };
    assert_eq!(another, expected);
    assert_eq!(
        with(&|asked| asked.token = "signum-idp".into()),
        ApprovalError::AnotherObject
    );
    assert_eq!(
        with(&|asked| asked.object = "root".into()),
        ApprovalError::AnotherObject
    );
    let detail = |asked: &mut Ceremony| drop(asked.details.insert("spki".into(), "ab".into()));
    assert_eq!(with(&detail), ApprovalError::AnotherDetail("spki".into()));
    assert_eq!(
        with(&|asked| asked.details.clear()),
        ApprovalError::AnotherDetail("spki".into())
    );
}

#[test]
fn a_ceremony_is_of_its_day() {
    let directory = tempfile::tempdir().unwrap();
    let mut board = Board::new(directory.path(), 2, 2);
    let good = board.approved(destroy(1), &[0, 1]);
    let at = |now| board.quorum.approve(&good, &asked(), now).map(drop);
    assert_eq!(at(NOW + 3600), Err(ApprovalError::Expired));
    assert_eq!(at(NOW + 3600 - 7 * 86_400 - 1), Err(ApprovalError::TooFarAhead(168)));
    assert_eq!(at(NOW + 3599), Ok(()));
}

#[test]
fn a_spent_ceremony_stays_spent_in_other_processes_and_after_a_torn_line() {
    use std::io::Write;
    let directory = tempfile::tempdir().unwrap();
    let mut board = Board::new(directory.path(), 2, 2);
    let file = board.approved(destroy(1), &[0, 1]);
    board.quorum.approve(&file, &asked(), NOW).unwrap();
    let journal = &board.quorum.journal.clone();
    let append = |text: &str| {
        std::fs::OpenOptions::new()
            .append(true)
            .open(journal)
            .unwrap()
            .write_all(text.as_bytes())
    };
    append("0a0b").unwrap();
    let other = board.quorum.clone();
    assert_eq!(other.approve(&file, &asked(), NOW).err(), Some(ApprovalError::Spent));
    let next = board.approved(destroy(2), &[0, 1]);
    other.approve(&next, &asked(), NOW).unwrap();
    assert_eq!(other.approve(&next, &asked(), NOW).err(), Some(ApprovalError::Spent));
    append("something else\n").unwrap();
    let third = board.approved(destroy(3), &[0, 1]);
    assert!(matches!(
        other.approve(&third, &asked(), NOW),
        Err(ApprovalError::Journal(_))
    ));
}

#[test]
fn a_list_of_officers_that_is_no_two_person_control_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let board = Board::new(directory.path(), 3, 2);
    let wrong = |change: &dyn Fn(&mut Quorum)| {
        let mut quorum = board.quorum.clone();
        change(&mut quorum);
        assert!(matches!(quorum.check(), Err(ApprovalError::Officers(_))), "{quorum:?}");
    };
    wrong(&|quorum| quorum.needed = 1);
    wrong(&|quorum| quorum.needed = 4);
    wrong(&|quorum| quorum.officers[1].id = "o0".into());
    wrong(&|quorum| quorum.officers[1].authenticator = quorum.officers[0].authenticator.clone());
    wrong(&|quorum| quorum.officers[1].authenticator.cose_key = quorum.officers[0].authenticator.cose_key.clone());
    wrong(&|quorum| quorum.officers[1].authenticator.cose_key.clear());
    board.quorum.check().unwrap();
}

#[test]
fn a_list_others_may_write_is_not_believed() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let board = Board::new(directory.path(), 2, 2);
    let path = directory.path().join("officers.toml");
    std::fs::write(&path, toml::to_string(&board.quorum).unwrap()).unwrap();
    let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    assert_eq!(Quorum::load(&path), Ok(board.quorum));
    for open in [0o664, 0o646] {
        mode(open);
        assert!(matches!(Quorum::load(&path), Err(ApprovalError::Officers(_))));
    }
    let error = HsmError::from(Quorum::load(&path).unwrap_err());
    assert!(matches!(error, HsmError::Misconfigured(_)));
}

#[test]
fn a_file_with_anything_unknown_in_it_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let mut board = Board::new(directory.path(), 2, 2);
    let text = board.approved(destroy(1), &[0, 1]).to_toml().unwrap();
    CeremonyFile::parse(&text).unwrap();
    for (from, to) in [
        ("operation = \"destroy\"", "operation = \"everything\""),
        ("expires", "expired"),
        ("[ceremony]", "more = 1\n[ceremony]"),
        ("token = ", "tokens = \"x\"\ntoken = "),
        ("officer = \"o0\"", "officer = \"o0\"\nrole = \"chief\""),
    ] {
        let altered = text.replacen(from, to, 1);
        assert_ne!(altered, text, "{from}");
        assert!(
            matches!(CeremonyFile::parse(&altered), Err(ApprovalError::Malformed(_))),
            "{to}"
        );
    }
}

/// Computed from the words of `approval::ceremony`, not by this code.
#[test]
fn the_challenge_is_the_hash_of_the_ceremony_under_its_domain() {
    use sha2::{Digest, Sha256};
    let ceremony = destroy(1).detail("a", "b").ceremony;
    let mut covered = b"signum-ceremony-v1".to_vec();
    let expires = (NOW + 3600).to_be_bytes();
    let nonce = hex::encode([1; 32]);
    let fields: [&[u8]; 7] = [
        b"destroy",
        b"signum-ca",
        b"old-root",
        &expires,
        nonce.as_bytes(),
        b"a",
        b"b",
    ];
    for field in fields {
        covered.extend((field.len() as u64).to_be_bytes());
        covered.extend(field);
    }
    let hash = Sha256::digest(&covered);
    assert_eq!(ceremony.hash(), <[u8; 32]>::from(hash));
    let challenge = Sha256::digest([b"signum-ceremony-approval-v1".as_slice(), &hash].concat());
    assert_eq!(ceremony.challenge(), <[u8; 32]>::from(challenge));
}
