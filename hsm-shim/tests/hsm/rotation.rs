//! KEKs made, backed up, restored and followed by the next, and people's keys wrapped anew, through `signum-hsm-ceremony`.

use std::path::{Path, PathBuf};

use signum_hsm_shim::approval::{CeremonyFile, Deed};
use signum_hsm_shim::backup::{Backup, Guard, transports_detail};
use signum_hsm_shim::ceremony::{Answer, LARGEST_BATCH, Order, RewrapPlan, Rewrapping};
use signum_hsm_shim::init::{NewToken, init_token};
use signum_hsm_shim::token::{Token, TokenConfig};
use signum_hsm_shim::wrap::{Kek, KeyBinding, KeyUsage, WrappedKey};
use signum_hsm_shim::{HsmError, KeyAlgorithm, PublicKey, SignatureAlgorithm};

use crate::approvals::Board;
use crate::bench::{TOKEN, in_own_process, module, new_token, pin_file};
use crate::ceremonies::{EXECUTABLE, address, ask, environment, officers, soon};

const MAC: &str = "people-binding";
const TRANSPORT: &str = "kek-transport";
const SECOND: &str = "signum-backup";

/// A people's token, a backup token with its transport key, and officers; all by orders to the executable.
struct Room {
    people: TokenConfig,
    second: TokenConfig,
    transport: PublicKey,
    board: Board,
    officers: PathBuf,
    nonce: u8,
}

impl Room {
    fn new(directory: &Path) -> Self {
        let people = new_token(directory);
        let new = NewToken {
            module: module(),
            label: SECOND.into(),
            so_pin: pin_file(directory, "so-b.pin"),
            user_pin: pin_file(directory, "user-b.pin"),
        };
        init_token(&new).unwrap();
        let second = TokenConfig {
            module: new.module,
            token: new.label,
            pin: new.user_pin,
            sessions: 2,
        };
        let make = Order::MakeTransport {
            address: address(&second),
            label: TRANSPORT.into(),
        };
        let Ok(Answer::PublicKey(transport)) = ask(&make) else {
            panic!("no transport key");
        };
        assert_eq!(ask(&make), Err(HsmError::AlreadyExists(TRANSPORT.into())));
        let board = Board::new(directory, 3, 2);
        let officers = officers(directory, &board);
        Self {
            people,
            second,
            transport,
            board,
            officers,
            nonce: 0,
        }
    }

    fn draft(&mut self, deed: Deed, token: &str, object: &str, details: &[(&str, String)]) -> CeremonyFile {
        self.nonce += 1;
        let mut file = CeremonyFile::new(deed, token, object, soon(), [self.nonce; 32]);
        for (name, value) in details {
            file = file.detail(name, value);
        }
        file
    }

    /// Approved by `by`, as text.
    fn file(&mut self, by: &[usize], deed: Deed, token: &str, object: &str, details: &[(&str, String)]) -> String {
        let draft = self.draft(deed, token, object, details);
        self.board.approved(draft, by).to_toml().unwrap()
    }

    fn places(&self) -> Vec<(&'static str, String)> {
        vec![("transports", transports_detail(std::slice::from_ref(&self.transport)))]
    }

    fn back_up(&mut self, guard: Guard, object: &str) -> Backup {
        let places = self.places();
        let order = Order::Backup {
            address: address(&self.people),
            file: self.file(&[0, 1], Deed::BackupKek, TOKEN, object, &places),
            officers: self.officers.clone(),
            guard,
            transports: vec![self.transport.clone()],
        };
        backup(ask(&order))
    }

    fn restore(&mut self, backup: &Backup) -> Result<Answer, HsmError> {
        let about = [("check", backup.check.to_string())];
        ask(&Order::Restore {
            address: address(&self.second),
            file: self.file(&[1, 2], Deed::RestoreKek, SECOND, &backup.object, &about),
            officers: self.officers.clone(),
            backup: backup.to_toml().unwrap(),
            transport: TRANSPORT.into(),
        })
    }

    fn rotate(&self, file: String, transports: &[PublicKey]) -> Result<Answer, HsmError> {
        ask(&Order::RotateKek {
            address: address(&self.people),
            file,
            officers: self.officers.clone(),
            transports: transports.to_vec(),
        })
    }

    fn rotated(&mut self, object: &str) -> Backup {
        let places = self.places();
        let file = self.file(&[0, 2], Deed::RotateKek, TOKEN, object, &places);
        backup(self.rotate(file, std::slice::from_ref(&self.transport)))
    }

    fn plan(old: &Backup, new: &Backup) -> RewrapPlan {
        RewrapPlan {
            backup: old.to_toml().unwrap(),
            transport: TRANSPORT.into(),
            to: new.object.clone(),
            to_check: new.check,
            binding_mac: MAC.into(),
        }
    }

