//! clientDataJSON, authenticator data and the `toJSON()` form of the answers (WebAuthn sections 5.8.1, 6.1, 6.5).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::Value as Cbor;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::credential::cbor;
use crate::{Behaviour, Credential, Error};

const ATTESTED: u8 = 0x40;

/// The answer to `create()`.
pub(crate) fn create(
    credential: &Credential,
    aaguid: &[u8],
    behaviour: &Behaviour,
    challenge: &[u8],
    origin: &str,
) -> Result<Value, Error> {
    let client_data = client_data("webauthn.create", behaviour, challenge, origin);
    let mut data = authenticator_data(credential, behaviour, ATTESTED);
    let mut model = aaguid.to_vec();
    model.resize(16, 0);
    data.extend_from_slice(&model);
    let length = u16::try_from(credential.id.len()).map_err(|_| Error::Options("credential id"))?;
    data.extend_from_slice(&length.to_be_bytes());
    data.extend_from_slice(&credential.id);
    data.extend_from_slice(&credential.cose_key()?);
    let attestation = cbor(&Cbor::Map(vec![
        (Cbor::Text("fmt".into()), Cbor::Text("none".into())),
        (Cbor::Text("attStmt".into()), Cbor::Map(Vec::new())),
        (Cbor::Text("authData".into()), Cbor::Bytes(data)),
    ]));
    let response = json!({
        "clientDataJSON": base64url(&client_data),
        "attestationObject": base64url(&attestation),
        "transports": ["internal"],
    });
    Ok(public_key_credential(credential, response))
}

/// The answer to `get()`, with the counter as it now stands.
pub(crate) fn get(
    credential: &Credential,
    behaviour: &Behaviour,
    challenge: &[u8],
    origin: &str,
) -> Result<Value, Error> {
    let client_data = client_data("webauthn.get", behaviour, challenge, origin);
    let data = authenticator_data(credential, behaviour, 0);
    let mut signed = data.clone();
    signed.extend_from_slice(&Sha256::digest(&client_data));
    let mut signature = credential.sign(&signed)?;
    if let (true, Some(last)) = (behaviour.break_signature, signature.last_mut()) {
        *last ^= 1;
    }
    let response = json!({
        "clientDataJSON": base64url(&client_data),
        "authenticatorData": base64url(&data),
        "signature": base64url(&signature),
        "userHandle": base64url(&credential.user_handle),
    });
    Ok(public_key_credential(credential, response))
}

fn client_data(ceremony: &str, behaviour: &Behaviour, challenge: &[u8], origin: &str) -> Vec<u8> {
    let mut data = json!({
        "type": behaviour.ceremony.as_deref().unwrap_or(ceremony),
        "challenge": base64url(behaviour.challenge.as_deref().unwrap_or(challenge)),
        "origin": behaviour.origin.as_deref().unwrap_or(origin),
        "crossOrigin": behaviour.cross_origin,
        // Browsers add members at random, so that nobody compares with a template.
        "other_keys_can_be_added_here": "do not compare clientDataJSON against a template",
    });
    if let (Some(top), Some(object)) = (&behaviour.top_origin, data.as_object_mut()) {
        object.insert("topOrigin".into(), json!(top));
    }
    data.to_string().into_bytes()
}

fn authenticator_data(credential: &Credential, behaviour: &Behaviour, more_flags: u8) -> Vec<u8> {
    let rp_id = behaviour.rp_id.as_deref().unwrap_or(&credential.rp_id);
    let flags = [
        (!behaviour.skip_up, 0x01),
        (!behaviour.skip_uv, 0x04),
        (behaviour.backup_eligible, 0x08),
        (behaviour.backup_state, 0x10),
    ];
    let flags = flags
        .iter()
        .filter(|(on, _)| *on)
        .fold(more_flags, |all, (_, flag)| all | flag);
    let mut data = Sha256::digest(rp_id.as_bytes()).to_vec();
    data.push(flags);
    data.extend_from_slice(&credential.counter.to_be_bytes());
    data
}

fn public_key_credential(credential: &Credential, response: Value) -> Value {
    json!({
        "id": base64url(&credential.id),
        "rawId": base64url(&credential.id),
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
        "response": response,
    })
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
