//! clientDataJSON: what the browser says of the ceremony (WebAuthn section 5.8.1), parsed as JSON and never compared with a template.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::RelyingParty;
use crate::assertion::GestureError;
use crate::encoding::{CLIENT_DATA_MAX, base64url};

/// Which ceremony the client data must be of.
#[derive(Clone, Copy)]
pub(crate) enum Ceremony {
    Create,
    Get,
}

/// Members that we judge; a browser may add others at any time.
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: Option<bool>,
    #[serde(rename = "topOrigin", default)]
    top_origin: Option<serde_json::Value>,
}

/// The challenge that is named, where it has the length of ours.
pub(crate) fn challenge(json: &[u8]) -> Result<[u8; 32], GestureError> {
    let data: ClientData = serde_json::from_slice(json).map_err(|_| GestureError::Malformed)?;
    let octets = URL_SAFE_NO_PAD
        .decode(data.challenge)
        .map_err(|_| GestureError::Malformed)?;
    octets.try_into().map_err(|_| GestureError::WrongChallenge)
}

/// Checks type, challenge, origin and that no foreign frame was involved (sections 7.1 and 7.2, steps on C).
pub(crate) fn check(json: &[u8], ceremony: Ceremony, rp: &RelyingParty, challenge: &[u8]) -> Result<(), GestureError> {
    if json.len() > CLIENT_DATA_MAX {
        return Err(GestureError::Malformed);
    }
    let data: ClientData = serde_json::from_slice(json).map_err(|_| GestureError::Malformed)?;
    let kind = match ceremony {
        Ceremony::Create => "webauthn.create",
        Ceremony::Get => "webauthn.get",
    };
    if data.kind != kind {
        return Err(GestureError::WrongType);
    }
    let expected = base64url(challenge);
    if !bool::from(data.challenge.as_bytes().ct_eq(expected.as_bytes())) {
        return Err(GestureError::WrongChallenge);
    }
    if data.origin != rp.origin {
        return Err(GestureError::WrongOrigin);
    }
    if data.cross_origin == Some(true) || data.top_origin.is_some() {
        return Err(GestureError::CrossOrigin);
    }
    Ok(())
}
