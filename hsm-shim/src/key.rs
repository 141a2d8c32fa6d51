//! Key and signature algorithms, key addresses (RFC 7512) and the encodings that go with them.

use serde::{Deserialize, Serialize};

use crate::error::HsmError;

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
        write!(
            f,
            "pkcs11:token={};object={}",
            percent(&self.token),
            percent(&self.object)
        )
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
        let wrong = |why: &str| HsmError::Misconfigured(format!("{text}: {why}"));
        let path = text
            .strip_prefix("pkcs11:")
            .ok_or_else(|| wrong("a key address starts with pkcs11:"))?;
        let (mut token, mut object) = (None, None);
        for part in path.split(['?', ';']) {
            match part.split_once('=') {
                Some(("token", value)) => token = unpercent(value),
                Some(("object", value)) => object = unpercent(value),
                Some(("type", _)) => {}
                _ => return Err(wrong("only token, object and type are understood")),
            }
        }
        let token = token.ok_or_else(|| wrong("token is missing"))?;
        let object = object.ok_or_else(|| wrong("object is missing"))?;
        Ok(Self { token, object })
    }
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(b).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

fn unpercent(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        if b == b'%' {
            let hex = [bytes.next()?, bytes.next()?];
            out.push(u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?);
        } else {
            out.push(b);
        }
    }
    String::from_utf8(out).ok()
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
