//! SELECT and READ BINARY (ISO/IEC 7816-4 sections 11.1.1 and 11.2.3).

use crate::apdu::{Answer, Command, Outcome, Status, done};
use crate::card::Card;
use crate::file::{Directory, File};

/// `00 A4`: by id (00), child directory (01), child file (02), application (04), path from the master file (08) or from here (09).
pub fn select(card: &mut Card, command: &Command<'_>) -> Outcome {
    let wants_control = match command.p2 {
        0x00 | 0x04 => true,
        0x0c => false,
        _ => return Err(Status::WRONG_P1_P2),
    };
    let here = card.session.directory;
    let (directory, file) = match command.p1 {
        0x00 => by_id(here, command.data)?,
        0x01 => (here.child(id(command.data)?).ok_or(Status::FILE_NOT_FOUND)?, None),
        0x02 => (here, Some(here.file(id(command.data)?).ok_or(Status::FILE_NOT_FOUND)?)),
        0x04 => (application(card, command.data)?, None),
        0x08 => by_path(Directory::Master, command.data)?,
        0x09 => by_path(here, command.data)?,
        _ => return Err(Status::WRONG_P1_P2),
    };
    let length = match file {
        Some(file) => Some(file.contents(&card.state).ok_or(Status::FILE_NOT_FOUND)?.len()),
        None => None,
    };
    enter(card, directory);
    card.session.file = file;
    if !wants_control {
        return done();
    }
    let (tag, [high, low]) = match length {
        Some(length) => (0x80, u16::try_from(length).map_err(|_| Status::FAILURE)?.to_be_bytes()),
        None => (0x83, directory.id()),
    };
    Ok(Answer::from(vec![0x62, 0x04, tag, 0x02, high, low]))
}

/// `00 B0`: at an offset of the selected file.
pub fn read_binary(card: &mut Card, command: &Command<'_>) -> Outcome {
    let contents = card.session.file.and_then(|file| file.contents(&card.state));
    let contents = contents.ok_or(Status::NO_CURRENT_FILE)?;
    let (true, Some(expected)) = (command.data.is_empty(), command.expected) else {
        return Err(Status::WRONG_LENGTH);
    };
    // Short file identifiers are not part of the layout.
    if command.p1 & 0x80 != 0 {
        return Err(Status::FILE_NOT_FOUND);
    }
    let offset = usize::from(u16::from_be_bytes([command.p1, command.p2]));
    let rest = contents.get(offset..).filter(|rest| !rest.is_empty());
    let rest = rest.ok_or(Status::WRONG_OFFSET)?;
    let data: Vec<u8> = rest.iter().copied().take(expected).collect();
    let short = data.len() < expected && expected != 256;
    let status = if short { Status::END_OF_FILE } else { Status::OK };
    Ok(Answer { data, status })
}

fn id(data: &[u8]) -> Result<[u8; 2], Status> {
    data.try_into().map_err(|_| Status::WRONG_LENGTH)
}

fn by_id(here: Directory, data: &[u8]) -> Result<(Directory, Option<File>), Status> {
    if data.is_empty() {
        return Ok((Directory::Master, None));
    }
    let id = id(data)?;
    if id == Directory::MASTER {
        return Ok((Directory::Master, None));
    }
    if let Some(child) = here.child(id) {
        return Ok((child, None));
    }
    here.file(id)
        .map(|file| (here, Some(file)))
        .ok_or(Status::FILE_NOT_FOUND)
}

fn by_path(from: Directory, path: &[u8]) -> Result<(Directory, Option<File>), Status> {
    if path.is_empty() || !path.len().is_multiple_of(2) {
        return Err(Status::WRONG_LENGTH);
    }
    let (mut directory, mut file) = (from, None);
    for step in path.chunks_exact(2) {
        let step = id(step)?;
        if file.is_some() {
            return Err(Status::FILE_NOT_FOUND);
        }
        match (directory.child(step), directory.file(step)) {
            (Some(child), _) => directory = child,
            (None, Some(found)) => file = Some(found),
            (None, None) => return Err(Status::FILE_NOT_FOUND),
        }
    }
    Ok((directory, file))
}

/// Selecting the main application is what OpenSC does to log out: nothing stays verified.
fn application(card: &mut Card, identifier: &[u8]) -> Result<Directory, Status> {
    let directory = Directory::application(identifier).ok_or(Status::FILE_NOT_FOUND)?;
    if directory == Directory::Master {
        card.session.pin1 = false;
        card.session.pin2 = false;
        card.session.puk = false;
    }
    Ok(directory)
}

/// PIN2 belongs to ADF2: it holds there and on the way through the master file, and ends in the other application.
fn enter(card: &mut Card, directory: Directory) {
    if directory != card.session.directory {
        card.session.key = None;
    }
    if directory == Directory::Authentication {
        card.session.pin2 = false;
    }
    card.session.directory = directory;
}
