//! MANAGE SECURITY ENVIRONMENT, INTERNAL AUTHENTICATE and PSO: COMPUTE DIGITAL SIGNATURE (ISO/IEC 7816-8), ECDSA over P-384.

use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};

use crate::apdu::{Answer, Command, Outcome, Status, done};
use crate::card::Card;
use crate::file::Directory;
use crate::state::Key;

/// Octets of a digest that is signed, and of each half of a signature.
const DIGEST: i32 = 48;

/// `00 22 41 A4|B6`: which key the next signature is made with. OpenSC names algorithms by four octets, libelectronic-id by one.
pub fn manage_security_environment(card: &mut Card, command: &Command<'_>) -> Outcome {
    if command.p1 != 0x41 {
        return Err(Status::WRONG_P1_P2);
    }
    let (key, algorithms, home): (_, [&[u8]; 2], _) = match command.p2 {
        0xa4 => (
            Key::Authentication,
            [&[0xff, 0x20, 0x08, 0x00], &[0x04]],
            Directory::Authentication,
        ),
        0xb6 => (
            Key::Signature,
            [&[0xff, 0x15, 0x08, 0x00], &[0x54]],
            Directory::Signature,
        ),
        _ => return Err(Status::WRONG_P1_P2),
    };
    card.session.key = None;
    let ([0x80, length, rest @ ..], true) = (command.data, command.data.len() >= 2) else {
        return Err(Status::WRONG_DATA);
    };
    let Some((algorithm, [0x84, 0x01, reference])) = rest.split_at_checked(usize::from(*length)) else {
        return Err(Status::WRONG_DATA);
    };
    if !algorithms.contains(&algorithm) {
        return Err(Status::WRONG_DATA);
    }
    let present = card.state.key(key).private_key.is_some();
    if Key::referenced(*reference) != Some(key) || card.session.directory != home || !present {
        return Err(Status::REFERENCE_NOT_FOUND);
    }
    card.session.key = Some(key);
    done()
}

/// `00 88 00 00`: with the authentication key, after PIN1.
pub fn internal_authenticate(card: &mut Card, command: &Command<'_>) -> Outcome {
    if (command.p1, command.p2) != (0x00, 0x00) {
        return Err(Status::WRONG_P1_P2);
    }
    let verified = card.session.pin1;
    sign(card, Key::Authentication, verified, command.data)
}

/// `00 2A 9E 9A`: with the signature key, one signature for each PIN2.
pub fn compute_digital_signature(card: &mut Card, command: &Command<'_>) -> Outcome {
    if (command.p1, command.p2) != (0x9e, 0x9a) {
        return Err(Status::WRONG_P1_P2);
    }
    let verified = card.session.pin2;
    let answer = sign(card, Key::Signature, verified, command.data);
    if verified && !matches!(answer, Err(Status::WRONG_LENGTH | Status::CONDITIONS)) {
        card.session.pin2 = false;
    }
    answer
}

fn sign(card: &mut Card, key: Key, verified: bool, digest: &[u8]) -> Outcome {
    if i32::try_from(digest.len()) != Ok(DIGEST) {
        return Err(Status::WRONG_LENGTH);
    }
    if card.session.key != Some(key) {
        return Err(Status::CONDITIONS);
    }
    if !verified {
        return Err(Status::SECURITY_STATUS);
    }
    let private = card.state.key(key).private_key.as_ref();
    let private = hex::decode(private.ok_or(Status::REFERENCE_NOT_FOUND)?).map_err(|_| Status::FAILURE)?;
    let signature = signature(&private, digest).map_err(|_| Status::FAILURE)?;
    Ok(Answer::from(signature))
}

/// r and s, 48 octets each.
fn signature(private: &[u8], digest: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let key = PKey::private_key_from_der(private)?.ec_key()?;
    let signature = EcdsaSig::sign(digest, &key)?;
    let mut octets = signature.r().to_vec_padded(DIGEST)?;
    octets.extend(signature.s().to_vec_padded(DIGEST)?);
    Ok(octets)
}

/// A new key: PKCS#8, DER.
pub fn generate() -> Result<Vec<u8>, ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::SECP384R1)?;
    PKey::from_ec_key(EcKey::generate(&group)?)?.private_key_to_pkcs8()
}

/// The public point, uncompressed: `04`, x, y.
pub fn public_point(private: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let key: EcKey<Private> = PKey::private_key_from_der(private)?.ec_key()?;
    let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
    let mut context = openssl::bn::BigNumContext::new()?;
    key.public_key()
        .affine_coordinates(key.group(), &mut x, &mut y, &mut context)?;
    let mut point = vec![0x04];
    point.extend(x.to_vec_padded(DIGEST)?);
    point.extend(y.to_vec_padded(DIGEST)?);
    Ok(point)
}
