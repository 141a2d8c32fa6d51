//! The rehearsal: keys wrapped in token A sign in token B after its guards were restored there, and nothing else comes out.

use std::path::Path;

use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use cryptoki::session::Session;
use signum_hsm_shim::approval::{Approved, Ceremony, CeremonyFile, Deed};
use signum_hsm_shim::backup::{Backup, Guard, Oaep, transports_detail};
use signum_hsm_shim::init::{NewToken, init_token};
use signum_hsm_shim::token::{Token, TokenConfig};
use signum_hsm_shim::wrap::{Kek, KeyBinding, KeyUsage, WrappedKey};
use signum_hsm_shim::{HsmError, KeyAlgorithm, PublicKey, SignatureAlgorithm};

use crate::approvals::{Board, NOW};
use crate::bench::{in_own_process, module, open_token, pin_file};

const MAC: &str = "people-binding";
const TRANSPORT: &str = "kek-transport";
const SECOND: &str = "signum-backup";

/// Tokens A and B, B's transport key, and officers who approve.
struct Rehearsal {
    a: Token,
    b: Token,
    transport: PublicKey,
    board: Board,
    nonce: u8,
}

impl Rehearsal {
    fn new(directory: &Path) -> Self {
        let a = open_token(directory);
        let new = NewToken {
            module: module(),
            label: SECOND.into(),
            so_pin: pin_file(directory, "so-b.pin"),
            user_pin: pin_file(directory, "user-b.pin"),
        };
        init_token(&new).unwrap();
        let b = Token::open(TokenConfig {
            module: new.module,
            token: new.label,
            pin: new.user_pin,
            sessions: 2,
        })
        .unwrap();
        let transport = b.make_transport_key(TRANSPORT).unwrap();
        let board = Board::new(directory, 2, 2);
        Self {
            a,
            b,
            transport,
            board,
            nonce: 0,
        }
    }

    fn approved(&mut self, deed: Deed, token: &str, object: &str, name: &str, value: &str) -> Approved {
        self.nonce += 1;
        let file = CeremonyFile::new(deed, token, object, NOW + 60, [self.nonce; 32]).detail(name, value);
        let file = self.board.approved(file, &[0, 1]);
        self.board.quorum.approve(&file, &file.ceremony, NOW).unwrap()
    }

    fn back_up(&mut self, guard: Guard, object: &str) -> Backup {
        let places = transports_detail(std::slice::from_ref(&self.transport));
        let approved = self.approved(
            Deed::BackupKek,
            self.a.label().to_owned().as_str(),
            object,
            "transports",
            &places,
        );
        self.a
            .generate_backed_up(approved, guard, object, std::slice::from_ref(&self.transport))
            .unwrap()
    }

    fn restore(&mut self, backup: &Backup) -> Result<(), HsmError> {
        let check = backup.check.to_string();
        let approved = self.approved(Deed::RestoreKek, SECOND, &backup.object, "check", &check);
        self.b.restore(approved, backup, TRANSPORT)
    }
}

