//! An officer as pinned in the configuration of the process that checks the gesture; the shape is that of `var/officers.json`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Authenticator, RelyingParty};

/// One officer: only this authenticator at this relying party speaks for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    pub id: String,
    /// For people who read the file; no check uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(alias = "rp")]
    pub relying_party: RelyingParty,
    #[serde(with = "text")]
    pub authenticator: Authenticator,
}

/// An authenticator and the relying party that its gestures are made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    #[serde(alias = "rp")]
    pub relying_party: RelyingParty,
    #[serde(with = "text")]
    pub authenticator: Authenticator,
}

/// For `#[serde(with = "...")]` on an [`Authenticator`].
pub mod text {
    pub use super::{read as deserialize, write as serialize};
}

/// An authenticator in text: base64url without padding, AAGUID in hexadecimal.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthenticatorText {
    credential_id: String,
    cose_key: String,
    aaguid: String,
    backup_eligible: bool,
    counter: u32,
}

#[doc(hidden)]
pub fn write<S: Serializer>(authenticator: &Authenticator, serializer: S) -> Result<S::Ok, S::Error> {
    AuthenticatorText {
        credential_id: URL_SAFE_NO_PAD.encode(&authenticator.credential_id),
        cose_key: URL_SAFE_NO_PAD.encode(&authenticator.cose_key),
        aaguid: hex::encode(authenticator.aaguid),
        backup_eligible: authenticator.backup_eligible,
        counter: authenticator.counter,
    }
    .serialize(serializer)
}

#[doc(hidden)]
pub fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Authenticator, D::Error> {
    let text = AuthenticatorText::deserialize(deserializer)?;
    let base64url = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(D::Error::custom);
    let aaguid = text.aaguid.replace('-', "");
    Ok(Authenticator {
        credential_id: base64url(&text.credential_id)?,
        cose_key: base64url(&text.cose_key)?,
        aaguid: hex::FromHex::from_hex(aaguid).map_err(D::Error::custom)?,
        backup_eligible: text.backup_eligible,
        counter: text.counter,
    })
}
