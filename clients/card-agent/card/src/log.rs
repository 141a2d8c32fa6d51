//! A log of commands for whoever mends a card problem: no PIN is in it, and nothing else that is secret.

use std::io::Write;

use crate::channel::Channel;
use crate::error::ReaderError;

/// A channel that writes down what passes.
pub struct Log<'a> {
    pub channel: &'a mut dyn Channel,
    pub to: &'a mut dyn Write,
}

impl Channel for Log<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ReaderError> {
        writeln!(self.to, "> {}", described(command)).map_err(ReaderError::Log)?;
        let response = self.channel.transmit(command)?;
        let split = response.len().saturating_sub(2);
        let (data, status) = response.split_at_checked(split).unwrap_or_default();
        // Certificates name people: of data, the length alone.
        writeln!(self.to, "< {} octets, {}", data.len(), hex::encode(status)).map_err(ReaderError::Log)?;
        Ok(response)
    }
}

/// A command in hexadecimal: VERIFY, CHANGE, RESET and the objects of personalisation by their headers alone.
pub fn described(command: &[u8]) -> String {
    let secret = matches!(command, [_, 0x20 | 0x24 | 0x2c, ..] | [0x80, 0xe2, ..]);
    match command.split_at_checked(5) {
        Some((header, data)) if secret && !data.is_empty() => {
            format!("{} ({} octets not shown)", hex::encode(header), data.len())
        }
        _ => hex::encode(command),
    }
}
