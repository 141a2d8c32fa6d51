//! Kinds of subscribers' keys, as bulk actions choose by them.

use const_oid::ObjectIdentifier;
use der::Decode;
use serde::{Deserialize, Serialize};
use signum_pki::oid;
use spki::SubjectPublicKeyInfoRef;

/// RSA of any length, or the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    Rsa,
    P256,
    P384,
}

impl KeyKind {
    /// Of a SubjectPublicKeyInfo (DER); `None` for what this CA does not certify.
    pub fn of(spki: &[u8]) -> Option<Self> {
        let algorithm = SubjectPublicKeyInfoRef::from_der(spki).ok()?.algorithm;
        let curve = algorithm
            .parameters
            .and_then(|p| p.decode_as::<ObjectIdentifier>().ok());
        match (algorithm.oid, curve) {
            (oid::RSA_ENCRYPTION, _) => Some(Self::Rsa),
            (oid::EC_PUBLIC_KEY, Some(oid::P256)) => Some(Self::P256),
            (oid::EC_PUBLIC_KEY, Some(oid::P384)) => Some(Self::P384),
            _ => None,
        }
    }

    /// As the database and requests write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::P256 => "p256",
            Self::P384 => "p384",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/pki/keys");
        std::fs::read(path.join(name)).unwrap()
    }

    #[test]
    fn the_kind_of_a_key_is_read_from_the_key() {
        assert_eq!(KeyKind::of(&fixture("rsa2048.der")), Some(KeyKind::Rsa));
        assert_eq!(KeyKind::of(&fixture("rsa3072-subject.der")), Some(KeyKind::Rsa));
        assert_eq!(KeyKind::of(&fixture("p256-subject.der")), Some(KeyKind::P256));
        assert_eq!(KeyKind::of(&fixture("p384-subject.der")), Some(KeyKind::P384));
        assert_eq!(KeyKind::of(&fixture("k256.der")), None);
        assert_eq!(KeyKind::of(b"junk"), None);
    }
}
