//! The next epoch's KEK, in the ceremony `rotate-kek`: with a backup if the ceremony names places for one.

use cryptoki::object::ObjectClass;

use super::{Backup, Guard, check, epoch_of, transports_detail};
use crate::approval::{Approved, Deed};
use crate::error::HsmError;
use crate::key::PublicKey;
use crate::token::{Token, find};

impl Token {
    /// Makes the KEK of the next epoch. New keys can be wrapped under it; older KEKs stay and open older keys.
    ///
    /// What is returned tells its check value; it has no copies if the ceremony names no transport keys, and then the KEK
    /// never leaves this token.
    pub fn rotate_kek(&self, approved: Approved, object: &str, transports: &[PublicKey]) -> Result<Backup, HsmError> {
        approved.is_for(Deed::RotateKek, &self.label, object)?;
        let named = approved.ceremony().details.get("transports").cloned();
        if named.unwrap_or_default() != transports_detail(transports) {
            return Err(HsmError::NeedsApproval(
                "the ceremony names other transport keys".into(),
            ));
        }
        self.check_rotation(object)?;
        if !transports.is_empty() {
            return self.make_with_copies(Guard::Kek, object, transports);
        }
        let (label, epoch) = epoch_of(object)?;
        self.ensure_kek(label, epoch)?;
        let check = self.pool.run(|session, _| {
            let kek = find::exactly_one(session, ObjectClass::SECRET_KEY, object)?;
            check::value(session, Guard::Kek, kek)
        })?;
        Ok(Backup {
            version: 1,
            token: self.label.clone(),
            guard: Guard::Kek,
            object: object.to_owned(),
            check,
            copies: Vec::new(),
        })
    }

    /// Whether `object` is the KEK that comes next: one epoch after the newest that this token holds.
    pub(crate) fn check_rotation(&self, object: &str) -> Result<(), HsmError> {
        let (label, epoch) = epoch_of(object)?;
        let newest = self.kek_epochs(label)?.last().copied();
        match newest {
            None => Err(HsmError::KeyNotFound(format!("{label}: no KEK to come after"))),
            Some(newest) if newest.checked_add(1) == Some(epoch) => Ok(()),
            Some(newest) if epoch <= newest => Err(HsmError::AlreadyExists(format!("{label}: epoch {newest}"))),
            Some(newest) => Err(HsmError::Misconfigured(format!(
                "{object}: the epoch after {newest} is {}",
                u64::from(newest) + 1
            ))),
        }
    }
}
