//! What the signer's web tier and the signing module say to one another over the Unix socket (postcard frames).

use serde::{Deserialize, Serialize};
use signum_gesture::{Assertion, Authenticator};
use signum_hsm_shim::HsmError;

use crate::commitment::Commitment;

/// A person's key as the database stores it: wrapped under the KEK, bound by the module's HMAC key to what it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredKey {
    pub credential: [u8; 16],
    pub person: [u8; 32],
    /// KEK generation.
    pub epoch: u32,
    /// SubjectPublicKeyInfo DER.
    pub spki: Vec<u8>,
    pub blob: Vec<u8>,
    /// HMAC-SHA-256 in the HSM over all of the above, the algorithm and the usage.
    pub binding: Vec<u8>,
    /// HMAC-SHA-256 in the HSM over this key and the one authenticator it was made for, the only one that set 1 may have.
    /// Empty in keys made before it was asked for: those can be used, and never sealed again.
    #[serde(default)]
    pub first_set: Vec<u8>,
}

/// The authenticators that may activate one credential. Set 1 needs a voucher; set n+1 is vouched by a member of set n.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSet {
    pub credential: [u8; 16],
    pub person: [u8; 32],
    pub version: u32,
    pub authenticators: Vec<Authenticator>,
    /// SHA-256 of the PKCS#10 request's DER that the voucher covered.
    pub certificate_request: [u8; 32],
    /// SHA-256 over the vouchers accepted for this set.
    pub vouchers: [u8; 32],
    /// HMAC-SHA-256 in the HSM over all of the above.
    pub seal: Vec<u8>,
}

/// One registration officer's gesture over [`voucher_challenge`](crate::voucher::voucher_challenge).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voucher {
    /// The officer's id in the module's pinned officer list.
    pub officer: String,
    pub assertion: Assertion,
}

/// A nonce and deadline of the module's own making; stateless: `mac` lets it recognise them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    pub nonce: [u8; 32],
    /// Seconds since the Unix epoch.
    pub deadline: i64,
    pub mac: [u8; 32],
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    Status,
    /// Makes a P-256 key pair for `person` and the authenticator of its set 1; answered by [`Response::Key`].
    CreateKey {
        credential: [u8; 16],
        person: [u8; 32],
        authenticator: Authenticator,
    },
    /// Seals set 1; answered by [`Response::Sealed`].
    Seal {
        key: StoredKey,
        pkcs10: Vec<u8>,
        authenticator: Authenticator,
        vouchers: Vec<Voucher>,
    },
    /// Asks the module to state where a sealed credential's key was made; answered by [`Response::KeyOrigin`].
    StateOrigin {
        key: StoredKey,
        pkcs10: Vec<u8>,
        set: SealedSet,
    },
    /// Asks for a nonce and deadline; answered by [`Response::Ticket`].
    Begin,
    Activate(Box<Activation>),
    /// What became of an activation whose answer was lost; answered by [`Response::Outcome`]. A commitment that was not spent
    /// is spent by this, so that nothing is signed for it any more.
    Settle {
        /// The commitment's hash.
        challenge: [u8; 32],
    },
}

/// Everything the module needs to convince itself that the person wants these signatures.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Activation {
    pub commitment: Commitment,
    pub ticket: Ticket,
    pub assertion: Assertion,
    pub set: SealedSet,
    pub key: StoredKey,
    /// DER.
    pub certificate: Vec<u8>,
    /// DER; must be one of the module's pinned issuing CAs.
    pub issuer: Vec<u8>,
    /// DER of an OCSPResponse at most 60 s old.
    pub ocsp: Vec<u8>,
    /// Highest signCount seen of this authenticator.
    pub last_counter: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Response {
    Status {
        ready: bool,
        version: String,
        officers: [u8; 32],
        statement_key: Vec<u8>,
    },
    Key {
        key: StoredKey,
        pkcs10: Vec<u8>,
    },
    Sealed(SealedSet),
    /// DER of a key origin statement (`signum_pki::key_origin`).
    KeyOrigin(Vec<u8>),
    Ticket(Ticket),
    /// In the order of the commitment's documents.
    Signed {
        signatures: Vec<DocumentSignature>,
        counter: u32,
    },
    Refused(Refusal),
    Outcome(Outcome),
}

/// What became of a commitment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// What [`Response::Signed`] said, or would have said.
    Signed {
        signatures: Vec<DocumentSignature>,
        counter: u32,
    },
    /// Nothing was signed, and nothing will be.
    NotSigned,
    /// The activation is under way; ask again.
    Working,
    /// Spent before this process began: a signature may have been given out then; it is not known here, nor made again.
    Lost,
}

/// A signature over signed attributes that the module built itself (RFC 5652 section 5.3, EN 319 142-1 section 6.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentSignature {
    /// DER SET OF Attribute: content-type, message-digest, signing-certificate-v2. No signing-time in PAdES.
    pub signed_attributes: Vec<u8>,
    /// DER Ecdsa-Sig-Value.
    pub signature: Vec<u8>,
}

/// Why the module refuses. Each is audited by the web tier; none carries personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    #[error("gesture: {0}")]
    Gesture(String),
    #[error("the commitment does not fit: {0}")]
    Commitment(String),
    #[error("the transaction's time is over")]
    Expired,
    #[error("this gesture was used before")]
    Replayed,
    #[error("authenticator set: {0}")]
    Set(String),
    #[error("voucher: {0}")]
    Voucher(String),
    #[error("wrapped key: {0}")]
    Key(String),
    #[error("certificate status: {0}")]
    Status(String),
    #[error("the module did not understand the request: {0}")]
    Malformed(String),
    /// The journal of spent commitments cannot be written; an operator must look, nothing is signed until then.
    #[error("the journal cannot be written")]
    Journal,
    #[error(transparent)]
    Hsm(HsmError),
}
