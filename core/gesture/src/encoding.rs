//! base64url members and CBOR items with the limits that hold for everything that comes from a browser.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::Value;

use crate::assertion::GestureError;

/// Longest credential id (WebAuthn section 4, credential ID).
pub(crate) const CREDENTIAL_ID_MAX: usize = 1023;
pub(crate) const CLIENT_DATA_MAX: usize = 4096;
pub(crate) const AUTHENTICATOR_DATA_MAX: usize = 4096;
pub(crate) const ATTESTATION_MAX: usize = 16 * 1024;
pub(crate) const SIGNATURE_MAX: usize = 1024;

/// A required base64url member of at most `limit` octets, never empty.
pub(crate) fn member(object: &serde_json::Value, name: &str, limit: usize) -> Result<Vec<u8>, GestureError> {
    let text = object
        .get(name)
        .and_then(serde_json::Value::as_str)
        .ok_or(GestureError::Malformed)?;
    if text.len() > limit.div_ceil(3) * 4 {
        return Err(GestureError::Malformed);
    }
    within(
        URL_SAFE_NO_PAD.decode(text).map_err(|_| GestureError::Malformed)?,
        limit,
    )
}

/// The credential id of a `PublicKeyCredential.toJSON()`: `id`, which `rawId` repeats.
pub(crate) fn credential_id(credential: &serde_json::Value) -> Result<Vec<u8>, GestureError> {
    let id = member(credential, "id", CREDENTIAL_ID_MAX)?;
    if credential.get("rawId").is_some() && member(credential, "rawId", CREDENTIAL_ID_MAX)? != id {
        return Err(GestureError::Malformed);
    }
    match credential.get("type").map(serde_json::Value::as_str) {
        None | Some(Some("public-key")) => Ok(id),
        _ => Err(GestureError::Malformed),
    }
}

pub(crate) fn within(bytes: Vec<u8>, limit: usize) -> Result<Vec<u8>, GestureError> {
    if bytes.is_empty() || bytes.len() > limit {
        return Err(GestureError::Malformed);
    }
    Ok(bytes)
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads one CBOR item; returns it, the octets it took, and the rest. Only the shortest definite-length form is taken
/// (CTAP 2 section 8, without its order of map keys).
pub(crate) fn cbor_item(bytes: &[u8]) -> Result<(Value, &[u8], &[u8]), GestureError> {
    let mut rest = bytes;
    let value: Value = ciborium::de::from_reader(&mut rest).map_err(|_| GestureError::Malformed)?;
    let taken = bytes.len().saturating_sub(rest.len());
    let (item, rest) = bytes.split_at_checked(taken).ok_or(GestureError::Malformed)?;
    let mut again = Vec::with_capacity(taken);
    ciborium::ser::into_writer(&value, &mut again).map_err(|_| GestureError::Malformed)?;
    if again != item {
        return Err(GestureError::Malformed);
    }
    Ok((value, item, rest))
}

/// The entries of a CBOR map whose keys are all different.
pub(crate) fn cbor_map(value: Value) -> Result<Vec<(Value, Value)>, GestureError> {
    let entries = value.into_map().map_err(|_| GestureError::Malformed)?;
    let repeated = |(at, (key, _)): (usize, &(Value, Value))| entries.iter().skip(at + 1).any(|(k, _)| k == key);
    if entries.iter().enumerate().any(repeated) {
        return Err(GestureError::Malformed);
    }
    Ok(entries)
}
