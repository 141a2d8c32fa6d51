//! A guard out of its backup: into a token for good, or into one ceremony's session for re-wrapping.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::{Backup, Guard, check, epoch_of};
use crate::approval::{Approved, Deed};
use crate::error::HsmError;
use crate::raw::KeyLife;
use crate::token::fault::Fault;
use crate::token::{Token, find, object_id, template};
use crate::wrap::Kek;

impl Token {
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

    fn approved_check(&self, approved: &Approved, backup: &Backup) -> Result<(), HsmError> {
        if approved.detail("check")? == backup.check.to_string() {
            Ok(())
        } else {
            Err(HsmError::NeedsApproval("the ceremony names another check value".into()))
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
        let copy = backup.copy_for(&crate::token::spki::read(session, public)?.0)?;
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

    pub(super) fn unwrap_guard(
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
