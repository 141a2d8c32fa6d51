//! Guards that their token cannot call never-extractable: known by a check value that the configuration pins.

use super::{CheckValue, Guard, check, epoch_of};
use crate::error::HsmError;
use crate::token::Token;
use crate::wrap::Kek;

impl Token {
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

    pub(super) fn pinned(&self, guard: Guard, object: &str, check: &CheckValue) -> Result<(), HsmError> {
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
}
