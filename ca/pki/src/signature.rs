//! Verifies a signature over octets as received, by the algorithms Signum accepts (RFC 5758, RFC 8017 with SHA-2).

use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey};
use openssl::sign::Verifier;
use spki::AlgorithmIdentifierOwned;

use crate::oid;

/// Whether `signature` over `message` was made with the private half of `spki`; an unknown algorithm is `false`.
pub fn verifies(spki: &[u8], algorithm: &AlgorithmIdentifierOwned, message: &[u8], signature: &[u8]) -> bool {
    let check = || -> Option<bool> {
        let key = PKey::public_key_from_der(spki).ok()?;
        let digest = digest_for(algorithm, key.id())?;
        let mut verifier = Verifier::new(digest, &key).ok()?;
        verifier.verify_oneshot(signature, message).ok()
    };
    check().unwrap_or(false)
}

/// The digest of a signature algorithm, when it goes with that kind of key.
fn digest_for(algorithm: &AlgorithmIdentifierOwned, key: Id) -> Option<MessageDigest> {
    match (algorithm.oid, key) {
        (oid::ECDSA_SHA256, Id::EC) => Some(MessageDigest::sha256()),
        (oid::ECDSA_SHA384, Id::EC) => Some(MessageDigest::sha384()),
        (oid::ECDSA_SHA512, Id::EC) => Some(MessageDigest::sha512()),
        // CMS names the key's own algorithm with the digest beside it; Signum's RSA uses SHA-256 alone.
        (oid::RSA_SHA256 | oid::RSA_ENCRYPTION, Id::RSA) => Some(MessageDigest::sha256()),
        (oid::RSA_SHA384, Id::RSA) => Some(MessageDigest::sha384()),
        (oid::RSA_SHA512, Id::RSA) => Some(MessageDigest::sha512()),
        _ => None,
    }
}
