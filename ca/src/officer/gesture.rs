//! An officer's detached gesture in the form in which browsers, files and the database hold it: a passkey's assertion as
//! `PublicKeyCredential.toJSON()` gives it, or `{"type": "card", "signature": "..."}`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value as Json, json};
use signum_gesture::{Assertion, GestureError, assertion, verify_card_signature};

use super::ListedOfficer;

/// No signature of a card's is longer (RSA-4096).
const SIGNATURE_MAX: usize = 512;

/// What an officer did to agree to something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gesture {
    /// A WebAuthn assertion whose challenge is what was agreed to.
    Passkey(Assertion),
    /// A card's signature over the same octets.
    Card(Vec<u8>),
}

impl Gesture {
    pub fn from_json(json: &Json) -> Result<Self, GestureError> {
        if json.get("type").and_then(Json::as_str) != Some("card") {
            return Assertion::from_json(json).map(Self::Passkey);
        }
        let text = json.get("signature").and_then(Json::as_str).unwrap_or_default();
        let signature = URL_SAFE_NO_PAD.decode(text).map_err(|_| GestureError::Malformed)?;
        if signature.is_empty() || signature.len() > SIGNATURE_MAX {
            return Err(GestureError::Malformed);
        }
        Ok(Self::Card(signature))
    }

    /// The same form again, without the members that nobody needs.
    pub fn to_json(&self) -> Json {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Card(signature) => json!({ "type": "card", "signature": text(signature) }),
            Self::Passkey(made) => json!({
                "type": "public-key",
                "id": text(&made.credential_id),
                "response": {
                    "clientDataJSON": text(&made.client_data_json),
                    "authenticatorData": text(&made.authenticator_data),
                    "signature": text(&made.signature),
                },
            }),
        }
    }

    /// Whether `officer` agreed to `challenge` with the key that the list has for it; user verification is required.
    ///
    /// A challenge names one thing only, so a passkey's counter is held against the list's alone.
    pub(super) fn verify(&self, officer: &ListedOfficer, challenge: &[u8; 32]) -> Result<(), GestureError> {
        match self {
            Self::Passkey(made) => {
                let (key, rp) = (&officer.authenticator, &officer.relying_party);
                assertion::verify(made, key, rp, challenge, key.counter).map(|_| ())
            }
            Self::Card(signature) => {
                let card = officer.card.as_ref().ok_or(GestureError::UnknownCredential)?;
                verify_card_signature(&card.spki, card.algorithm(), challenge, signature)
            }
        }
    }
}

impl Serialize for Gesture {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Gesture {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(&Json::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