    fn begin(&self, file: String, plan: RewrapPlan) -> Result<Rewrapping, HsmError> {
        let order = Order::Rewrap {
            address: address(&self.second),
            file,
            officers: self.officers.clone(),
            plan: Box::new(plan),
        };
        Rewrapping::begin(Path::new(EXECUTABLE), &environment(), &order)
    }
}

fn backup(answer: Result<Answer, HsmError>) -> Backup {
    match answer {
        Ok(Answer::Backup(backup)) => Backup::parse(&backup.to_toml().unwrap()).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn row(token: &Token, kek: &Kek, n: u8) -> WrappedKey {
    let owner = KeyBinding {
        key: [n; 16],
        person: [n; 32],
        algorithm: KeyAlgorithm::EcP256,
        usage: KeyUsage::Sign,
        epoch: kek.epoch,
    };
    let new = token
        .create_wrapped(kek, MAC, &owner, |spki| Ok(spki.to_vec()))
        .unwrap();
    WrappedKey {
        owner,
        spki: new.spki,
        blob: new.blob,
        binding: new.binding,
    }
}

fn sign(token: &Token, kek: &Kek, key: &WrappedKey) -> Result<(), HsmError> {
    token
        .sign_wrapped(kek, MAC, key, SignatureAlgorithm::EcdsaSha256, &[vec![7; 32]])
        .map(drop)
}

fn refused<T>(answer: Result<T, HsmError>) {
    match answer {
        Err(HsmError::NeedsApproval(_)) => {}
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("not refused"),
    }
}

#[test]
fn guards_are_backed_up_and_restored_by_orders_that_officers_approved() {
    in_own_process(|directory| {
        let mut room = Room::new(directory);
        let places = room.places();
        let unapproved = Order::Backup {
            address: address(&room.people),
            file: room.file(&[0], Deed::BackupKek, TOKEN, "kek.1", &places),
            officers: room.officers.clone(),
            guard: Guard::Kek,
            transports: vec![room.transport.clone()],
        };
        refused(ask(&unapproved));
        let (kek, mac) = (room.back_up(Guard::Kek, "kek.1"), room.back_up(Guard::Mac, MAC));
        for backup in [&kek, &mac] {
            assert_eq!(room.restore(backup), Ok(Answer::Done));
        }
        // What the one token wrapped, the other signs with.
        let (people, second) = (room.people.clone(), room.second.clone());
        let key = {
            let people = Token::open(people).unwrap();
            row(&people, &people.pinned_kek("kek", 1, &kek.check).unwrap(), 1)
        };
        let second = Token::open(second).unwrap();
        sign(&second, &second.pinned_kek("kek", 1, &kek.check).unwrap(), &key).unwrap();
    });
}

#[test]
fn a_kek_is_followed_by_the_next_one_only_by_an_approved_ceremony() {
    in_own_process(|directory| {
        let mut room = Room::new(directory);
        let none = room.file(&[0, 1], Deed::RotateKek, TOKEN, "kek.1", &[]);
        assert!(matches!(room.rotate(none, &[]), Err(HsmError::KeyNotFound(_))));
        Token::open(room.people.clone()).unwrap().ensure_kek("kek", 1).unwrap();

        let one = room.file(&[0], Deed::RotateKek, TOKEN, "kek.2", &[]);
        refused(room.rotate(one, &[]));
        let other = room.file(&[0, 1], Deed::BackupKek, TOKEN, "kek.2", &[]);
        refused(room.rotate(other, &[]));
        for (object, wrong) in [("kek.1", true), ("kek.3", false), ("kek.02", false)] {
            let file = room.file(&[0, 1], Deed::RotateKek, TOKEN, object, &[]);
            let answer = room.rotate(file, &[]);
            let exists = matches!(answer, Err(HsmError::AlreadyExists(_)));
            assert!(exists == wrong && answer.is_err(), "{object}: {answer:?}");
        }
        // The officers approved no journey.
        let still = room.file(&[0, 1], Deed::RotateKek, TOKEN, "kek.2", &[]);
        refused(room.rotate(still.clone(), std::slice::from_ref(&room.transport)));
        let made = backup(room.rotate(still.clone(), &[]));
        assert_eq!((made.object.as_str(), made.copies.len()), ("kek.2", 0));
        assert!(matches!(room.rotate(still, &[]), Err(HsmError::AlreadyExists(_))));
        // And one with a backup.
        let places = room.places();
        let file = room.file(&[0, 1], Deed::RotateKek, TOKEN, "kek.3", &places);
        refused(room.rotate(file.clone(), &[]));
        let travelled = backup(room.rotate(file, std::slice::from_ref(&room.transport)));
        assert_eq!(travelled.copies.len(), 1);
        assert_eq!(room.restore(&travelled), Ok(Answer::Done));

        let people = Token::open(room.people.clone()).unwrap();
        assert_eq!(people.kek_epochs("kek"), Ok(vec![1, 2, 3]));
        assert!(people.attest("kek.2").unwrap().never_left());
        people.find_kek("kek", 2).unwrap();
        people.pinned_kek("kek", 2, &made.check).unwrap();
        people.pinned_kek("kek", 3, &travelled.check).unwrap();
        let second = Token::open(room.second.clone()).unwrap();
        second.pinned_kek("kek", 3, &travelled.check).unwrap();
    });
}

#[test]
fn people_keys_are_wrapped_anew_in_batches_and_bad_rows_stay_behind() {
    in_own_process(|directory| {
        let mut room = Room::new(directory);
        let (old, mac) = (room.back_up(Guard::Kek, "kek.1"), room.back_up(Guard::Mac, MAC));
        let new = room.rotated("kek.2");
        for backup in [&new, &mac] {
            assert_eq!(room.restore(backup), Ok(Answer::Done));
        }
        let people = Token::open(room.people.clone()).unwrap();
        let from = people.pinned_kek("kek", 1, &old.check).unwrap();
        let to = people.pinned_kek("kek", 2, &new.check).unwrap();
        people.pinned_mac_key(MAC, &mac.check).unwrap();
        let rows: Vec<_> = (1..=5).map(|n| row(&people, &from, n)).collect();

        let plan = Room::plan(&old, &new);
        let details = plan.details().unwrap();
        let one = room.file(&[2], Deed::Rewrap, SECOND, "kek.1", &details);
        refused(room.begin(one, plan.clone()));
        let file = room.file(&[1, 2], Deed::Rewrap, SECOND, "kek.1", &details);
        let mut ceremony = room.begin(file.clone(), plan.clone()).unwrap();
        let mut batch = rows[..3].to_vec();
        batch[1].owner.person = [9; 32];
        let answers = ceremony.batch(&batch).unwrap();
        assert!(matches!(answers[1], Err(HsmError::BlobRejected(_))));
        for n in [0, 2] {
            let moved = answers[n].as_ref().unwrap();
            assert_eq!((moved.owner.epoch, &moved.spki), (2, &rows[n].spki));
            sign(&people, &to, moved).unwrap();
        }
        // A row that was moved is not moved again, and the next batch goes on.
        let again = ceremony.batch(&[answers[0].clone().unwrap(), rows[3].clone()]).unwrap();
        assert!(again[0].is_err());
        sign(&people, &to, again[1].as_ref().unwrap()).unwrap();
        let many = vec![rows[4].clone(); LARGEST_BATCH + 1];
        assert!(matches!(ceremony.batch(&many), Err(HsmError::Misconfigured(_))));
        ceremony.end().unwrap();
        // Once; what is left takes another ceremony.
        refused(room.begin(file, plan.clone()));
        let file = room.file(&[0, 1], Deed::Rewrap, SECOND, "kek.1", &details);
        let mut ceremony = room.begin(file, plan).unwrap();
        sign(&people, &to, ceremony.batch(&rows[4..]).unwrap()[0].as_ref().unwrap()).unwrap();
        ceremony.end().unwrap();
        // The old KEK was of the ceremonies only.
        let second = Token::open(room.second.clone()).unwrap();
        assert_eq!(second.kek_epochs("kek"), Ok(vec![2]));
    });
}

#[test]
fn a_rewrapping_that_differs_from_what_was_approved_does_not_begin() {
    in_own_process(|directory| {
        let mut room = Room::new(directory);
        let (old, mac) = (room.back_up(Guard::Kek, "kek.1"), room.back_up(Guard::Mac, MAC));
        let new = room.rotated("kek.2");
        for backup in [&new, &mac] {
            assert_eq!(room.restore(backup), Ok(Answer::Done));
        }
        let plan = Room::plan(&old, &new);
        let details = plan.details().unwrap();
        let file = room.file(&[0, 1], Deed::Rewrap, SECOND, "kek.1", &details);
        let with = |change: &dyn Fn(&mut RewrapPlan)| {
            let mut plan = plan.clone();
            change(&mut plan);
            room.begin(file.clone(), plan).err()
        };
        let wrong_check = with(&|plan| plan.to_check = old.check);
        assert!(
            matches!(wrong_check, Some(HsmError::PublicKeyMismatch(_))),
            "{wrong_check:?}"
        );
        let backwards = with(&|plan| plan.to = "kek.1".into());
        assert!(matches!(backwards, Some(HsmError::PolicyDenied(_))), "{backwards:?}");
        let foreign = with(&|plan| plan.binding_mac = "another".into());
        assert!(matches!(foreign, Some(HsmError::KeyNotFound(_))), "{foreign:?}");
        let another = with(&|plan| {
            let mut backup = old.clone();
            backup.check = new.check;
            plan.backup = backup.to_toml().unwrap();
        });
        assert!(matches!(another, Some(HsmError::NeedsApproval(_))), "{another:?}");
        // None of these cost the approvals.
        room.begin(file.clone(), plan.clone()).unwrap().end().unwrap();
    });
}
