//! What the browser is asked: `{"publicKey": ...}` for `parse{Request,Creation}OptionsFromJSON` (WebAuthn sections 5.4 and 5.5).

use serde_json::{Value, json};

use crate::RelyingParty;
use crate::encoding::base64url;
use crate::key::ALGORITHMS;

/// How long a browser waits for the user, in milliseconds; no longer than a signing ticket lives.
const TIMEOUT_MS: u32 = 300_000;

/// Whom a new credential is for.
#[derive(Clone, Copy, Debug)]
pub struct User<'a> {
    /// Opaque, at most 64 octets, no personal data (section 5.4.3).
    pub handle: &'a [u8],
    pub name: &'a str,
    pub display_name: &'a str,
}

/// Options of `navigator.credentials.get()`, user verification required; no ids means any discoverable credential.
pub fn request_options(challenge: &[u8], rp: &RelyingParty, credential_ids: &[Vec<u8>]) -> Value {
    json!({ "publicKey": {
        "challenge": base64url(challenge),
        "timeout": TIMEOUT_MS,
        "rpId": rp.id,
        "allowCredentials": descriptors(credential_ids),
        "userVerification": "required",
    }})
}

/// Options of `navigator.credentials.create()` for a credential of the algorithms that [`crate::key`] takes.
///
/// `rp_name` is what the browser shows; `exclude` are credentials the user's authenticator must not hold yet.
pub fn creation_options(
    challenge: &[u8],
    rp: &RelyingParty,
    rp_name: &str,
    user: User<'_>,
    exclude: &[Vec<u8>],
) -> Value {
    let algorithms: Vec<Value> = ALGORITHMS
        .iter()
        .map(|alg| json!({ "type": "public-key", "alg": alg }))
        .collect();
    json!({ "publicKey": {
        "challenge": base64url(challenge),
        "rp": { "id": rp.id, "name": rp_name },
        "user": { "id": base64url(user.handle), "name": user.name, "displayName": user.display_name },
        "pubKeyCredParams": algorithms,
        "timeout": TIMEOUT_MS,
        "excludeCredentials": descriptors(exclude),
        "authenticatorSelection": { "residentKey": "preferred", "requireResidentKey": false, "userVerification": "required" },
        "attestation": "none",
    }})
}

fn descriptors(ids: &[Vec<u8>]) -> Vec<Value> {
    ids.iter()
        .map(|id| json!({ "type": "public-key", "id": base64url(id) }))
        .collect()
}
