//! EstEID 2018 (IDEMIA IAS-ECC): two P-384 keys, PIN1, PIN2 and PUK. The layout stock OpenSC calls `esteid2018`.

use sha2::{Digest as _, Sha384};

use crate::apdu::Command;
use crate::channel::Channel;
use crate::digest::{Digest, HashFunction};
use crate::error::CardError;
use crate::pin::{Pin, PinRule, Secret, Tries};
use crate::profile::{Key, Profile};

/// The profile.
pub struct EstEid2018;

const ANSWER_TO_RESET: [u8; 22] = [
    0x3b, 0xdb, 0x96, 0x00, 0x80, 0xb1, 0xfe, 0x45, 0x1f, 0x83, 0x00, 0x12, 0x23, 0x3f, 0x53, 0x65, 0x49, 0x44, 0x0f,
    0x90, 0x00, 0xf1,
];
const MAIN: [u8; 16] = [0xa0, 0, 0, 0, 0x77, 1, 8, 0, 7, 0, 0, 0xfe, 0, 0, 1, 0];
const AUTHENTICATION: [u8; 13] = [
    0xe8, 0x28, 0xbd, 0x08, 0x0f, 0xf2, 0x50, 0x4f, 0x54, 0x20, 0x41, 0x57, 0x50,
];
const SIGNATURE: [u8; 16] = *b"QSCD Application";

/// Octets of a digest the card signs, half of a signature.
const FIELD: usize = 48;
/// One READ BINARY.
const PIECE: usize = 0xe7;
const LONGEST_FILE: usize = 8192;

impl Profile for EstEid2018 {
    fn name(&self) -> &'static str {
        "EstEID 2018 (IDEMIA)"
    }

    fn recognises(&self, answer_to_reset: &[u8]) -> bool {
        answer_to_reset == ANSWER_TO_RESET
    }

    fn document_number(&self, card: &mut dyn Channel) -> Result<String, CardError> {
        let file = read(card, "the document number", &[0xd0, 0x03])?;
        match file.as_slice() {
            [0x04, length, number @ ..] if usize::from(*length) == number.len() => {
                String::from_utf8(number.to_vec()).ok()
            }
            _ => None,
        }
        .ok_or(CardError::Malformed("the document number"))
    }

    fn certificate(&self, card: &mut dyn Channel, key: Key) -> Result<Vec<u8>, CardError> {
        match key {
            Key::Authentication => read(card, "the authentication certificate", &[0xad, 0xf1, 0x34, 0x01]),
            Key::Signature => read(card, "the signature certificate", &[0xad, 0xf2, 0x34, 0x1f]),
        }
    }

    fn pin_rule(&self, secret: Secret) -> PinRule {
        let fewest = match secret {
            Secret::Pin1 => 4,
            Secret::Pin2 => 5,
            Secret::Puk => 8,
        };
        PinRule { fewest, most: 12 }
    }

    fn tries(&self, card: &mut dyn Channel, secret: Secret) -> Result<Tries, CardError> {
        let (application, number) = match secret {
            Secret::Pin1 => (&MAIN[..], 0x01),
            Secret::Pin2 => (&SIGNATURE[..], 0x05),
            Secret::Puk => (&MAIN[..], 0x02),
        };
        select(card, application)?;
        let command = Command {
            name: "GET DATA",
            header: [0x00, 0xcb, 0x3f, 0xff],
            data: &[0x4d, 0x08, 0x70, 0x06, 0xbf, 0x81, number, 0x02, 0xa0, 0x80],
            expected: Some(0),
        };
        match command.run(card)?.get(8..14) {
            Some([0x9a, 0x01, most, 0x9b, 0x01, left]) => Ok(Tries {
                left: *left,
                most: *most,
            }),
            _ => Err(CardError::Malformed("GET DATA")),
        }
    }

    fn authentication_algorithm(&self) -> &'static str {
        "ES384"
    }

    fn hash_functions(&self) -> &'static [HashFunction] {
        &HashFunction::ALL
    }

    fn authenticate(
        &self,
        card: &mut dyn Channel,
        pin: &Pin,
        origin: &str,
        challenge: &str,
    ) -> Result<Vec<u8>, CardError> {
        let parts = Sha384::new()
            .chain_update(Sha384::digest(origin))
            .chain_update(Sha384::digest(challenge));
        authentication_signature(card, pin, &parts.finalize().into())
    }

    fn sign(&self, card: &mut dyn Channel, pin: &Pin, digest: &Digest) -> Result<Vec<u8>, CardError> {
        signature(card, pin, &digest.for_key_of(FIELD))
    }
}

