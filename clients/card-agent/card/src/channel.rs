//! The way to a card, for whoever holds it alone for a while.

use crate::error::ReaderError;

/// Sends one command APDU, gives the response with its status.
pub trait Channel {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ReaderError>;
}
