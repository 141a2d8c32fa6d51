//! Master keys in a second token: made so that they can travel once, wrapped for the other token, then locked.
//!
//! A key that never may leave cannot be backed up, so a KEK (or binding key) that shall have a backup begins as a session
//! object of one ceremony. There it is wrapped under the RSA keys of the backup tokens, and settled in the token as one that
//! stays; the session object is destroyed. Its value is never in our memory: only modules see it (docs/decisions/0007).
//! What tells the one key in two tokens is its check value, which officers approve and configurations pin.

mod check;
mod transport;

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::approval::{Approved, Deed};
use crate::error::HsmError;
use crate::key::{KeyAlgorithm, PublicKey};
use crate::raw::KeyLife;
use crate::token::fault::Fault;
use crate::token::{Token, find, object_id, template};
use crate::wrap::{Kek, SessionObject};

pub use check::CheckValue;
pub use transport::Oaep;

/// Which of the two kinds of guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guard {
    /// An AES-256 KEK; its label ends in `.EPOCH`.
    Kek,
    /// A 256-bit HMAC key.
    Mac,
}

/// A guard's backup: worth nothing without one of the tokens it was wrapped for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    pub version: u8,
    /// Label of the token it was made in.
    pub token: String,
    pub guard: Guard,
    /// Its label, in every token.
    pub object: String,
    pub check: CheckValue,
    #[serde(rename = "copy")]
    pub copies: Vec<BackupCopy>,
}

/// The guard under one backup token's transport key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupCopy {
    /// SHA-256 of the transport key's SubjectPublicKeyInfo, in hexadecimal.
    pub transport: String,
    pub oaep: Oaep,
    /// Hexadecimal.
    pub wrapped: String,
}

/// How a ceremony names transport keys: their hashes in order, so that officers approve the places a KEK goes to.
pub fn transports_detail(transports: &[PublicKey]) -> String {
    let mut hashes: Vec<String> = transports.iter().map(transport::fingerprint).collect();
    hashes.sort();
    hashes.join(" ")
}

impl Backup {
    pub fn parse(text: &str) -> Result<Self, HsmError> {
        let backup: Self = toml::from_str(text)
            .map_err(|error| HsmError::Misconfigured(format!("backup file: {}", error.message())))?;
        match backup.version {
            1 => Ok(backup),
            _ => Err(HsmError::Misconfigured("backup file: of a later version".into())),
        }
    }

    pub fn to_toml(&self) -> Result<String, HsmError> {
        toml::to_string(self).map_err(|error| HsmError::Misconfigured(error.to_string()))
    }
}

