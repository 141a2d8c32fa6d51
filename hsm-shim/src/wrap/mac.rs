//! HMAC keys of the token: they bind wrapped keys where the wrapping cannot, and seal what the signing module must believe.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass};
use cryptoki::session::Session;

use crate::error::HsmError;
use crate::token::fault::Fault;
use crate::token::{Token, find, object_id, template};
use crate::wrap::kek::{check_rights, stays_inside};

impl Token {
    /// Finds or makes a 256-bit HMAC key of the token.
    pub fn ensure_mac_key(&self, label: &str) -> Result<(), HsmError> {
        self.pool.run(|session, _| {
            if find::all(session, ObjectClass::SECRET_KEY, label)?.is_empty() {
                session.generate_key(
                    &Mechanism::GenericSecretKeyGen,
                    &template::mac_key(label, &object_id(label)),
                )?;
            }
            Ok(())
        })?;
        self.check_mac_key(label, &[Attribute::NeverExtractable(true)])
    }

    /// Rights as they must be.
    pub(crate) fn check_mac_key(&self, label: &str, besides: &[Attribute]) -> Result<(), HsmError> {
        self.pool.run(|session, login| {
            let key = self.handles.secret(session, login, label)?;
            let mut expected = stays_inside();
            expected.extend_from_slice(besides);
            expected.extend([Attribute::Sign(true), Attribute::Wrap(false), Attribute::Unwrap(false)]);
            check_rights(session, key, label, &expected)
        })
    }

    /// HMAC-SHA-256 (RFC 2104) of `bytes` under a key that [`ensure_mac_key`](Self::ensure_mac_key) made.
    pub fn mac(&self, label: &str, bytes: &[u8]) -> Result<[u8; 32], HsmError> {
        self.pool
            .run(|session, login| self.mac_in(session, login, label, bytes))
    }

    pub(crate) fn mac_in(&self, session: &Session, login: u64, label: &str, bytes: &[u8]) -> Result<[u8; 32], Fault> {
        let key = self.handles.secret(session, login, label)?;
        let mac = session.sign(&Mechanism::Sha256Hmac, key, bytes)?;
        mac.try_into().map_err(|_| HsmError::SelfCheckFailed.into())
    }
}
