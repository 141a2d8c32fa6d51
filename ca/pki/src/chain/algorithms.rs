//! Keys and signature algorithms that may stand in a path (CA/B TLS Baseline Requirements sections 6.1.5 and 7.1.3, ETSI TS
//! 119 312): RSA of 2048 to 8192 bits with SHA-2 and PKCS#1 padding, ECDSA with SHA-2 on P-256, P-384 and P-521.

use const_oid::ObjectIdentifier;
use openssl::ec::EcKeyRef;
use openssl::pkey::{Id, PKey, Public};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::ChainError;
use crate::{oid, signature};

/// Whether `algorithm` is one of ours with the parameters that RFC 4055 section 5 and RFC 5758 section 3.2 give it.
pub(super) fn check_signature_algorithm(algorithm: &AlgorithmIdentifierOwned) -> Result<(), ChainError> {
    if signature::is_accepted(algorithm) {
        Ok(())
    } else {
        Err(ChainError::Algorithm("signature algorithm"))
    }
}

/// Whether a key is of an accepted kind and size.
pub(super) fn check_key(spki: &SubjectPublicKeyInfoOwned, der: &[u8]) -> Result<(), ChainError> {
    let parameters = spki.algorithm.parameters.as_ref();
    let named = match spki.algorithm.oid {
        oid::RSA_ENCRYPTION => parameters.is_some_and(der::asn1::Any::is_null),
        oid::EC_PUBLIC_KEY => matches!(
            parameters.and_then(|p| p.decode_as::<ObjectIdentifier>().ok()),
            Some(oid::P256 | oid::P384 | oid::P521)
        ),
        _ => false,
    };
    if !named {
        return Err(ChainError::Algorithm("key algorithm"));
    }
    let key = PKey::public_key_from_der(der).map_err(|_| ChainError::Algorithm("key encoding"))?;
    match key.id() {
        Id::RSA => check_rsa(&key),
        Id::EC => key
            .ec_key()
            .map_err(|_| ChainError::Algorithm("key encoding"))
            .and_then(|key| check_ec(&key)),
        _ => Err(ChainError::Algorithm("key algorithm")),
    }
}

fn check_rsa(key: &PKey<Public>) -> Result<(), ChainError> {
    let key = key.rsa().map_err(|_| ChainError::Algorithm("key encoding"))?;
    let bits = key.n().num_bits();
    let size_fits = (2048..=8192).contains(&bits) && bits % 8 == 0 && key.n().is_odd();
    // An exponent of many bits costs the verifier time, a small one has its own attacks: NIST SP 800-89, 2^16 < e < 2^256.
    let exponent_fits = key.e().is_odd() && (17..=256).contains(&key.e().num_bits());
    if size_fits && exponent_fits {
        Ok(())
    } else {
        Err(ChainError::Algorithm("RSA key size"))
    }
}

fn check_ec(key: &EcKeyRef<Public>) -> Result<(), ChainError> {
    key.check_key().map_err(|_| ChainError::Algorithm("EC point"))
}
