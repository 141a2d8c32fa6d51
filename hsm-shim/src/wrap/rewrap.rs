//! A person's key from one KEK to the next, in a ceremony only.
//!
//! A resident KEK cannot do it, and that is its worth: its unwrap template lets no key out into other wrapping. The old
//! KEK must come out of its backup into the ceremony's session (`backup`), which needs the backup token and its PIN.

use crate::error::HsmError;
use crate::token::template::Residence;
use crate::token::{Token, usual_algorithm};
use crate::wrap::mechanism::Wrapping;
use crate::wrap::{Kek, KeyBinding, WrappedKey};

impl Token {
    /// Wraps a key anew under `to`, bound to the epoch of `to`; shows that the new blob signs before it is returned.
    ///
    /// [`HsmError::PolicyDenied`] unless `from` is a ceremony's copy. Whether the ceremony was approved is asked before.
    pub fn rewrap(&self, from: &Kek, to: &Kek, binding_mac: &str, key: &WrappedKey) -> Result<WrappedKey, HsmError> {
        if !from.rewrapping {
            return Err(HsmError::PolicyDenied(
                "this KEK lets no key out: re-wrapping is a ceremony with the KEK's backup".into(),
            ));
        }
        if to.epoch <= from.epoch {
            return Err(HsmError::PolicyDenied("re-wrapping goes to a later epoch".into()));
        }
        let owner = KeyBinding {
            epoch: to.epoch,
            ..key.owner.clone()
        };
        let belongs = owner.belongs(&key.spki, to.mechanism);
        let envelope = self.with_unwrapped(from, binding_mac, key, Residence::ToBeWrapped, |session, private| {
            // Sessions of one process share a login, so its epoch is that of the handle looked up here.
            let target = self.handles.secret_now(session, &to.object)?;
            let wrapping = Wrapping {
                functions: self.pool.module.functions()?,
                session,
            };
            wrapping.wrap(to.mechanism, target, private, &belongs)
        })?;
        let rewrapped = self.bound(binding_mac, owner, key.spki.clone(), &envelope)?;
        let probe = match key.owner.algorithm {
            crate::KeyAlgorithm::EcP384 => vec![0x5a; 48],
            _ => vec![0x5a; 32],
        };
        let algorithm = usual_algorithm(key.owner.algorithm);
        self.sign_wrapped(to, binding_mac, &rewrapped, algorithm, &[probe])?;
        Ok(rewrapped)
    }
}
