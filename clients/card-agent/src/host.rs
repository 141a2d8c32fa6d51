//! The native-messaging host: the version first, then one command, one response, and the end (Web eID's contract).

mod frame;
pub mod request;

use std::io::{Read, Write};
use std::os::fd::AsFd;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::{Value, json};
use signum_card::HashFunction;

use self::frame::Frame;
use self::request::Request;
use crate::action::Agent;
use crate::refusal::Refusal;

/// Of the contract, not of this program: callers want at least 2.
const CONTRACT: &str = concat!("2.5.0+signum-", env!("CARGO_PKG_VERSION"));

/// Serves one command. A browser that closes before one is no failure.
pub fn serve(input: &mut dyn Read, output: &mut dyn Write, agent: &mut Agent<'_>) -> std::io::Result<()> {
    frame::write(output, &json!({ "version": CONTRACT }))?;
    let result = match frame::read(input)? {
        Frame::End => return Ok(()),
        Frame::Message(message) => answer(&message, agent),
        Frame::TooLong => Err(Refusal::InvalidArgument("the message is longer than 8192 octets")),
    };
    let response =
        result.unwrap_or_else(|refusal| json!({ "error": { "code": refusal.code(), "message": refusal.to_string() } }));
    frame::write(output, &response)
}

/// Whether the browser has closed our standard input: the page is gone, or the extension waits no longer. It sends nothing after
/// the one message.
pub fn browser_is_gone() -> bool {
    closed(&std::io::stdin())
}

fn closed(input: &impl AsFd) -> bool {
    let mut polled = [PollFd::new(input, PollFlags::IN)];
    if poll(&mut polled, Some(&Timespec::default())).is_err() {
        return true;
    }
    let [polled] = polled;
    let events = polled.revents();
    match events.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
        true => true,
        // A socket that was closed is readable, and gives nothing.
        false => events.contains(PollFlags::IN) && !matches!(rustix::io::read(input, &mut [0; 1]), Ok(1)),
    }
}

fn answer(message: &[u8], agent: &mut Agent<'_>) -> Result<Value, Refusal> {
    match Request::read(message, agent.rule)? {
        Request::Quit => Ok(json!({})),
        Request::Authenticate(request) => {
            let token = agent.authenticate(&request)?;
            Ok(json!({
                "unverifiedCertificate": STANDARD.encode(token.certificate),
                "algorithm": token.algorithm,
                "signature": STANDARD.encode(token.signature),
                "format": "web-eid:1.0",
                "appVersion": concat!("https://web-eid.eu/web-eid-app/releases/2.5.0+signum-", env!("CARGO_PKG_VERSION")),
            }))
        }
        Request::SigningCertificate(request) => {
            let shown = agent.signing_certificate(&request)?;
            let algorithms: Vec<_> = shown.hash_functions.iter().map(algorithm).collect();
            Ok(json!({
                "certificate": STANDARD.encode(shown.certificate),
                "supportedSignatureAlgorithms": algorithms,
            }))
        }
        Request::Sign(request) => {
            let signature = agent.sign(&request)?;
            Ok(json!({
                "signature": STANDARD.encode(signature),
                "signatureAlgorithm": algorithm(&request.digest.function()),
            }))
        }
    }
}

fn algorithm(function: &HashFunction) -> Value {
    json!({ "cryptoAlgorithm": "ECC", "hashFunction": function.name(), "paddingScheme": "NONE" })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_browser_that_waits_is_there_and_one_that_closed_pipe_or_socket_is_gone() {
        let (reader, writer) = std::io::pipe().unwrap();
        assert!(!closed(&reader));
        drop(writer);
        assert!(closed(&reader));
        let (ours, browsers) = UnixStream::pair().unwrap();
        assert!(!closed(&ours));
        drop(browsers);
        assert!(closed(&ours));
    }
}
