//! SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7, RFC 5480, RFC 8410) from a token's public-key object.

use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectHandle};
use cryptoki::session::Session;
use openssl::bn::BigNum;
use openssl::rsa::Rsa;

use crate::error::HsmError;
use crate::key::{KeyAlgorithm, PublicKey};
use crate::token::fault::Fault;
use crate::token::verifier::Verifier;

/// DER OBJECT IDENTIFIER prime256v1.
pub(crate) const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// DER OBJECT IDENTIFIER secp384r1.
pub(crate) const P384: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
/// DER OBJECT IDENTIFIER id-Ed25519.
pub(crate) const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
/// DER PrintableString "edwards25519", the other form PKCS#11 v3.0 section 2.3.5 allows.
const ED25519_NAME: &[u8] = b"\x13\x0cedwards25519";

/// Octets of an uncompressed point.
pub(crate) const P256_POINT: usize = 65;

/// SPKI up to the point: two SEQUENCE headers, the algorithm identifier and the BIT STRING header, all of fixed length.
pub(crate) const P256_HEAD: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const P384_HEAD: &[u8] = &[
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00,
    0x22, 0x03, 0x62, 0x00,
];
const ED25519_HEAD: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Reads the public half and checks that it is one (a point on its curve).
pub(crate) fn read(session: &Session, public: ObjectHandle) -> Result<(PublicKey, Verifier), Fault> {
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
    let verifier = Verifier::parse(&spki)?;
    Ok((PublicKey { algorithm, spki }, verifier))
}

/// What kind of key an SPKI is of, told by its first octets.
pub(crate) enum Form<'a> {
    P256,
    P384,
    /// The point.
    Ed25519(&'a [u8]),
    /// RSA or something else.
    Other,
}

pub(crate) fn form(spki: &[u8]) -> Form<'_> {
    if spki.starts_with(P256_HEAD) {
        Form::P256
    } else if spki.starts_with(P384_HEAD) {
        Form::P384
    } else if let Some(point) = spki.strip_prefix(ED25519_HEAD) {
        Form::Ed25519(point)
    } else {
        Form::Other
    }
}

fn elliptic(params: &[u8], point: &[u8]) -> Result<(KeyAlgorithm, Vec<u8>), HsmError> {
    let (algorithm, head, length) = match params {
        P256 => (KeyAlgorithm::EcP256, P256_HEAD, P256_POINT),
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

pub(crate) fn unsupported() -> HsmError {
    HsmError::Unsupported("a key that is not P-256, P-384, RSA-3072 or Ed25519".into())
}