/// With the authentication key. Only digests made in this crate come here.
pub(crate) fn authentication_signature(
    card: &mut dyn Channel,
    pin: &Pin,
    digest: &[u8; FIELD],
) -> Result<Vec<u8>, CardError> {
    select(card, &AUTHENTICATION)?;
    choose(card, 0xa4, &[0x80, 0x04, 0xff, 0x20, 0x08, 0x00, 0x84, 0x01, 0x81])?;
    verify(card, Secret::Pin1, pin)?;
    let command = Command {
        name: "INTERNAL AUTHENTICATE",
        header: [0x00, 0x88, 0x00, 0x00],
        data: digest,
        expected: Some(0),
    };
    of_two_halves(command.run(card)?, "INTERNAL AUTHENTICATE")
}

/// With the signature key.
pub(crate) fn signature(card: &mut dyn Channel, pin: &Pin, digest: &[u8]) -> Result<Vec<u8>, CardError> {
    select(card, &SIGNATURE)?;
    choose(card, 0xb6, &[0x80, 0x04, 0xff, 0x15, 0x08, 0x00, 0x84, 0x01, 0x9f])?;
    verify(card, Secret::Pin2, pin)?;
    let command = Command {
        name: "COMPUTE DIGITAL SIGNATURE",
        header: [0x00, 0x2a, 0x9e, 0x9a],
        data: digest,
        expected: Some(0),
    };
    of_two_halves(command.run(card)?, "COMPUTE DIGITAL SIGNATURE")
}

fn select(card: &mut dyn Channel, application: &[u8]) -> Result<(), CardError> {
    let command = Command {
        name: "SELECT",
        header: [0x00, 0xa4, 0x04, 0x0c],
        data: application,
        expected: None,
    };
    command.run(card).map(|_| ())
}

fn choose(card: &mut dyn Channel, template: u8, data: &[u8]) -> Result<(), CardError> {
    let command = Command {
        name: "MANAGE SECURITY ENVIRONMENT",
        header: [0x00, 0x22, 0x41, template],
        data,
        expected: None,
    };
    command.run(card).map(|_| ())
}

fn verify(card: &mut dyn Channel, secret: Secret, pin: &Pin) -> Result<(), CardError> {
    let reference = match secret {
        Secret::Pin1 => 0x01,
        Secret::Pin2 => 0x85,
        Secret::Puk => 0x02,
    };
    let command = Command {
        name: "VERIFY",
        header: [0x00, 0x20, 0x00, reference],
        data: pin.field(),
        expected: None,
    };
    match command.exchange(card)?.status {
        0x9000 => Ok(()),
        0x63c0 | 0x6983 => Err(CardError::Blocked(secret)),
        0x6700 | 0x6a80 => Err(CardError::PinForm(secret)),
        status => match status.to_be_bytes() {
            [0x63, left @ 0xc1..=0xcf] => Err(CardError::WrongPin {
                secret,
                left: left & 0x0f,
            }),
            _ => Err(CardError::Refused {
                command: "VERIFY",
                status,
            }),
        },
    }
}

/// A file by its path from the main application, whole.
fn read(card: &mut dyn Channel, what: &'static str, path: &[u8]) -> Result<Vec<u8>, CardError> {
    select(card, &MAIN)?;
    let found = Command {
        name: "SELECT",
        header: [0x00, 0xa4, 0x09, 0x04],
        data: path,
        expected: Some(0),
    };
    let found = found.exchange(card)?;
    let length = match (found.status, found.data.as_slice()) {
        (0x6a82, _) => return Err(CardError::Missing(what)),
        (0x9000, [0x62, 0x04, 0x80, 0x02, high, low]) => usize::from(u16::from_be_bytes([*high, *low])),
        _ => return Err(CardError::Malformed(what)),
    };
    if length > LONGEST_FILE {
        return Err(CardError::Malformed(what));
    }
    let mut contents = Vec::with_capacity(length);
    while contents.len() < length {
        let [high, low] = u16::try_from(contents.len())
            .map_err(|_| CardError::Malformed(what))?
            .to_be_bytes();
        let piece = PIECE.min(length - contents.len());
        let command = Command {
            name: "READ BINARY",
            header: [0x00, 0xb0, high, low],
            data: &[],
            expected: u8::try_from(piece).ok(),
        };
        let data = command.run(card)?;
        if data.is_empty() || data.len() > piece {
            return Err(CardError::Malformed(what));
        }
        contents.extend(data);
    }
    Ok(contents)
}

fn of_two_halves(signature: Vec<u8>, command: &'static str) -> Result<Vec<u8>, CardError> {
    if signature.len() == 2 * FIELD {
        Ok(signature)
    } else {
        Err(CardError::Malformed(command))
    }
}
