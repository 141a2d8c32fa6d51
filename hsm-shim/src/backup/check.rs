//! A guard's check value: the same in every token that holds the key, and nothing from which to find it.
//!
//! KEK: SHA-256 over the wrapping (RFC 3394) of a key everyone knows; HMAC key: its HMAC of a fixed text, hashed.

use std::fmt;

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Guard;
use crate::error::HsmError;
use crate::token::fault::Fault;
use crate::wrap::SessionObject;

const KEK_DOMAIN: &[u8] = b"signum-kek-check-v1";
const MAC_DOMAIN: &[u8] = b"signum-mac-check-v1";

/// In hexadecimal wherever people or files hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CheckValue([u8; 32]);

impl fmt::Display for CheckValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl From<CheckValue> for String {
    fn from(value: CheckValue) -> Self {
        value.to_string()
    }
}

impl TryFrom<String> for CheckValue {
    type Error = HsmError;
    fn try_from(text: String) -> Result<Self, HsmError> {
        let mut value = [0; 32];
        hex::decode_to_slice(text, &mut value)
            .map_err(|_| HsmError::Misconfigured("a check value has 64 hexadecimal digits".into()))?;
        Ok(Self(value))
    }
}

/// Computed in the module, with the key itself.
pub(super) fn value(session: &Session, guard: Guard, key: ObjectHandle) -> Result<CheckValue, Fault> {
    let (domain, shown) = match guard {
        Guard::Kek => {
            let known = session.create_object(&[
                Attribute::Class(ObjectClass::SECRET_KEY),
                Attribute::KeyType(KeyType::AES),
                Attribute::Token(false),
                Attribute::Private(true),
                Attribute::Sensitive(false),
                Attribute::Extractable(true),
                Attribute::Value(Sha256::digest(KEK_DOMAIN).to_vec()),
            ])?;
            let known = SessionObject::new(session, known);
            (
                KEK_DOMAIN,
                session.wrap_key(&Mechanism::AesKeyWrap, key, known.handle())?,
            )
        }
        Guard::Mac => (MAC_DOMAIN, session.sign(&Mechanism::Sha256Hmac, key, MAC_DOMAIN)?),
    };
    let value = Sha256::new_with_prefix(domain).chain_update(shown).finalize();
    Ok(CheckValue(value.into()))
}
