//! VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER (ISO/IEC 7816-4 sections 11.5.6, 11.5.7, 11.5.10).

use crate::apdu::{Command, Outcome, Status, done};
use crate::card::Card;
use crate::file::Directory;
use crate::state::{MOST_TRIES, Secret};

/// Octets of a secret on the wire: digits, then `FF`.
const LENGTH: usize = 12;

/// `00 20 00 P2`; without data it asks whether the secret is verified.
pub fn verify(card: &mut Card, command: &Command<'_>) -> Outcome {
    let secret = addressed(card, command, 0x00)?;
    if command.data.is_empty() {
        return match card.state.secret(secret).left {
            0 => Err(Status::BLOCKED),
            _ if *card.session.verified(secret) => done(),
            left => Err(Status::tries(left)),
        };
    }
    let digits = digits(secret, command.data)?;
    compare(card, secret, &digits)?;
    *card.session.verified(secret) = true;
    done()
}

/// `00 24 00 P2`: the old secret, then the new one. A new one that may not be costs no try.
pub fn change(card: &mut Card, command: &Command<'_>) -> Outcome {
    let secret = addressed(card, command, 0x00)?;
    let Some((old, new)) = command.data.split_at_checked(LENGTH) else {
        return Err(Status::WRONG_LENGTH);
    };
    let (old, new) = (digits(secret, old)?, digits(secret, new)?);
    if old == new {
        return Err(Status::CONDITIONS);
    }
    compare(card, secret, &old)?;
    card.keep(|state| state.secret_mut(secret).digits = Some(new))?;
    *card.session.verified(secret) = false;
    done()
}

/// `00 2C 02 P2`: a new PIN and all tries back, once for each verification of the PUK.
pub fn reset_retry_counter(card: &mut Card, command: &Command<'_>) -> Outcome {
    let secret = addressed(card, command, 0x02)?;
    if secret == Secret::Puk {
        return Err(Status::REFERENCE_NOT_FOUND);
    }
    let digits = digits(secret, command.data)?;
    if !card.session.puk {
        return Err(Status::SECURITY_STATUS);
    }
    card.session.puk = false;
    *card.session.verified(secret) = false;
    card.keep(|state| {
        let secret = state.secret_mut(secret);
        secret.digits = Some(digits);
        secret.left = MOST_TRIES;
    })?;
    done()
}

/// The digits in a padded field, when they may be this secret.
pub fn digits(secret: Secret, field: &[u8]) -> Result<String, Status> {
    if field.len() != LENGTH {
        return Err(Status::WRONG_LENGTH);
    }
    let length = field.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let padded = field.iter().skip(length).all(|octet| *octet == 0xff);
    if !padded || length < secret.fewest_digits() {
        return Err(Status::WRONG_DATA);
    }
    Ok(field.iter().take(length).copied().map(char::from).collect())
}

/// PIN2 exists in ADF2 alone; PIN1 and PUK are the whole card's.
fn addressed(card: &Card, command: &Command<'_>, p1: u8) -> Result<Secret, Status> {
    if command.p1 != p1 {
        return Err(Status::WRONG_P1_P2);
    }
    let secret = Secret::referenced(command.p2).ok_or(Status::REFERENCE_NOT_FOUND)?;
    let here = secret != Secret::Pin2 || card.session.directory == Directory::Signature;
    if !here || card.state.secret(secret).digits.is_none() {
        return Err(Status::REFERENCE_NOT_FOUND);
    }
    Ok(secret)
}

/// The try is spent on disk before the comparison: power taken away in between gives nothing back.
fn compare(card: &mut Card, secret: Secret, digits: &str) -> Result<(), Status> {
    *card.session.verified(secret) = false;
    let left = card.state.secret(secret).left;
    let left = left.checked_sub(1).ok_or(Status::BLOCKED)?;
    card.keep(|state| state.secret_mut(secret).left = left)?;
    let right = card.state.secret(secret).digits.as_deref();
    let right = right.is_some_and(|right| openssl::memcmp::eq(&padded(right), &padded(digits)));
    if !right {
        return Err(Status::tries(left));
    }
    card.keep(|state| state.secret_mut(secret).left = MOST_TRIES)
}

fn padded(digits: &str) -> [u8; LENGTH] {
    let mut field = [0xff; LENGTH];
    for (octet, digit) in field.iter_mut().zip(digits.bytes()) {
        *octet = digit;
    }
    field
}
