//! The card before it has an owner: commands of our own (class `80`), gone for ever after FINISH.
//!
//! | command | does |
//! |---|---|
//! | `80 10 00 00` | stage: `00` in personalisation, `01` finished |
//! | `80 47 00 KEY` | generates a key (81, 9F); answers the public point |
//! | `80 47 01 KEY` | the public point of a key |
//! | `80 E2 BLOCK OBJECT` | stores one block of an object; blocks count from 0, the last one has bit 8 set |
//! | `80 50 00 00` | FINISH: only a complete card is finished |

use crate::apdu::{Answer, Command, Outcome, Status, done};
use crate::card::Card;
use crate::state::{Key, MOST_TRIES, Secret};
use crate::{pin, sign};

/// The class of all of them.
pub const CLASS: u8 = 0x80;
/// Stores an object; the trace hides those that are secrets.
pub const STORE: u8 = 0xe2;

/// A certificate's most octets.
const MOST_CERTIFICATE: usize = 4096;
/// Characters of a document number: OpenSC reads eleven octets, tag and length among them.
const DOCUMENT_NUMBER: usize = 9;

/// What STORE writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    Certificate(Key),
    DocumentNumber,
    Secret(Secret),
}

impl Object {
    /// What a P2 names.
    pub fn referenced(reference: u8) -> Option<Self> {
        match reference {
            0x01 => Some(Self::Certificate(Key::Authentication)),
            0x02 => Some(Self::Certificate(Key::Signature)),
            0x03 => Some(Self::DocumentNumber),
            0x04 => Some(Self::Secret(Secret::Pin1)),
            0x05 => Some(Self::Secret(Secret::Pin2)),
            0x06 => Some(Self::Secret(Secret::Puk)),
            _ => None,
        }
    }
}

/// An object of which the last block has not come.
pub struct Incoming {
    object: Object,
    blocks: u8,
    octets: Vec<u8>,
}

/// Answers a command of the class.
pub fn answer(card: &mut Card, command: &Command<'_>) -> Outcome {
    let run = match (command.instruction, command.p1, command.p2) {
        (0x10, 0, 0) => return Ok(Answer::from(vec![u8::from(card.state.finished)])),
        (0x47, 0 | 1, _) => key,
        (STORE, _, _) => store,
        (0x50, 0, 0) => finish,
        (0x10 | 0x47 | 0x50, _, _) => return Err(Status::WRONG_P1_P2),
        _ => return Err(Status::UNKNOWN_INSTRUCTION),
    };
    if card.state.finished {
        return Err(Status::CONDITIONS);
    }
    run(card, command)
}

fn key(card: &mut Card, command: &Command<'_>) -> Outcome {
    let key = Key::referenced(command.p2).ok_or(Status::REFERENCE_NOT_FOUND)?;
    if command.p1 == 0 {
        let private = hex::encode(sign::generate().map_err(|_| Status::FAILURE)?);
        // A certificate of the key before says nothing of this one.
        card.keep(|state| {
            state.key_mut(key).private_key = Some(private);
            state.key_mut(key).certificate = None;
        })?;
    }
    let private = card.state.key(key).private_key.as_ref();
    let private = hex::decode(private.ok_or(Status::REFERENCE_NOT_FOUND)?).map_err(|_| Status::FAILURE)?;
    let point = sign::public_point(&private).map_err(|_| Status::FAILURE)?;
    Ok(Answer::from(point))
}

fn store(card: &mut Card, command: &Command<'_>) -> Outcome {
    let object = Object::referenced(command.p2).ok_or(Status::REFERENCE_NOT_FOUND)?;
    let (block, last) = (command.p1 & 0x7f, command.p1 & 0x80 != 0);
    let begun = card.session.incoming.take();
    let mut incoming = match (block, begun) {
        (0, _) => Incoming {
            object,
            blocks: 0,
            octets: Vec::new(),
        },
        (_, Some(begun)) if begun.object == object && begun.blocks == block => begun,
        _ => return Err(Status::CONDITIONS),
    };
    if command.data.is_empty() {
        return Err(Status::WRONG_LENGTH);
    }
    incoming.octets.extend_from_slice(command.data);
    incoming.blocks += 1;
    if incoming.octets.len() > MOST_CERTIFICATE {
        return Err(Status::NOT_ENOUGH_MEMORY);
    }
    if last {
        return keep(card, object, &incoming.octets);
    }
    card.session.incoming = Some(incoming);
    done()
}

fn keep(card: &mut Card, object: Object, octets: &[u8]) -> Outcome {
    match object {
        Object::Certificate(key) => {
            // The length field of the outer SEQUENCE, which readers trust, must be true.
            let whole = matches!(octets, [0x30, 0x82, high, low, rest @ ..]
                if rest.len() == usize::from(u16::from_be_bytes([*high, *low])));
            if !whole {
                return Err(Status::WRONG_DATA);
            }
            if card.state.key(key).private_key.is_none() {
                return Err(Status::CONDITIONS);
            }
            card.keep(|state| state.key_mut(key).certificate = Some(hex::encode(octets)))?;
        }
        Object::DocumentNumber => {
            if octets.len() != DOCUMENT_NUMBER {
                return Err(Status::WRONG_LENGTH);
            }
            let known = |octet: &u8| octet.is_ascii_uppercase() || octet.is_ascii_digit();
            let number: String = octets
                .iter()
                .filter(|octet| known(octet))
                .copied()
                .map(char::from)
                .collect();
            if number.len() != DOCUMENT_NUMBER {
                return Err(Status::WRONG_DATA);
            }
            card.keep(|state| state.document_number = Some(number))?;
        }
        Object::Secret(secret) => {
            let digits = pin::digits(secret, octets)?;
            *card.session.verified(secret) = false;
            card.keep(|state| {
                let secret = state.secret_mut(secret);
                secret.digits = Some(digits);
                secret.left = MOST_TRIES;
            })?;
        }
    }
    done()
}

fn finish(card: &mut Card, _: &Command<'_>) -> Outcome {
    let state = &card.state;
    let certificates = [&state.authentication, &state.signature];
    let secrets = [&state.pin1, &state.pin2, &state.puk];
    let complete = state.document_number.is_some()
        && certificates.iter().all(|key| key.certificate.is_some())
        && secrets.iter().all(|secret| secret.digits.is_some());
    if !complete {
        return Err(Status::CONDITIONS);
    }
    card.keep(|state| state.finished = true)?;
    card.reset();
    done()
}