fn row(token: &Token, kek: &Kek) -> WrappedKey {
    let owner = KeyBinding {
        key: [1; 16],
        person: [2; 32],
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

fn session_of(label: &str) -> Session {
    let context = cryptoki::context::Pkcs11::new(module()).unwrap();
    let slots = context.get_slots_with_initialized_token().unwrap();
    let is = |slot: &&cryptoki::slot::Slot| context.get_token_info(**slot).unwrap().label().trim_end() == label;
    context.open_rw_session(*slots.iter().find(is).unwrap()).unwrap()
}

fn only(session: &Session, class: ObjectClass, label: &str) -> cryptoki::object::ObjectHandle {
    let found = session
        .find_objects(&[Attribute::Class(class), Attribute::Label(label.into())])
        .unwrap();
    assert_eq!(found.len(), 1, "{label}");
    found[0]
}

#[test]
fn a_key_wrapped_in_one_token_signs_in_the_other_after_restore() {
    in_own_process(|directory| {
        let mut both = Rehearsal::new(directory);
        let (kek_backup, mac_backup) = (both.back_up(Guard::Kek, "kek.1"), both.back_up(Guard::Mac, MAC));
        let kek = both.a.pinned_kek("kek", 1, &kek_backup.check).unwrap();
        let key = row(&both.a, &kek);
        sign(&both.a, &kek, &key).unwrap();
        // Before: B has nothing to open it with.
        assert!(both.b.pinned_kek("kek", 1, &kek_backup.check).is_err());
        for backup in [&kek_backup, &mac_backup] {
            // Through the file's text.
            let backup = Backup::parse(&backup.to_toml().unwrap()).unwrap();
            both.restore(&backup).unwrap();
            assert_eq!(
                both.restore(&backup),
                Err(HsmError::AlreadyExists(backup.object.clone()))
            );
        }
        let second = both.b.pinned_kek("kek", 1, &kek_backup.check).unwrap();
        both.b.pinned_mac_key(MAC, &mac_backup.check).unwrap();
        sign(&both.b, &second, &key).unwrap();
        // And back: what B makes, A opens.
        let key = row(&both.b, &second);
        sign(&both.a, &kek, &key).unwrap();
    });
}

#[test]
fn neither_the_kek_nor_a_restored_one_can_be_read_or_leave() {
    in_own_process(|directory| {
        let mut both = Rehearsal::new(directory);
        let backup = both.back_up(Guard::Kek, "kek.1");
        both.restore(&backup).unwrap();
        for (token, label) in [(&both.a, both.a.label()), (&both.b, SECOND)] {
            let session = session_of(label);
            let kek = only(&session, ObjectClass::SECRET_KEY, "kek.1");
            assert!(session.get_attributes(kek, &[AttributeType::Value]).unwrap().is_empty());
            for change in [
                Attribute::Extractable(true),
                Attribute::Sensitive(false),
                Attribute::Decrypt(true),
            ] {
                assert!(session.update_attributes(kek, std::slice::from_ref(&change)).is_err());
                assert!(session.copy_object(kek, &[change]).is_err());
            }
            assert!(session.wrap_key(&Mechanism::AesKeyWrap, kek, kek).is_err());
            let report = token.attest("kek.1").unwrap();
            assert!(report.sensitive && !report.extractable && !report.never_left());
            assert_eq!(report.rights, ["wrap", "unwrap"]);
            // Not taken for one that never left.
            assert!(matches!(token.ensure_kek("kek", 1), Err(HsmError::Misconfigured(_))));
        }
        // No session object of the ceremony is left.
        let left = session_of(both.a.label())
            .find_objects(&[Attribute::Token(false)])
            .unwrap();
        assert_eq!(left, []);
    });
}

#[test]
fn the_backup_tokens_pin_does_not_make_a_backup_readable() {
    in_own_process(|directory| {
        let mut both = Rehearsal::new(directory);
        let backup = both.back_up(Guard::Kek, "kek.1");
        let session = session_of(SECOND);
        let private = only(&session, ObjectClass::PRIVATE_KEY, TRANSPORT);
        let wrapped = hex::decode(&backup.copies[0].wrapped).unwrap();
        let (hash, mgf) = match backup.copies[0].oaep {
            Oaep::Sha256 => (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256),
            Oaep::Sha1 => (MechanismType::SHA1, PkcsMgfType::MGF1_SHA1),
        };
        let oaep = PkcsOaepParams::new(hash, mgf, PkcsOaepSource::empty());
        let oaep = Mechanism::RsaPkcsOaep(oaep);
        let unwrap = |sensitive, extractable| {
            let attributes = [
                Attribute::Class(ObjectClass::SECRET_KEY),
                Attribute::KeyType(KeyType::AES),
                Attribute::Token(false),
                Attribute::Sensitive(sensitive),
                Attribute::Extractable(extractable),
            ];
            session.unwrap_key(&oaep, private, &wrapped, &attributes)
        };
        for (sensitive, extractable) in [(false, true), (false, false), (true, true)] {
            assert!(unwrap(sensitive, extractable).is_err());
        }
        let locked = unwrap(true, false).unwrap();
        assert!(
            session
                .get_attributes(locked, &[AttributeType::Value])
                .unwrap()
                .is_empty()
        );
        assert!(session.decrypt(&oaep, private, &wrapped).is_err());
    });
}

#[test]
fn a_backup_that_is_not_what_the_officers_approved_is_refused() {
    in_own_process(|directory| {
        let mut both = Rehearsal::new(directory);
        let (first, second) = (both.back_up(Guard::Kek, "kek.1"), both.back_up(Guard::Kek, "kek.2"));
        // The right name and check value over another key.
        let swapped = Backup {
            copies: second.copies.clone(),
            ..first.clone()
        };
        assert!(matches!(both.restore(&swapped), Err(HsmError::BlobRejected(_))));
        assert_eq!(both.b.find_kek("kek", 1), Err(HsmError::KeyNotFound("kek.1".into())));
        // Another check value than the ceremony's.
        let check = second.check.to_string();
        let approved = both.approved(Deed::RestoreKek, SECOND, "kek.1", "check", &check);
        assert!(matches!(
            both.b.restore(approved, &first, TRANSPORT),
            Err(HsmError::NeedsApproval(_))
        ));
        // Another deed.
        let check = first.check.to_string();
        let approved = both.approved(Deed::Rewrap, SECOND, "kek.1", "check", &check);
        assert!(matches!(
            both.b.restore(approved, &first, TRANSPORT),
            Err(HsmError::NeedsApproval(_))
        ));
        // A copy for a stranger's transport key.
        let mut elsewhere = first.clone();
        elsewhere.copies[0].transport = "00".repeat(32);
        assert!(matches!(both.restore(&elsewhere), Err(HsmError::BlobRejected(_))));
        // Another place to travel to than the officers saw.
        let approved = both.approved(Deed::BackupKek, "signum-test", "kek.3", "transports", "00");
        let refused = both
            .a
            .generate_backed_up(approved, Guard::Kek, "kek.3", std::slice::from_ref(&both.transport));
        assert!(matches!(refused, Err(HsmError::NeedsApproval(_))));
        both.restore(&first).unwrap();
    });
}

#[test]
fn old_keys_are_wrapped_anew_in_a_ceremony_with_the_backup_and_only_there() {
    in_own_process(|directory| {
        let mut both = Rehearsal::new(directory);
        let backups = [
            both.back_up(Guard::Kek, "kek.1"),
            both.back_up(Guard::Kek, "kek.2"),
            both.back_up(Guard::Mac, MAC),
        ];
        let old = both.a.pinned_kek("kek", 1, &backups[0].check).unwrap();
        let new = both.a.pinned_kek("kek", 2, &backups[1].check).unwrap();
        let key = row(&both.a, &old);
        assert!(matches!(
            both.a.rewrap(&old, &new, MAC, &key),
            Err(HsmError::PolicyDenied(_))
        ));
        // In the backup token: the new KEK and the binding key stay there, the old KEK comes for this ceremony only.
        both.restore(&backups[1]).unwrap();
        both.restore(&backups[2]).unwrap();
        let check = backups[0].check.to_string();
        let approved = both.approved(Deed::Rewrap, SECOND, "kek.1", "check", &check);
        let from = both.b.load_for_rewrapping(&approved, &backups[0], TRANSPORT).unwrap();
        let to = both.b.pinned_kek("kek", 2, &backups[1].check).unwrap();
        let moved = both.b.rewrap(&from, &to, MAC, &key).unwrap();
        assert_eq!((moved.owner.epoch, &moved.spki), (2, &key.spki));
        sign(&both.a, &new, &moved).unwrap();
        // The old row still opens with the old KEK, the new one does not; nobody's row is rewrapped for another.
        sign(&both.a, &old, &key).unwrap();
        assert!(matches!(sign(&both.a, &old, &moved), Err(HsmError::BlobRejected(_))));
        let mut foreign = key.clone();
        foreign.owner.person = [9; 32];
        assert!(matches!(
            both.b.rewrap(&from, &to, MAC, &foreign),
            Err(HsmError::BlobRejected(_))
        ));
        assert!(matches!(
            both.b.rewrap(&from, &from, MAC, &key),
            Err(HsmError::PolicyDenied(_))
        ));
        assert_eq!(both.b.kek_epochs("kek"), Ok(vec![2]));
    });
}

#[test]
fn an_unapproved_backup_cannot_even_be_written_down() {
    // `Approved` has no public maker but `Quorum::approve`; a ceremony for one key opens no other.
    in_own_process(|directory| {
        let mut both = Rehearsal::new(directory);
        let places = transports_detail(std::slice::from_ref(&both.transport));
        let approved = both.approved(Deed::BackupKek, "signum-test", "kek.1", "transports", &places);
        let refused = both
            .a
            .generate_backed_up(approved, Guard::Kek, "kek.2", std::slice::from_ref(&both.transport));
        assert!(matches!(refused, Err(HsmError::NeedsApproval(_))));
        assert_eq!(both.a.kek_epochs("kek"), Ok(vec![]));
        assert_eq!(Ceremony::asked(Deed::BackupKek, "a", "b").expires, 0);
    });
}
