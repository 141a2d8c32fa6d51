//! A WebAuthn assertion and its verification (W3C WebAuthn Level 3 section 7.2).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::authenticator_data::AuthenticatorData;
use crate::client_data::{self, Ceremony};
use crate::encoding::{AUTHENTICATOR_DATA_MAX, CLIENT_DATA_MAX, SIGNATURE_MAX, credential_id, member};
use crate::key::VerifyingKey;
use crate::{Authenticator, RelyingParty};

/// What the browser's `navigator.credentials.get()` returned, decoded from base64url.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assertion {
    pub credential_id: Vec<u8>,
    pub client_data_json: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
}

/// What a verified assertion proves besides possession of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// signCount; the caller stores it.
    pub counter: u32,
    pub backup_state: bool,
}

/// Why a gesture is refused. Codes are stable; none carries personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GestureError {
    #[error("malformed")]
    Malformed,
    #[error("another credential")]
    UnknownCredential,
    #[error("wrong type")]
    WrongType,
    #[error("wrong challenge")]
    WrongChallenge,
    #[error("wrong origin")]
    WrongOrigin,
    #[error("made in a cross-origin frame")]
    CrossOrigin,
    #[error("wrong relying party")]
    WrongRelyingParty,
    #[error("user not present")]
    UserNotPresent,
    #[error("user not verified")]
    UserNotVerified,
    #[error("backup eligibility differs from registration")]
    BackupEligibilityChanged,
    #[error("signature counter went backwards")]
    CounterWentBackwards,
    #[error("unsupported algorithm")]
    UnsupportedAlgorithm,
    #[error("bad signature")]
    BadSignature,
}

impl Assertion {
    /// Reads `PublicKeyCredential.toJSON()` of a `get()`; members we do not need are ignored.
    pub fn from_json(credential: &serde_json::Value) -> Result<Self, GestureError> {
        let response = credential.get("response").ok_or(GestureError::Malformed)?;
        Ok(Self {
            credential_id: credential_id(credential)?,
            client_data_json: member(response, "clientDataJSON", CLIENT_DATA_MAX)?,
            authenticator_data: member(response, "authenticatorData", AUTHENTICATOR_DATA_MAX)?,
            signature: member(response, "signature", SIGNATURE_MAX)?,
        })
    }

    /// The challenge that it says it answers, for who made it and has it in a database; [`verify`] then says whether it does.
    pub fn challenge(&self) -> Result<[u8; 32], GestureError> {
        client_data::challenge(&self.client_data_json)
    }
}

/// Verifies that the holder of `authenticator`, present and verified, agreed to `challenge` at `rp`.
///
/// `last_counter` is the highest signCount that the caller has seen of this authenticator.
pub fn verify(
    assertion: &Assertion,
    authenticator: &Authenticator,
    rp: &RelyingParty,
    challenge: &[u8],
    last_counter: u32,
) -> Result<Verified, GestureError> {
    if !bool::from(assertion.credential_id.ct_eq(&authenticator.credential_id)) {
        return Err(GestureError::UnknownCredential);
    }
    client_data::check(&assertion.client_data_json, Ceremony::Get, rp, challenge)?;

    let data = AuthenticatorData::parse(&assertion.authenticator_data)?;
    data.check(rp)?;
    // Section 6.1: attested credential data belongs to registrations alone.
    if data.attested.is_some() {
        return Err(GestureError::Malformed);
    }
    if data.backup_eligible() != authenticator.backup_eligible {
        return Err(GestureError::BackupEligibilityChanged);
    }

    let mut signed = assertion.authenticator_data.clone();
    signed.extend_from_slice(&Sha256::digest(&assertion.client_data_json));
    VerifyingKey::from_cose(&authenticator.cose_key)?.verify(&signed, &assertion.signature)?;

    // Step 22: both zero means that the authenticator keeps no counter.
    if (data.counter != 0 || last_counter != 0) && data.counter <= last_counter {
        return Err(GestureError::CounterWentBackwards);
    }
    Ok(Verified {
        counter: data.counter,
        backup_state: data.backup_state(),
    })
}
