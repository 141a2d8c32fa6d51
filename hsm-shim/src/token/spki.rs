//! SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7, RFC 5480, RFC 8410) from a token's public-key object.

use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectHandle};
use cryptoki::session::Session;
use openssl::bn::BigNum;
use openssl::ec::EcKey;
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::Rsa;

use crate::error::HsmError;
use crate::key::{KeyAlgorithm, PublicKey};
use crate::token::fault::Fault;

/// DER OBJECT IDENTIFIER prime256v1.
pub(crate) const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// DER OBJECT IDENTIFIER secp384r1.
pub(crate) const P384: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
/// DER OBJECT IDENTIFIER id-Ed25519.
pub(crate) const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
/// DER PrintableString "edwards25519", the other form PKCS#11 v3.0 section 2.3.5 allows.
const ED25519_NAME: &[u8] = b"\x13\x0cedwards25519";

/// SPKI up to the point: two SEQUENCE headers, the algorithm identifier and the BIT STRING header, all of fixed length.
const P256_HEAD: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const P384_HEAD: &[u8] = &[
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00,
    0x22, 0x03, 0x62, 0x00,
];
const ED25519_HEAD: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Reads the public half and checks that OpenSSL accepts it as a key (a point on its curve).
pub(crate) fn read(session: &Session, public: ObjectHandle) -> Result<(PublicKey, PKey<Public>), Fault> {
    let wanted = [
        AttributeType::KeyType,
        AttributeType::EcParams,
        AttributeType::EcPoint,
        AttributeType::Modulus,
        AttributeType::PublicExponent,
    ];
    let (mut kind, mut params, mut point, mut modulus, mut exponent) = (None, vec![], vec![], vec![], vec![]);
    for attribute in session.get_attributes(public, &wanted)? {
        match attribute {
            Attribute::KeyType(value) => kind = Some(value),
            Attribute::EcParams(value) => params = value,
            Attribute::EcPoint(value) => point = value,
            Attribute::Modulus(value) => modulus = value,
            Attribute::PublicExponent(value) => exponent = value,
            _ => {}
        }
    }
    let (algorithm, spki) = match kind {
        Some(KeyType::RSA) => (KeyAlgorithm::Rsa3072, rsa(&modulus, &exponent)?),
        Some(KeyType::EC | KeyType::EC_EDWARDS) => elliptic(&params, &point)?,
        _ => return Err(unsupported().into()),
    };
    let key = parse(&spki)?;
    Ok((PublicKey { algorithm, spki }, key))
}

/// An SPKI as OpenSSL's key, for verification. Wrapped keys come with theirs, so this is done for each signature: by the
/// functions for one kind of key, because OpenSSL 3.0 takes longer to find out the kind than to verify.
pub(crate) fn parse(spki: &[u8]) -> Result<PKey<Public>, HsmError> {
    let parsed = if spki.starts_with(P256_HEAD) || spki.starts_with(P384_HEAD) {
        EcKey::public_key_from_der(spki).and_then(PKey::from_ec_key)
    } else if let Some(bare) = spki.strip_prefix(ED25519_HEAD) {
        PKey::public_key_from_raw_bytes(bare, Id::ED25519)
    } else {
        Rsa::public_key_from_der(spki).and_then(PKey::from_rsa)
    };
    parsed.map_err(|_| unsupported())
}

fn elliptic(params: &[u8], point: &[u8]) -> Result<(KeyAlgorithm, Vec<u8>), HsmError> {
    let (algorithm, head, length) = match params {
        P256 => (KeyAlgorithm::EcP256, P256_HEAD, 65),
        P384 => (KeyAlgorithm::EcP384, P384_HEAD, 97),
        ED25519 | ED25519_NAME => (KeyAlgorithm::Ed25519, ED25519_HEAD, 32),
        _ => return Err(unsupported()),
    };
    // CKA_EC_POINT is the DER of an OCTET STRING; some modules give the bare point.
    let bare = match point {
        [0x04, length_octet, bare @ ..] if usize::from(*length_octet) == bare.len() && bare.len() == length => bare,
        bare if bare.len() == length => bare,
        _ => return Err(unsupported()),
    };
    Ok((algorithm, [head, bare].concat()))
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Vec<u8>, HsmError> {
    let encode = || {
        let modulus = BigNum::from_slice(modulus)?;
        let bits = modulus.num_bits();
        let key = Rsa::from_public_components(modulus, BigNum::from_slice(exponent)?)?;
        Ok::<_, openssl::error::ErrorStack>((bits, key.public_key_to_der()?))
    };
    match encode() {
        Ok((3072, spki)) => Ok(spki),
        _ => Err(unsupported()),
    }
}

fn unsupported() -> HsmError {
    HsmError::Unsupported("a key that is not P-256, P-384, RSA-3072 or Ed25519".into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_key_of_each_kind_is_read_as_openssl_reads_it_and_nothing_else_is() {
        let group = openssl::ec::EcGroup::from_curve_name(openssl::nid::Nid::SECP384R1).unwrap();
        let keys = [
            PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap(),
            PKey::generate_ed25519().unwrap(),
            PKey::from_rsa(Rsa::generate(3072).unwrap()).unwrap(),
        ];
        for key in keys {
            let spki = key.public_key_to_der().unwrap();
            assert!(
                parse(&spki)
                    .unwrap()
                    .public_eq(&PKey::public_key_from_der(&spki).unwrap())
            );
            let (_, short) = spki.split_last().unwrap();
            assert!(parse(short).is_err());
        }
        // A point that is not on its curve.
        assert!(parse(&[P256_HEAD, &[4], &[7; 64]].concat()).is_err());
        let p521 = openssl::ec::EcGroup::from_curve_name(openssl::nid::Nid::SECP521R1).unwrap();
        let other = EcKey::generate(&p521).unwrap().public_key_to_der().unwrap();
        assert!(parse(&other).is_err());
    }
}
