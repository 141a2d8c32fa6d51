//! Verifies a person's gesture: a WebAuthn assertion, or a card's signature, over a challenge that the caller made.
//!
//! No I/O, no clock, no randomness. Log-in uses a full WebAuthn library; signing, officers' approvals and vouchers use this,
//! because there the challenge is a commitment that the caller computed (W3C WebAuthn Level 3 section 7.2).

pub mod assertion;
pub mod authenticator;
mod authenticator_data;
pub mod card;
mod client_data;
mod edwards;
mod encoding;
pub mod fields;
pub mod key;
pub mod officer;
pub mod options;
pub mod registration;
#[cfg(test)]
mod tests;

pub use assertion::{Assertion, GestureError, Verified};
pub use authenticator::Authenticator;
pub use card::{CardAlgorithm, verify_card_signature};
pub use officer::Officer;
pub use registration::Registration;

use serde::{Deserialize, Serialize};

/// The relying party that an assertion must have been made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelyingParty {
    /// RP ID: exactly the host, never a parent domain.
    pub id: String,
    /// The one accepted origin, `scheme://host[:port]`.
    pub origin: String,
}
