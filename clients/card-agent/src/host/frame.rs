//! Messages between browser and host: length (32 bit, of this machine's order), then JSON.

use std::io::{Read, Write};

use serde_json::Value;

/// Longest message a browser's extension sends us.
const LONGEST: usize = 8192;

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    Message(Vec<u8>),
    TooLong,
    /// The browser closed, perhaps in the middle.
    End,
}

/// Reads one message.
pub fn read(input: &mut dyn Read) -> std::io::Result<Frame> {
    let mut length = [0; 4];
    if !filled(input, &mut length)? {
        return Ok(Frame::End);
    }
    let length = usize::try_from(u32::from_ne_bytes(length)).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Ok(Frame::TooLong);
    }
    let mut message = vec![0; length];
    match filled(input, &mut message)? {
        true => Ok(Frame::Message(message)),
        false => Ok(Frame::End),
    }
}

/// Writes one message.
pub fn write(output: &mut dyn Write, message: &Value) -> std::io::Result<()> {
    let text = serde_json::to_vec(message)?;
    let length = u32::try_from(text.len()).map_err(|_| std::io::ErrorKind::InvalidInput)?;
    output.write_all(&length.to_ne_bytes())?;
    output.write_all(&text)?;
    output.flush()
}

fn filled(input: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<bool> {
    match input.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
