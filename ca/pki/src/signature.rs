//! Verifies a signature over octets as received, by the algorithms Signum accepts (RFC 5758, RFC 8017 with SHA-2).

use const_oid::ObjectIdentifier;
use der::Decode;
use der::asn1::Any;
use openssl::bn::BigNumContext;
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::sign::Verifier;
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::oid;

/// Whether `algorithm` is ECDSA or RSA (PKCS#1) with SHA-2 and has the parameters that RFC 5758 section 3.2 and RFC 4055
/// section 5 give it: none, or NULL.
pub fn is_accepted(algorithm: &AlgorithmIdentifierOwned) -> bool {
    let parameters = algorithm.parameters.as_ref();
    match algorithm.oid {
        oid::ECDSA_SHA256 | oid::ECDSA_SHA384 | oid::ECDSA_SHA512 => parameters.is_none(),
        oid::RSA_SHA256 | oid::RSA_SHA384 | oid::RSA_SHA512 => parameters.is_some_and(Any::is_null),
        _ => false,
    }
}

/// Whether `signature` over `message` was made with the private half of `spki`; an unknown algorithm is `false`.
pub fn verifies(spki: &[u8], algorithm: &AlgorithmIdentifierOwned, message: &[u8], signature: &[u8]) -> bool {
    let check = || -> Option<bool> {
        let read = SubjectPublicKeyInfoOwned::from_der(spki).ok()?;
        if read.algorithm.oid == oid::EC_PUBLIC_KEY {
            // OpenSSL's decoders take several times as long as the curve's arithmetic.
            let key = elliptic_curve_key(&read)?;
            let digest = hash(digest_for(algorithm, Id::EC)?, message).ok()?;
            let read = EcdsaSig::from_der(signature).ok()?;
            // In DER, and with nothing behind it.
            return Some(read.to_der().ok()? == signature && read.verify(&digest, &key).ok()?);
        }
        let key = PKey::public_key_from_der(spki).ok()?;
        let digest = digest_for(algorithm, key.id())?;
        let mut verifier = Verifier::new(digest, &key).ok()?;
        verifier.verify_oneshot(signature, message).ok()
    };
    check().unwrap_or(false)
}

/// A key on a named curve (RFC 5480 section 2.1.1): a point of the curve, and not infinity, with which anything verifies.
fn elliptic_curve_key(spki: &SubjectPublicKeyInfoOwned) -> Option<EcKey<Public>> {
    let curve: ObjectIdentifier = spki.algorithm.parameters.as_ref()?.decode_as().ok()?;
    let curve = match curve {
        oid::P256 => Nid::X9_62_PRIME256V1,
        oid::P384 => Nid::SECP384R1,
        oid::P521 => Nid::SECP521R1,
        _ => return None,
    };
    let group = EcGroup::from_curve_name(curve).ok()?;
    let mut context = BigNumContext::new().ok()?;
    // Refuses what does not satisfy the curve's equation.
    let point = EcPoint::from_bytes(&group, spki.subject_public_key.as_bytes()?, &mut context).ok()?;
    if point.is_infinity(&group) {
        return None;
    }
    EcKey::from_public_key(&group, &point).ok()
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use der::Encode;
    use der::asn1::BitString;
    use openssl::sign::Signer;

    use super::*;

    fn algorithm(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
        AlgorithmIdentifierOwned { oid, parameters: None }
    }

    #[test]
    fn a_signature_of_each_curve_verifies_and_a_changed_one_does_not() {
        for curve in [Nid::X9_62_PRIME256V1, Nid::SECP384R1, Nid::SECP521R1] {
            let group = EcGroup::from_curve_name(curve).unwrap();
            let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
            let other = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
            let spki = key.public_key_to_der().unwrap();
            for (digest, oid) in [
                (MessageDigest::sha256(), oid::ECDSA_SHA256),
                (MessageDigest::sha384(), oid::ECDSA_SHA384),
                (MessageDigest::sha512(), oid::ECDSA_SHA512),
            ] {
                let mut signer = Signer::new(digest, &key).unwrap();
                let signature = signer.sign_oneshot_to_vec(b"message").unwrap();
                assert!(verifies(&spki, &algorithm(oid), b"message", &signature));
                assert!(!verifies(&spki, &algorithm(oid), b"massage", &signature));
                assert!(!verifies(&spki, &algorithm(oid::RSA_SHA256), b"message", &signature));
                let stranger = other.public_key_to_der().unwrap();
                assert!(!verifies(&stranger, &algorithm(oid), b"message", &signature));
                // One encoding of a signature alone.
                let longer = [signature.as_slice(), &[0]].concat();
                assert!(!verifies(&spki, &algorithm(oid), b"message", &longer));
            }
        }
    }

    #[test]
    fn the_point_at_infinity_and_points_beside_the_curve_are_no_keys() {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = EcKey::generate(&group).unwrap();
        let mut context = BigNumContext::new().unwrap();
        let form = openssl::ec::PointConversionForm::UNCOMPRESSED;
        let mut beside = key.public_key().to_bytes(&group, form, &mut context).unwrap();
        *beside.last_mut().unwrap() ^= 1;
        let spki = PKey::from_ec_key(key).unwrap().public_key_to_der().unwrap();
        let mut spki = SubjectPublicKeyInfoOwned::from_der(&spki).unwrap();
        for point in [vec![0], beside, vec![]] {
            spki.subject_public_key = BitString::from_bytes(&point).unwrap();
            assert!(elliptic_curve_key(&spki).is_none(), "{point:?}");
            assert!(!verifies(
                &spki.to_der().unwrap(),
                &algorithm(oid::ECDSA_SHA256),
                b"",
                &[]
            ));
        }
    }

    #[test]
    fn parameters_that_do_not_belong_to_an_algorithm_are_refused() {
        let null = |oid| AlgorithmIdentifierOwned {
            oid,
            parameters: Some(der::asn1::Null.into()),
        };
        assert!(is_accepted(&algorithm(oid::ECDSA_SHA256)) && is_accepted(&null(oid::RSA_SHA256)));
        assert!(!is_accepted(&null(oid::ECDSA_SHA256)) && !is_accepted(&algorithm(oid::RSA_SHA256)));
        assert!(!is_accepted(&null(oid::RSA_ENCRYPTION)));
    }
}
