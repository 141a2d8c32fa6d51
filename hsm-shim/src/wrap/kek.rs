//! The keys that guard people's keys: the master KEK and the HMAC key of the bindings. Both stay in the token.
//!
//! The KEK carries `CKA_UNWRAP_TEMPLATE { EXTRACTABLE = false, SENSITIVE = true }`: without it, whoever has the PIN
//! unwraps a person's key as a readable one. `CKA_TRUSTED` on the KEK and `CKA_WRAP_WITH_TRUSTED` on people's keys are
//! not used: only the security officer sets `CKA_TRUSTED`, the officer sees no private objects, and a SoftHSM object
//! that is not private lies unencrypted on the disk. A hardware module's ceremony can set both.

use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use crate::error::HsmError;
use crate::key::KeyAlgorithm;
use crate::raw;
use crate::token::fault::Fault;
use crate::token::template::{self, Residence};
use crate::token::{Token, find, object_id};
use crate::wrap::object::SessionObject;

/// A master KEK that [`Token::ensure_kek`] has found or made, and has tried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kek {
    pub(crate) object: String,
    /// Its generation; each wrapped key names the one it is under.
    pub epoch: u32,
}

impl Token {
    /// Finds or makes the master KEK of a generation (object label `LABEL.EPOCH`), and proves on a throw-away key that it
    /// neither leaves nor lets keys out readable.
    pub fn ensure_kek(&self, label: &str, epoch: u32) -> Result<Kek, HsmError> {
        if !self.pool.offers(MechanismType::AES_KEY_WRAP_PAD)? {
            return Err(HsmError::Unsupported("CKM_AES_KEY_WRAP_PAD".into()));
        }
        let kek = Kek {
            object: format!("{label}.{epoch}"),
            epoch,
        };
        self.pool.run(|session, _| {
            if find::all(session, ObjectClass::SECRET_KEY, &kek.object)?.is_empty() {
                raw::generate_kek(&self.pool.module.path, session, &kek.object, &object_id(&kek.object))?;
            }
            Ok(())
        })?;
        self.pool.run(|session, login| {
            let handle = self.handles.secret(session, login, &kek.object)?;
            let mut expected = stays_inside();
            expected.extend([Attribute::Wrap(true), Attribute::Unwrap(true), Attribute::Sign(false)]);
            check_rights(session, handle, &kek.object, &expected)?;
            check_nothing_comes_out_readable(session, handle, &kek.object)
        })?;
        Ok(kek)
    }

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
        self.pool.run(|session, login| {
            let key = self.handles.secret(session, login, label)?;
            let mut expected = stays_inside();
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

/// The attributes that both guards have: made in the token, never out of it, good for nothing but their purpose.
fn stays_inside() -> Vec<Attribute> {
    vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::NeverExtractable(true),
        Attribute::Encrypt(false),
        Attribute::Decrypt(false),
        Attribute::Derive(false),
    ]
}

/// Compares attributes read back from the token with those a guard must have.
fn check_rights(session: &Session, key: ObjectHandle, label: &str, expected: &[Attribute]) -> Result<(), Fault> {
    let kinds: Vec<AttributeType> = expected.iter().map(Attribute::attribute_type).collect();
    if session.get_attributes(key, &kinds)? == expected {
        Ok(())
    } else {
        Err(HsmError::Misconfigured(format!("{label}: not the rights this key must have")).into())
    }
}

/// Wraps a throw-away key and asks for it back readable: a KEK that obeys is refused.
fn check_nothing_comes_out_readable(session: &Session, kek: ObjectHandle, label: &str) -> Result<(), Fault> {
    let algorithm = KeyAlgorithm::EcP256;
    let (public, private) = session.generate_key_pair(
        &template::key_pair_generation(algorithm),
        &template::public(algorithm, Residence::ToBeWrapped, "", b""),
        &template::private(Residence::ToBeWrapped, "", b""),
    )?;
    let (_public, private) = (
        SessionObject::new(session, public),
        SessionObject::new(session, private),
    );
    let blob = session.wrap_key(&Mechanism::AesKeyWrapPad, kek, private.handle())?;
    let unwrap = |sensitive, extractable| {
        let attributes = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(template::key_type(algorithm)),
            Attribute::Token(false),
            Attribute::Sensitive(sensitive),
            Attribute::Extractable(extractable),
            Attribute::Sign(true),
        ];
        let key = session.unwrap_key(&Mechanism::AesKeyWrapPad, kek, &blob, &attributes)?;
        Ok::<_, Fault>(SessionObject::new(session, key))
    };
    // The good template must work, or the refusals below would prove nothing.
    unwrap(true, false)?;
    for (sensitive, extractable) in [(true, true), (false, false), (false, true)] {
        if unwrap(sensitive, extractable).is_ok() {
            return Err(HsmError::Misconfigured(format!("{label}: no unwrap template")).into());
        }
    }
    Ok(())
}
