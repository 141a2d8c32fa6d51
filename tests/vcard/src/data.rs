//! GET DATA of a secret's tries (`00 CB 3F FF`), the one object the layout's readers ask for.

use crate::apdu::{Answer, Command, Outcome, Status};
use crate::card::Card;
use crate::file::Directory;
use crate::state::{MOST_TRIES, Secret};

/// Most and remaining tries of the secret, as `9A` and `9B` in the object of the card's file system.
pub fn get_data(card: &mut Card, command: &Command<'_>) -> Outcome {
    if (command.p1, command.p2) != (0x3f, 0xff) {
        return Err(Status::WRONG_P1_P2);
    }
    let [0x4d, 0x08, 0x70, 0x06, 0xbf, 0x81, number, 0x02, 0xa0, 0x80] = *command.data else {
        return Err(Status::WRONG_DATA);
    };
    let secret = match number {
        0x01 => Secret::Pin1,
        0x02 => Secret::Puk,
        0x05 if card.session.directory == Directory::Signature => Secret::Pin2,
        _ => return Err(Status::REFERENCE_NOT_FOUND),
    };
    let left = card.state.secret(secret).left;
    let mut object = vec![0x70, 0x1e, 0xbf, 0x81, number, 0x1a, 0xa0, 0x18];
    object.extend_from_slice(&[0x9a, 0x01, MOST_TRIES, 0x9b, 0x01, left]);
    // Access rules; readers skip them.
    object.extend_from_slice(&[0xa1, 0x10, 0x8c, 0x06, 0xf3, 0, 0, 0x73, 0x43, 0]);
    object.extend_from_slice(&[0x9c, 0x06, 0xf3, 0, 0, 0x73, 0x43, 0]);
    Ok(Answer::from(object))
}
