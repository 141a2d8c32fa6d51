//! The key origin statement: the signing module's own signed word that it made a key, for whom, and how it is kept.
//!
//! A CA asks for it before it says that a key lies in a device (EN 319 411-2 section 6.5.1, EN 319 412-5 section 4.2.2):
//! who calls the CA proves nothing, a signature by a key of the people's token does. docs/decisions/0010.
//!
//! ```asn1
//! KeyOriginStatement ::= SEQUENCE { body Body, signature BIT STRING }  -- Ecdsa-Sig-Value, P-256 with SHA-256, over DER of body
//! Body ::= SEQUENCE {
//!   domain UTF8String,                  -- "signum-key-origin-v1"
//!   person OCTET STRING,                -- person_reference
//!   credential OCTET STRING,            -- 16 octets
//!   certificateRequest OCTET STRING,    -- SHA-256 of the PKCS#10 request
//!   vouchers OCTET STRING,              -- SHA-256 over the vouchers of the set
//!   authenticators OCTET STRING,        -- SHA-256 over the sealed set
//!   attributes UTF8String }
//! ```

use der::asn1::{Any, BitString, OctetString};
use der::{Decode, Encode, Sequence};
use sha2::{Digest, Sha256};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::{oid, signature};

const DOMAIN: &str = "signum-key-origin-v1";

/// Attributes of every key that the module makes today, as it has proven them on its KEK at start.
pub const WRAPPED_P256: &str = "EC P-256, made in the token, outside it only wrapped (RFC 5649) under a KEK with \
    NEVER_EXTRACTABLE and UNWRAP_TEMPLATE { SENSITIVE, not EXTRACTABLE }";

/// What the module states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOrigin {
    /// See [`person_reference`].
    pub person: [u8; 32],
    pub credential: [u8; 16],
    /// SHA-256 of the PKCS#10 request's DER.
    pub certificate_request: [u8; 32],
    /// SHA-256 over the vouchers that the set was sealed against.
    pub vouchers: [u8; 32],
    /// SHA-256 over the sealed authenticator set.
    pub authenticators: [u8; 32],
    /// [`WRAPPED_P256`]
    pub attributes: String,
}

/// Why a statement convinces nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyOriginError {
    #[error("not a key origin statement")]
    Malformed,
    #[error("not signed with the pinned key")]
    Signature,
}

#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct Body {
    domain: String,
    person: OctetString,
    credential: OctetString,
    certificate_request: OctetString,
    vouchers: OctetString,
    authenticators: OctetString,
    attributes: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct Statement {
    body: Any,
    signature: BitString,
}

impl KeyOrigin {
    /// DER of the body: what the statement key signs.
    pub fn to_be_signed(&self) -> der::Result<Vec<u8>> {
        let octets = |bytes: &[u8]| OctetString::new(bytes);
        Body {
            domain: DOMAIN.to_owned(),
            person: octets(&self.person)?,
            credential: octets(&self.credential)?,
            certificate_request: octets(&self.certificate_request)?,
            vouchers: octets(&self.vouchers)?,
            authenticators: octets(&self.authenticators)?,
            attributes: self.attributes.clone(),
        }
        .to_der()
    }

    /// DER of the statement out of [`to_be_signed`](Self::to_be_signed) and the ECDSA signature (DER) over it.
    pub fn assemble(to_be_signed: &[u8], signature: &[u8]) -> der::Result<Vec<u8>> {
        Statement {
            body: Any::from_der(to_be_signed)?,
            signature: BitString::from_bytes(signature)?,
        }
        .to_der()
    }

    /// What a statement says, if the key with this SubjectPublicKeyInfo (DER, P-256) signed it.
    pub fn verify(statement: &[u8], pinned: &[u8]) -> Result<Self, KeyOriginError> {
        let malformed = |_| KeyOriginError::Malformed;
        let parsed = Statement::from_der(statement).map_err(malformed)?;
        let covered = parsed.body.to_der().map_err(malformed)?;
        let algorithm = AlgorithmIdentifierOwned {
            oid: oid::ECDSA_SHA256,
            parameters: None,
        };
        let signature = parsed.signature.as_bytes().ok_or(KeyOriginError::Malformed)?;
        if !is_p256(pinned) || !signature::verifies(pinned, &algorithm, &covered, signature) {
            return Err(KeyOriginError::Signature);
        }
        let body = Body::from_der(&covered).map_err(malformed)?;
        Self::read(&body).ok_or(KeyOriginError::Malformed)
    }

    fn read(body: &Body) -> Option<Self> {
        let hash = |field: &OctetString| field.as_bytes().try_into().ok();
        if body.domain != DOMAIN {
            return None;
        }
        Some(Self {
            person: hash(&body.person)?,
            credential: body.credential.as_bytes().try_into().ok()?,
            certificate_request: hash(&body.certificate_request)?,
            vouchers: hash(&body.vouchers)?,
            authenticators: hash(&body.authenticators)?,
            attributes: body.attributes.clone(),
        })
    }
}

/// A person without their number: SHA-256 over the semantics identifier of EN 319 412-1 section 5.1.3 (`PNOXK-1234567890`).
pub fn person_reference(semantics_identifier: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"signum-person-v1\0");
    hash.update(semantics_identifier.as_bytes());
    hash.finalize().into()
}

/// Whether a SubjectPublicKeyInfo (DER) is of an EC key on P-256.
pub fn is_p256(spki: &[u8]) -> bool {
    SubjectPublicKeyInfoOwned::from_der(spki).is_ok_and(|key| {
        let curve = key.algorithm.parameters.as_ref();
        key.algorithm.oid == oid::EC_PUBLIC_KEY && curve.and_then(|c| c.decode_as().ok()) == Some(oid::P256)
    })
}

#[cfg(test)]
mod tests;
