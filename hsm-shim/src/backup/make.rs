//! A guard's birth: as a session object that leaves in copies for the backup tokens, then as one that stays.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::{Backup, Guard, check, epoch_of, transport, transports_detail};
use crate::approval::{Approved, Deed};
use crate::error::HsmError;
use crate::key::PublicKey;
use crate::raw::KeyLife;
use crate::token::fault::Fault;
use crate::token::{Token, find, object_id, template};
use crate::wrap::SessionObject;

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
        self.make_with_copies(guard, object, transports)
    }

    /// A new guard, settled in this token, with a copy for each transport key.
    pub(super) fn make_with_copies(
        &self,
        guard: Guard,
        object: &str,
        transports: &[PublicKey],
    ) -> Result<Backup, HsmError> {
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

    /// The departing guard as the resident one. Not by `C_CopyObject`: modules differ in what they let a copy change (one
    /// lets a copy of an unmodifiable key change); unwrapping sets every attribute, and for good.
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
}
