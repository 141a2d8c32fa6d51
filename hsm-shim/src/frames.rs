//! Requests and answers over a Unix socket: length, request id, postcard payload; many in flight on one connection.
//!
//! Frame: payload length (u32, big-endian), request id (u64, big-endian), payload. Both ends check with `SO_PEERCRED`
//! who the other is: the same user, or one of the configured [`Peers`].

pub mod client;
pub mod peers;
pub mod server;

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::HsmError;

pub use client::Client;
pub use peers::Peers;
pub use server::{Listener, Stop, bind, bind_for, serve};

/// Longest payload; a longer one ends the connection.
pub const LONGEST_PAYLOAD: usize = 1024 * 1024;
pub(crate) const HEADER: usize = 12;

/// Why a call brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error("no answer before the deadline")]
    Timeout,
    /// The request may have been carried out.
    #[error("the connection ended before the answer")]
    Broken,
    #[error("a payload of more than {LONGEST_PAYLOAD} octets")]
    TooLong,
    #[error("a payload that does not decode")]
    Malformed,
    #[error("the other end runs as a user that is not expected there")]
    Stranger,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<FrameError> for HsmError {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Timeout => Self::Timeout { maybe_executed: true },
            other => Self::down(other.to_string()),
        }
    }
}

/// A whole frame.
pub(crate) fn encode<T: Serialize>(id: u64, message: &T) -> Result<Vec<u8>, FrameError> {
    let payload = postcard::to_stdvec(message).map_err(|_| FrameError::Malformed)?;
    let length = u32::try_from(payload.len()).map_err(|_| FrameError::TooLong)?;
    if payload.len() > LONGEST_PAYLOAD {
        return Err(FrameError::TooLong);
    }
    let mut frame = Vec::with_capacity(HEADER + payload.len());
    frame.extend(length.to_be_bytes());
    frame.extend(id.to_be_bytes());
    frame.extend(payload);
    Ok(frame)
}

/// A payload that must be `T` to its last octet.
pub(crate) fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, FrameError> {
    match postcard::take_from_bytes(payload) {
        Ok((message, [])) => Ok(message),
        _ => Err(FrameError::Malformed),
    }
}

/// Payload length and request id of a frame's first twelve octets.
pub(crate) fn header(octets: [u8; HEADER]) -> Result<(usize, u64), FrameError> {
    let [a, b, c, d, id @ ..] = octets;
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    if length > LONGEST_PAYLOAD {
        return Err(FrameError::TooLong);
    }
    Ok((length, u64::from_be_bytes(id)))
}

/// Writes one message, blocking (a worker's standard streams).
pub fn write_message<T: Serialize>(output: &mut impl Write, message: &T) -> Result<(), FrameError> {
    output.write_all(&encode(0, message)?)?;
    Ok(output.flush()?)
}

/// Reads one message, blocking.
pub fn read_message<T: DeserializeOwned>(input: &mut impl Read) -> Result<T, FrameError> {
    let (_, payload) = read_frame(input)?;
    decode(&payload)
}

pub(crate) fn read_frame(input: &mut impl Read) -> Result<(u64, Vec<u8>), FrameError> {
    let mut head = [0; HEADER];
    input.read_exact(&mut head)?;
    let (length, id) = header(head)?;
    let mut payload = vec![0; length];
    input.read_exact(&mut payload)?;
    Ok((id, payload))
}
