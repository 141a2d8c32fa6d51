//! A blank card becomes a person's: keys made in the card, requests signed by them, certificates, PINs, FINISH.
//!
//! The commands (class `80`) are our own contract with whoever makes cards; a finished card refuses them for ever.

use const_oid::db::rfc5912::{ECDSA_WITH_SHA_384, ID_EC_PUBLIC_KEY, SECP_384_R_1};
use der::asn1::{BitString, UintRef};
use der::{Any, Decode, Encode, Sequence};
use sha2::{Digest as _, Sha384};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::Certificate;
use x509_cert::ext::pkix::KeyUsage;
use x509_cert::name::Name;
use x509_cert::request::{CertReq, CertReqInfo, Version};

use crate::apdu::Command;
use crate::channel::Channel;
use crate::error::CardError;
use crate::esteid2018;
use crate::pin::{Pin, Secret};
use crate::profile::Key;

/// Octets of one block.
const BLOCK: usize = 255;

/// What is stored on a blank card.
#[derive(Clone, Copy)]
pub enum Object<'a> {
    /// DER.
    Certificate(Key, &'a [u8]),
    /// Nine characters, A-Z and 0-9.
    DocumentNumber(&'a str),
    Secret(Secret, &'a Pin),
}

/// Whether the card has been finished. A card that does not know the command is finished, and not ours.
pub fn finished(card: &mut dyn Channel) -> Result<bool, CardError> {
    let answer = command("GET STAGE", [0x80, 0x10, 0x00, 0x00], &[], Some(0)).exchange(card)?;
    Ok((answer.status, answer.data.as_slice()) != (0x9000, &[0]))
}

/// Makes a key in the card; gives its public point, uncompressed.
pub fn generate(card: &mut dyn Channel, key: Key) -> Result<Vec<u8>, CardError> {
    let point = command("GENERATE KEY", [0x80, 0x47, 0x00, reference(key)], &[], Some(0)).run(card)?;
    match point.as_slice() {
        [0x04, coordinates @ ..] if coordinates.len() == 96 => Ok(point),
        _ => Err(CardError::Malformed("GENERATE KEY")),
    }
}

/// The public point of the key that is in the card.
pub fn public_point(card: &mut dyn Channel, key: Key) -> Result<Vec<u8>, CardError> {
    let header = [0x80, 0x47, 0x01, reference(key)];
    command("READ PUBLIC KEY", header, &[], Some(0)).run(card)
}

/// Whether the certificate (DER) is for the key with this point, and for the use of this one of the two keys.
pub fn fits(certificate: &[u8], key: Key, point: &[u8]) -> bool {
    let Ok(certificate) = Certificate::from_der(certificate) else {
        return false;
    };
    let tbs = certificate.tbs_certificate();
    let certified = tbs.subject_public_key_info().subject_public_key.as_bytes();
    let usage = match tbs.get_extension::<KeyUsage>() {
        Ok(Some((_, usage))) => usage,
        _ => return false,
    };
    let meant = match key {
        Key::Authentication => usage.digital_signature() && !usage.non_repudiation(),
        Key::Signature => usage.non_repudiation() && !usage.digital_signature(),
    };
    meant && certified == Some(point)
}

/// Whether both certificates (DER) are about one subject.
pub fn of_one_subject(one: &[u8], other: &[u8]) -> bool {
    match (Certificate::from_der(one), Certificate::from_der(other)) {
        (Ok(one), Ok(other)) => one.tbs_certificate().subject() == other.tbs_certificate().subject(),
        _ => false,
    }
}

/// A PKCS#10 request (RFC 2986) for the key with the point, signed in the card. The subject is empty: who it is about is the
/// personaliser's statement to the CA, not the card's.
pub fn request(card: &mut dyn Channel, key: Key, point: &[u8], pin: &Pin) -> Result<Vec<u8>, CardError> {
    let encoded = |error: der::Error| {
        let _ = error;
        CardError::Malformed("the public key")
    };
    let info = CertReqInfo {
        version: Version::V1,
        subject: Name::default(),
        public_key: SubjectPublicKeyInfoOwned {
            algorithm: AlgorithmIdentifierOwned {
                oid: ID_EC_PUBLIC_KEY,
                parameters: Some(Any::from(SECP_384_R_1)),
            },
            subject_public_key: BitString::from_bytes(point).map_err(encoded)?,
        },
        attributes: Default::default(),
    };
    let digest: [u8; 48] = Sha384::digest(info.to_der().map_err(encoded)?).into();
    let signature = match key {
        Key::Authentication => esteid2018::authentication_signature(card, pin, &digest)?,
        Key::Signature => esteid2018::signature(card, pin, &digest)?,
    };
    let request = CertReq {
        info,
        algorithm: AlgorithmIdentifierOwned {
            oid: ECDSA_WITH_SHA_384,
            parameters: None,
        },
        signature: BitString::from_bytes(&as_sequence(&signature).map_err(encoded)?).map_err(encoded)?,
    };
    request.to_der().map_err(encoded)
}

/// Writes an object, block by block.
pub fn store(card: &mut dyn Channel, object: Object<'_>) -> Result<(), CardError> {
    let (number, octets) = match object {
        Object::Certificate(Key::Authentication, der) => (0x01, der),
        Object::Certificate(Key::Signature, der) => (0x02, der),
        Object::DocumentNumber(number) => (0x03, number.as_bytes()),
        Object::Secret(Secret::Pin1, pin) => (0x04, pin.field()),
        Object::Secret(Secret::Pin2, pin) => (0x05, pin.field()),
        Object::Secret(Secret::Puk, pin) => (0x06, pin.field()),
    };
    let mut blocks = octets.chunks(BLOCK).zip(0u8..0x80).peekable();
    while let Some((block, count)) = blocks.next() {
        let last = if blocks.peek().is_none() { 0x80 } else { 0x00 };
        command("STORE", [0x80, 0xe2, count | last, number], block, None).run(card)?;
    }
    Ok(())
}

/// Ends personalisation for ever; only a complete card does.
pub fn finish(card: &mut dyn Channel) -> Result<(), CardError> {
    command("FINISH", [0x80, 0x50, 0x00, 0x00], &[], None)
        .run(card)
        .map(|_| ())
}

fn reference(key: Key) -> u8 {
    match key {
        Key::Authentication => 0x81,
        Key::Signature => 0x9f,
    }
}

fn command<'a>(name: &'static str, header: [u8; 4], data: &'a [u8], expected: Option<u8>) -> Command<'a> {
    Command {
        name,
        header,
        data,
        expected,
    }
}

/// `Ecdsa-Sig-Value` (RFC 3279 section 2.2.3).
#[derive(Sequence)]
struct EcdsaSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

fn as_sequence(signature: &[u8]) -> der::Result<Vec<u8>> {
    let (r, s) = signature.split_at_checked(48).unwrap_or_default();
    let signature = EcdsaSignature {
        r: UintRef::new(r)?,
        s: UintRef::new(s)?,
    };
    signature.to_der()
}
