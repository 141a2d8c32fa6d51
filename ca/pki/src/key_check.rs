//! Whether a public key may be certified: requirement P-07 (`reference/ca.md` section 4.1), CA/B TLS Baseline Requirements
//! section 6.1.1.3, EN 319 411-1 section 6.3.1. Pure functions over the SubjectPublicKeyInfo; nothing is remembered.
//!
//! Keys blocked after a compromise and keys certified twice are the caller's to know: they need a database.

mod elliptic_curve;
mod fermat;
mod roca;
mod rsa;
mod small_primes;

use der::Decode;
use spki::SubjectPublicKeyInfoOwned;

use crate::oid;

/// Why a key must not be certified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyWeakness {
    #[error("not a SubjectPublicKeyInfo in DER")]
    Malformed,
    #[error("keys are RSA, or EC on P-256 or P-384")]
    Algorithm,
    #[error("an RSA modulus has 3072 or 4096 bits, not {0}")]
    RsaSize(u32),
    #[error("the RSA exponent is 65537")]
    RsaExponent,
    #[error("{0} divides the RSA modulus")]
    SmallFactor(u32),
    #[error("the RSA modulus bears the ROCA fingerprint (CVE-2017-15361)")]
    Roca,
    #[error("the RSA primes are so close that Fermat's method finds them")]
    CloseFactors,
    #[error("an elliptic curve is named, and is P-256 or P-384")]
    Curve,
    #[error("the point at infinity is no key")]
    Infinity,
    #[error("an EC point is uncompressed (RFC 5480 section 2.2)")]
    PointEncoding,
    #[error("the point is not on the curve")]
    NotOnCurve,
    #[error("the cryptographic library failed")]
    Library,
}

/// Whether `spki_der`, a SubjectPublicKeyInfo, is a key of a kind we certify and has none of the known weaknesses.
pub fn check(spki_der: &[u8]) -> Result<(), KeyWeakness> {
    let spki = SubjectPublicKeyInfoOwned::from_der(spki_der).map_err(|_| KeyWeakness::Malformed)?;
    let octets = spki.subject_public_key.as_bytes().ok_or(KeyWeakness::Malformed)?;
    let parameters = spki.algorithm.parameters.as_ref();
    match spki.algorithm.oid {
        oid::RSA_ENCRYPTION if parameters.is_some_and(der::asn1::Any::is_null) => rsa::check(octets),
        // RFC 3279 section 2.3.1: the parameters of an RSA key are NULL.
        oid::RSA_ENCRYPTION => Err(KeyWeakness::Malformed),
        oid::EC_PUBLIC_KEY => elliptic_curve::check(parameters, octets),
        _ => Err(KeyWeakness::Algorithm),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use der::Encode;
    use der::asn1::{Any, BitString};
    use spki::AlgorithmIdentifierOwned;

    /// A SubjectPublicKeyInfo of any algorithm, parameters and octets.
    pub fn spki(algorithm: const_oid::ObjectIdentifier, parameters: Option<Any>, octets: &[u8]) -> Vec<u8> {
        SubjectPublicKeyInfoOwned {
            algorithm: AlgorithmIdentifierOwned {
                oid: algorithm,
                parameters,
            },
            subject_public_key: BitString::from_bytes(octets).unwrap(),
        }
        .to_der()
        .unwrap()
    }

    #[test]
    fn what_is_no_key_info_is_malformed() {
        assert_eq!(check(b""), Err(KeyWeakness::Malformed));
        assert_eq!(check(&[0x30, 0x80, 0, 0]), Err(KeyWeakness::Malformed));
    }

    #[test]
    fn an_ed25519_key_is_of_no_kind_we_certify() {
        let ed25519 = const_oid::ObjectIdentifier::new_unwrap("1.3.101.112");
        assert_eq!(check(&spki(ed25519, None, &[7; 32])), Err(KeyWeakness::Algorithm));
    }
}
