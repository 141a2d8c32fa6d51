//! A guard under another token's RSA key (RSAES-OAEP, RFC 8017 section 7.1). The module wraps; its value never comes out.

use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use openssl::rsa::Rsa;
use serde::{Deserialize, Serialize};

use super::{BackupCopy, Digest, KeyAlgorithm, PublicKey, Sha256};
use crate::error::HsmError;
use crate::token::fault::Fault;
use crate::wrap::SessionObject;

/// The hash in OAEP. SHA-1 is what SoftHSM has; OAEP does not rest on its resistance to collisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Oaep {
    Sha256,
    Sha1,
}

impl Oaep {
    pub(super) fn mechanism(self) -> Mechanism<'static> {
        let (hash, mgf) = match self {
            Self::Sha256 => (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256),
            Self::Sha1 => (MechanismType::SHA1, PkcsMgfType::MGF1_SHA1),
        };
        Mechanism::RsaPkcsOaep(PkcsOaepParams::new(hash, mgf, PkcsOaepSource::empty()))
    }
}

pub(super) fn fingerprint(transport: &PublicKey) -> String {
    hex::encode(Sha256::digest(&transport.spki))
}

/// Wraps `key` for the token that holds the private half of `transport`.
pub(super) fn wrap_for(session: &Session, transport: &PublicKey, key: ObjectHandle) -> Result<BackupCopy, Fault> {
    if transport.algorithm != KeyAlgorithm::Rsa3072 {
        return Err(HsmError::KeyTypeMismatch.into());
    }
    let rsa = Rsa::public_key_from_der(&transport.spki).map_err(|_| HsmError::KeyTypeMismatch)?;
    let public = session.create_object(&[
        Attribute::Class(ObjectClass::PUBLIC_KEY),
        Attribute::KeyType(KeyType::RSA),
        Attribute::Token(false),
        Attribute::Private(false),
        Attribute::Wrap(true),
        Attribute::Encrypt(false),
        Attribute::Verify(false),
        Attribute::Modulus(rsa.n().to_vec()),
        Attribute::PublicExponent(rsa.e().to_vec()),
    ])?;
    let public = SessionObject::new(session, public);
    let wrap = |oaep: Oaep| session.wrap_key(&oaep.mechanism(), public.handle(), key);
    let (oaep, wrapped) = match wrap(Oaep::Sha256) {
        Ok(wrapped) => (Oaep::Sha256, wrapped),
        Err(_) => (Oaep::Sha1, wrap(Oaep::Sha1)?),
    };
    Ok(BackupCopy {
        transport: fingerprint(transport),
        oaep,
        wrapped: hex::encode(wrapped),
    })
}
