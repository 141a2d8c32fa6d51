//! Key and signature algorithms, key addresses (RFC 7512) and the encodings that go with them.

use serde::{Deserialize, Serialize};

use crate::error::HsmError;
use crate::uri::{ObjectType, Pkcs11Uri};

/// What a key pair is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyAlgorithm {
    EcP256,
    EcP384,
    Rsa3072,
    Ed25519,
}

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SignatureAlgorithm {
    EcdsaSha256,
    EcdsaSha384,
    RsaPkcs1Sha256,
    /// RSASSA-PSS, MGF1 with SHA-256, salt of 32 octets.
    RsaPssSha256,
    Ed25519,
}

impl SignatureAlgorithm {
    pub const ALL: [Self; 5] = [
        Self::EcdsaSha256,
        Self::EcdsaSha384,
        Self::RsaPkcs1Sha256,
        Self::RsaPssSha256,
        Self::Ed25519,
    ];

    /// A short stable name, as JWS has it (RFC 7518, RFC 8037).
    pub fn name(self) -> &'static str {
        match self {
            Self::EcdsaSha256 => "ES256",
            Self::EcdsaSha384 => "ES384",
            Self::RsaPkcs1Sha256 => "RS256",
            Self::RsaPssSha256 => "PS256",
            Self::Ed25519 => "EdDSA",
        }
    }
}

impl KeyAlgorithm {
    /// As ceremony files and bindings write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::EcP256 => "ec-p256",
            Self::EcP384 => "ec-p384",
            Self::Rsa3072 => "rsa-3072",
            Self::Ed25519 => "ed25519",
        }
    }
}

impl SignatureAlgorithm {
    /// The one kind of key that signs so.
    pub fn key(self) -> KeyAlgorithm {
        match self {
            Self::EcdsaSha256 => KeyAlgorithm::EcP256,
            Self::EcdsaSha384 => KeyAlgorithm::EcP384,
            Self::RsaPkcs1Sha256 | Self::RsaPssSha256 => KeyAlgorithm::Rsa3072,
            Self::Ed25519 => KeyAlgorithm::Ed25519,
        }
    }
}

/// The address of a key pair in a token: `pkcs11:token=signum-ca;object=root` (RFC 7512).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyUri {
    pub token: String,
    pub object: String,
}

impl KeyUri {
    pub fn new(token: &str, object: &str) -> Self {
        Self {
            token: token.to_owned(),
            object: object.to_owned(),
        }
    }
}

/// A public key as SubjectPublicKeyInfo DER (RFC 5280 section 4.1.2.7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    pub algorithm: KeyAlgorithm,
    pub spki: Vec<u8>,
}

impl std::fmt::Display for KeyUri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let uri = Pkcs11Uri {
            token: Some(self.token.clone()),
            object: Some(self.object.clone()),
            ..Pkcs11Uri::default()
        };
        uri.fmt(f)
    }
}

impl From<KeyUri> for String {
    fn from(uri: KeyUri) -> Self {
        uri.to_string()
    }
}

impl TryFrom<String> for KeyUri {
    type Error = HsmError;
    fn try_from(text: String) -> Result<Self, HsmError> {
        let uri: Pkcs11Uri = text.parse()?;
        let wrong = |why: &str| HsmError::Misconfigured(format!("key address: {why}"));
        let (Some(token), Some(object)) = (uri.token.clone(), uri.object.clone()) else {
            return Err(wrong("token and object are both needed"));
        };
        if !matches!(uri.kind, None | Some(ObjectType::Private | ObjectType::Public)) {
            return Err(wrong("it names a key pair"));
        }
        // Module, PIN and particular token are the configuration's; a second way to say them could contradict it.
        let plain = Pkcs11Uri {
            token: uri.token.clone(),
            object: uri.object.clone(),
            kind: uri.kind,
            ..Pkcs11Uri::default()
        };
        if uri != plain {
            return Err(wrong("only token, object and type belong here"));
        }
        Ok(Self { token, object })
    }
}

/// `r || s` (PKCS#11, JWS) as DER Ecdsa-Sig-Value (RFC 3279 section 2.2.3; X.509, CMS, OCSP).
pub fn ecdsa_der(raw: &[u8]) -> Result<Vec<u8>, HsmError> {
    use openssl::{bn::BigNum, ecdsa::EcdsaSig};
    let half = raw.len() / 2;
    let (r, s) = raw.split_at_checked(half).ok_or(HsmError::SelfCheckFailed)?;
    let encode = || {
        let sig = EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
        sig.to_der()
    };
    encode().map_err(|_| HsmError::SelfCheckFailed)
}
