//! An authenticator as we store it: plain fields, not another library's blob.

use serde::{Deserialize, Serialize};

/// One registered public-key credential (WebAuthn section 4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authenticator {
    pub credential_id: Vec<u8>,
    /// COSE_Key (RFC 9052 section 7) of ES256 (-7), EdDSA (-8) or RS256 (-257), canonical CBOR as the authenticator sent it.
    pub cose_key: Vec<u8>,
    /// Model of the authenticator; all zeros when it does not say.
    pub aaguid: [u8; 16],
    /// Backup eligible (BE): the credential may be synced to other devices.
    pub backup_eligible: bool,
    /// signCount at registration; zero when the authenticator keeps none.
    pub counter: u32,
}
