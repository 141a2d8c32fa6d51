//! What a hostile or broken browser or authenticator does differently; all off by default.

use crate::Algorithm;

/// Switches of misbehaviour; each changes one thing, everything is signed as changed.
#[derive(Clone, Debug, Default)]
pub struct Behaviour {
    /// UV flag absent.
    pub skip_uv: bool,
    /// UP flag absent.
    pub skip_up: bool,
    /// RP ID hashed into the authenticator data instead of the asked one.
    pub rp_id: Option<String>,
    /// Origin written into clientDataJSON instead of the page's.
    pub origin: Option<String>,
    /// `crossOrigin: true`.
    pub cross_origin: bool,
    /// `topOrigin` member.
    pub top_origin: Option<String>,
    /// `type` member of clientDataJSON.
    pub ceremony: Option<String>,
    /// Challenge answered instead of the asked one.
    pub challenge: Option<Vec<u8>>,
    /// signCount of the next assertions.
    pub counter: Option<u32>,
    /// BE flag.
    pub backup_eligible: bool,
    /// BS flag.
    pub backup_state: bool,
    /// Algorithm of new credentials, offered or not.
    pub algorithm: Option<Algorithm>,
    /// A browser that lets any page ask for any RP ID.
    pub skip_origin_check: bool,
    /// A last bit of the signature flipped.
    pub break_signature: bool,
}
