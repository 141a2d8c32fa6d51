//! Signature algorithms that clients may use (RFC 7518 section 3.1, RFC 8037): a closed list without `none` and without HMAC.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::{Deserialize, Serialize};

use super::jwk::Key;

/// A signature algorithm by its JOSE name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "PS256")]
    Ps256,
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// Only of clients with the profile gov-basic.
    #[serde(rename = "RS256")]
    Rs256,
}

impl Algorithm {
    pub const ALL: [Self; 4] = [Self::Es256, Self::Ps256, Self::EdDsa, Self::Rs256];
    /// FAPI 2.0 Security Profile section 5.4.1.
    pub const FAPI: [Self; 3] = [Self::Es256, Self::Ps256, Self::EdDsa];

    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Ps256 => "PS256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }

    /// Exactly the registered name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            // RFC 9864: the fully specified name of the same thing.
            "Ed25519" => Some(Self::EdDsa),
            _ => Self::ALL.into_iter().find(|algorithm| algorithm.name() == name),
        }
    }

    /// Whether a key of this type makes signatures of this algorithm.
    pub(super) fn fits(self, key: &Key) -> bool {
        matches!(
            (self, key),
            (Self::Es256, Key::P256 { .. })
                | (Self::Ps256 | Self::Rs256, Key::Rsa { .. })
                | (Self::EdDsa, Key::Ed25519(_))
        )
    }

    /// Whether `signature` over `message` is the key's.
    pub(super) fn verify(self, key: &Key, message: &[u8], signature: &[u8]) -> bool {
        self.public_key(key)
            .is_some_and(|key| key.verify_sig(message, signature).is_ok())
    }

    /// `None` unless the key has this algorithm's type and is valid (a point on the curve, an odd modulus ...).
    pub(super) fn public_key(self, key: &Key) -> Option<ParsedPublicKey> {
        let rsa = |params, n: &[u8], e: &[u8]| RsaPublicKeyComponents { n, e }.to_parsed_public_key(params).ok();
        match (self, key) {
            (Self::Es256, Key::P256 { x, y }) => {
                let point = [&[4][..], x, y].concat();
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()
            }
            (Self::EdDsa, Key::Ed25519(x)) => ParsedPublicKey::new(&ED25519, x).ok(),
            (Self::Ps256, Key::Rsa { n, e }) => rsa(&RSA_PSS_2048_8192_SHA256, n, e),
            (Self::Rs256, Key::Rsa { n, e }) => rsa(&RSA_PKCS1_2048_8192_SHA256, n, e),
            _ => None,
        }
    }
}
