//! The card's end of vpcd's wire: each message is a length (16 bit, big-endian) and that many octets.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use crate::{ATR, Card, Trace};

const POWER_OFF: u8 = 0;
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const ANSWER_TO_RESET: u8 = 4;

/// Serves the card until the reader goes away.
pub fn serve<W: Write>(mut reader: TcpStream, card: &mut Card, trace: &mut Trace<W>) -> std::io::Result<()> {
    reader.set_nodelay(true)?;
    card.reset();
    while let Some(message) = receive(&mut reader)? {
        match *message.as_slice() {
            [POWER_OFF | POWER_ON | RESET] => card.reset(),
            [ANSWER_TO_RESET] => send(&mut reader, &ATR)?,
            [] | [_] => return Err(std::io::Error::new(ErrorKind::InvalidData, "unknown control message")),
            _ => {
                let response = card.transmit(&message);
                trace.exchange(&message, &response)?;
                send(&mut reader, &response)?;
            }
        }
    }
    Ok(())
}

/// vpcd writes length and body apart: without a quick acknowledgement of the first, Nagle's algorithm holds the second for 40 ms.
/// The kernel forgets the option, so it is set anew before each read.
fn receive(reader: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut length = [0; 2];
    rustix::net::sockopt::set_tcp_quickack(&*reader, true)?;
    match reader.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => return Ok(None),
        Err(error) => return Err(error),
    }
    rustix::net::sockopt::set_tcp_quickack(&*reader, true)?;
    let mut body = vec![0; usize::from(u16::from_be_bytes(length))];
    reader.read_exact(&mut body)?;
    Ok(Some(body))
}

fn send(reader: &mut TcpStream, body: &[u8]) -> std::io::Result<()> {
    let length = u16::try_from(body.len()).map_err(|_| ErrorKind::InvalidInput)?;
    let mut message = length.to_be_bytes().to_vec();
    message.extend_from_slice(body);
    reader.write_all(&message)
}
