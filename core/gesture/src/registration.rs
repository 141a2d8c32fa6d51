//! A WebAuthn registration and its verification (W3C WebAuthn Level 3 section 7.1).

use ciborium::Value;
use serde::{Deserialize, Serialize};

use crate::assertion::GestureError;
use crate::authenticator_data::AuthenticatorData;
use crate::client_data::{self, Ceremony};
use crate::encoding::{ATTESTATION_MAX, CLIENT_DATA_MAX, cbor_item, cbor_map, credential_id, member};
use crate::key::VerifyingKey;
use crate::{Authenticator, RelyingParty};

/// What the browser's `navigator.credentials.create()` returned, decoded from base64url.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    pub credential_id: Vec<u8>,
    pub client_data_json: Vec<u8>,
    pub attestation_object: Vec<u8>,
}

impl Registration {
    /// Reads `PublicKeyCredential.toJSON()` of a `create()`; members we do not need are ignored.
    pub fn from_json(credential: &serde_json::Value) -> Result<Self, GestureError> {
        let response = credential.get("response").ok_or(GestureError::Malformed)?;
        Ok(Self {
            credential_id: credential_id(credential)?,
            client_data_json: member(response, "clientDataJSON", CLIENT_DATA_MAX)?,
            attestation_object: member(response, "attestationObject", ATTESTATION_MAX)?,
        })
    }
}

/// Verifies that a user, present and verified, made this credential for `rp` in answer to `challenge`.
///
/// The attestation statement is **not** evaluated, whatever its format: the AAGUID of the result is the authenticator's own claim.
pub fn verify(registration: &Registration, rp: &RelyingParty, challenge: &[u8]) -> Result<Authenticator, GestureError> {
    client_data::check(&registration.client_data_json, Ceremony::Create, rp, challenge)?;
    let bytes = authenticator_data(&registration.attestation_object)?;
    let data = AuthenticatorData::parse(&bytes)?;
    data.check(rp)?;
    let attested = data.attested.as_ref().ok_or(GestureError::Malformed)?;
    if attested.credential_id != registration.credential_id {
        return Err(GestureError::UnknownCredential);
    }
    VerifyingKey::from_cose(attested.cose_key)?;
    Ok(Authenticator {
        credential_id: attested.credential_id.to_vec(),
        cose_key: attested.cose_key.to_vec(),
        aaguid: attested.aaguid,
        backup_eligible: data.backup_eligible(),
        counter: data.counter,
    })
}

/// `authData` of an attestation object (section 6.5.4).
fn authenticator_data(attestation_object: &[u8]) -> Result<Vec<u8>, GestureError> {
    if attestation_object.len() > ATTESTATION_MAX {
        return Err(GestureError::Malformed);
    }
    let (value, _, rest) = cbor_item(attestation_object)?;
    if !rest.is_empty() {
        return Err(GestureError::Malformed);
    }
    let (mut format, mut statement, mut data) = (None, None, None);
    for (name, value) in cbor_map(value)? {
        match (name.as_text(), value) {
            (Some("fmt"), Value::Text(text)) => format = Some(text),
            (Some("attStmt"), Value::Map(map)) => statement = Some(map),
            (Some("authData"), Value::Bytes(bytes)) => data = Some(bytes),
            // Enterprise attestation adds members of its own.
            (Some("fmt" | "attStmt" | "authData") | None, _) => return Err(GestureError::Malformed),
            (Some(_), _) => {}
        }
    }
    match (format, statement, data) {
        (Some(_), Some(_), Some(data)) => Ok(data),
        _ => Err(GestureError::Malformed),
    }
}