impl Token {
    /// Makes this token's transport key pair (RSA-3072), under which backups travel to it; its public half is given out.
    pub fn make_transport_key(&self, label: &str) -> Result<PublicKey, HsmError> {
        self.pool.run(|session, _| {
            for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
                if !find::all(session, class, label)?.is_empty() {
                    return Err(HsmError::AlreadyExists(label.to_owned()).into());
                }
            }
            self.pool
                .module
                .functions()?
                .generate_transport(session, label, &object_id(label))
        })?;
        self.public_key(label)
    }

    /// Makes a guard of this token together with its backups for `transports`, in the ceremony `backup-kek` that names them.
    pub fn generate_backed_up(
        &self,
        approved: Approved,
        guard: Guard,
        object: &str,
        transports: &[PublicKey],
    ) -> Result<Backup, HsmError> {
        approved.is_for(Deed::BackupKek, &self.label, object)?;
        if transports.is_empty() || approved.detail("transports")? != transports_detail(transports) {
            return Err(HsmError::NeedsApproval(
                "the ceremony names other transport keys".into(),
            ));
        }
        let backup = self.pool.run(|session, _| {
            if !find::all(session, ObjectClass::SECRET_KEY, object)?.is_empty() {
                return Err(HsmError::AlreadyExists(object.to_owned()).into());
            }
            let departing = SessionObject::new(session, self.departing(session, guard, object)?);
            let mut copies = Vec::new();
            for public in transports {
                copies.push(transport::wrap_for(session, public, departing.handle())?);
            }
            let check = check::value(session, guard, departing.handle())?;
            let resident = self.settle(session, guard, departing.handle(), object)?;
            let stays = check::value(session, guard, resident);
            if !matches!(&stays, Ok(value) if *value == check) {
                session.destroy_object(resident)?;
                return Err(HsmError::SelfCheckFailed.into());
            }
            Ok(Backup {
                version: 1,
                token: self.label.clone(),
                guard,
                object: object.to_owned(),
                check,
                copies,
            })
        })?;
        self.pinned(guard, object, &backup.check)?;
        Ok(backup)
    }

    /// Puts a guard into this token out of its backup, in the ceremony `restore-kek` that names its check value.
    pub fn restore(&self, approved: Approved, backup: &Backup, transport: &str) -> Result<(), HsmError> {
        approved.is_for(Deed::RestoreKek, &self.label, &backup.object)?;
        self.approved_check(&approved, backup)?;
        self.pool.run(|session, _| {
            if !find::all(session, ObjectClass::SECRET_KEY, &backup.object)?.is_empty() {
                return Err(HsmError::AlreadyExists(backup.object.clone()).into());
            }
            let restored = self.out_of_backup(session, backup, transport, KeyLife::Restored, &backup.object)?;
            let is = check::value(session, backup.guard, restored);
            if matches!(&is, Ok(value) if *value == backup.check) {
                return Ok(());
            }
            session.destroy_object(restored)?;
            Err(HsmError::BlobRejected("the backup holds another key".into()).into())
        })?;
        self.pinned(backup.guard, &backup.object, &backup.check)
    }

    /// Brings an old KEK out of its backup into a session of this process, as the one that lets people's keys out into
    /// newer wrapping ([`rewrap`](Token::rewrap)), in the ceremony `rewrap` that names its check value. Gone with the token.
    pub fn load_for_rewrapping(&self, approved: &Approved, backup: &Backup, transport: &str) -> Result<Kek, HsmError> {
        approved.is_for(Deed::Rewrap, &self.label, &backup.object)?;
        self.approved_check(approved, backup)?;
        let (label, epoch) = epoch_of(&backup.object)?;
        let mut kek = Kek::new(label, epoch, self.wrap_mechanism()?);
        kek.object.push_str(".rewrapping");
        kek.rewrapping = true;
        // A session of its own: the key lives as long as it, and the pool may close its sessions at any time.
        let slot = self.pool.module.slot(&self.label)?;
        let session = self.pool.module.context.open_rw_session(slot).map_err(Fault::from)?;
        let loaded = self.out_of_backup(&session, backup, transport, KeyLife::Rewrapping, &kek.object)?;
        if check::value(&session, backup.guard, loaded)? != backup.check {
            return Err(HsmError::BlobRejected("the backup holds another key".into()));
        }
        let mut kept = self.ceremony.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.push(session);
        Ok(kek)
    }

    /// A KEK that was made with backups, or restored: known by its check value, since its token cannot call it
    /// never-extractable. It must not let keys out any more than others.
    pub fn pinned_kek(&self, label: &str, epoch: u32, check: &CheckValue) -> Result<Kek, HsmError> {
        let kek = Kek::new(label, epoch, self.wrap_mechanism()?);
        self.pinned(Guard::Kek, &kek.object, check)?;
        Ok(kek)
    }

    /// As [`pinned_kek`](Self::pinned_kek), for a binding key.
    pub fn pinned_mac_key(&self, label: &str, check: &CheckValue) -> Result<(), HsmError> {
        self.pinned(Guard::Mac, label, check)
    }

    fn pinned(&self, guard: Guard, object: &str, check: &CheckValue) -> Result<(), HsmError> {
        match guard {
            Guard::Kek => {
                let (label, epoch) = epoch_of(object)?;
                self.check_kek(&Kek::new(label, epoch, self.wrap_mechanism()?), &[])?;
            }
            Guard::Mac => self.check_mac_key(object, &[])?,
        }
        self.pool.run(|session, login| {
            let key = self.handles.secret(session, login, object)?;
            if check::value(session, guard, key)? == *check {
                Ok(())
            } else {
                Err(HsmError::PublicKeyMismatch(object.to_owned()).into())
            }
        })
    }

    fn approved_check(&self, approved: &Approved, backup: &Backup) -> Result<(), HsmError> {
        if approved.detail("check")? == backup.check.to_string() {
            Ok(())
        } else {
            Err(HsmError::NeedsApproval("the ceremony names another check value".into()))
        }
    }

    /// A guard as a session object that may still leave.
    fn departing(&self, session: &Session, guard: Guard, object: &str) -> Result<ObjectHandle, Fault> {
        let label = format!("{object}.departing");
        match guard {
            Guard::Kek => {
                epoch_of(object)?;
                let functions = self.pool.module.functions()?;
                functions.generate_kek(session, KeyLife::Departing, &label, b"")
            }
            Guard::Mac => {
                let mut attributes = template::mac_key(&label, b"");
                for attribute in &mut attributes {
                    match attribute {
                        Attribute::Token(token) => *token = false,
                        Attribute::Extractable(extractable) => *extractable = true,
                        _ => {}
                    }
                }
                Ok(session.generate_key(&Mechanism::GenericSecretKeyGen, &attributes)?)
            }
        }
    }

    fn out_of_backup(
        &self,
        session: &Session,
        backup: &Backup,
        transport: &str,
        life: KeyLife,
        label: &str,
    ) -> Result<ObjectHandle, Fault> {
        let private = find::exactly_one(session, ObjectClass::PRIVATE_KEY, transport)?;
        let public = find::exactly_one(session, ObjectClass::PUBLIC_KEY, transport)?;
        let fingerprint = transport::fingerprint(&crate::token::spki::read(session, public)?.0);
        let copy = backup.copies.iter().find(|copy| copy.transport == fingerprint);
        let copy = copy.ok_or_else(|| HsmError::BlobRejected("the backup was not made for this token".into()))?;
        let wrapped =
            hex::decode(&copy.wrapped).map_err(|_| HsmError::BlobRejected("the backup is not hexadecimal".into()))?;
        let (mechanism, id) = (copy.oaep.mechanism(), object_id(label));
        self.unwrap_guard(
            session,
            backup.guard,
            (&mechanism, private),
            &wrapped,
            (life, label, &id),
        )
    }

    /// The departing guard as the resident one. Not by `C_CopyObject`: modules differ in what they let a copy change (one
    /// gives a copy more rights than its original has); unwrapping sets every attribute, and for good.
    fn settle(
        &self,
        session: &Session,
        guard: Guard,
        departing: ObjectHandle,
        object: &str,
    ) -> Result<ObjectHandle, Fault> {
        let functions = self.pool.module.functions()?;
        let carrier = functions.generate_kek(session, KeyLife::Departing, &format!("{object}.carrier"), b"")?;
        let carrier = SessionObject::new(session, carrier);
        let under = Mechanism::AesKeyWrap;
        let carried = session.wrap_key(&under, carrier.handle(), departing)?;
        let id = object_id(object);
        self.unwrap_guard(
            session,
            guard,
            (&under, carrier.handle()),
            &carried,
            (KeyLife::Restored, object, &id),
        )
    }

    fn unwrap_guard(
        &self,
        session: &Session,
        guard: Guard,
        (mechanism, unwrapping): (&Mechanism<'_>, ObjectHandle),
        wrapped: &[u8],
        (life, label, id): (KeyLife, &str, &[u8]),
    ) -> Result<ObjectHandle, Fault> {
        if guard == Guard::Kek {
            let functions = self.pool.module.functions()?;
            return functions.unwrap_kek(session, (mechanism, unwrapping), wrapped, (life, label, id));
        }
        let mut attributes = vec![
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::GENERIC_SECRET),
        ];
        attributes.extend(template::mac_key(label, id));
        // Its length comes with its value.
        attributes.retain(|attribute| !matches!(attribute, Attribute::ValueLen(_)));
        // The last of them ends all changes.
        attributes.extend([Attribute::Copyable(false), Attribute::Modifiable(false)]);
        Ok(session.unwrap_key(mechanism, unwrapping, wrapped, &attributes)?)
    }
}

fn epoch_of(object: &str) -> Result<(&str, u32), HsmError> {
    let parts = object.rsplit_once('.');
    let parts = parts.and_then(|(label, epoch)| Some((label, epoch.parse().ok()?)));
    parts.ok_or_else(|| HsmError::Misconfigured(format!("{object}: a KEK is called LABEL.EPOCH")))
}
