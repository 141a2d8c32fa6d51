//! What the card was told and answered, without the PINs.

use std::io::Write;

use crate::personalise::{CLASS, Object, STORE};

/// Writes one line for each command and response.
pub struct Trace<W> {
    to: Option<W>,
}

impl<W: Write> Trace<W> {
    /// Into `to`, or nowhere.
    pub fn new(to: Option<W>) -> Self {
        Self { to }
    }

    /// A command and its response.
    pub fn exchange(&mut self, command: &[u8], response: &[u8]) -> std::io::Result<()> {
        match &mut self.to {
            Some(to) => writeln!(to, "> {}\n< {}", described(command), hex::encode(response)),
            None => Ok(()),
        }
    }
}

/// A command in hexadecimal; of one that carries a PIN, header and length alone.
pub fn described(command: &[u8]) -> String {
    let secret = match command {
        [_, 0x20 | 0x24 | 0x2c, ..] => true,
        [CLASS, STORE, _, object, ..] => !matches!(
            Object::referenced(*object),
            Some(Object::Certificate(_) | Object::DocumentNumber)
        ),
        _ => false,
    };
    match command.split_at_checked(5) {
        Some((header, data)) if secret && !data.is_empty() => {
            format!("{} ({} octets not shown)", hex::encode(header), data.len())
        }
        _ => hex::encode(command),
    }
}
