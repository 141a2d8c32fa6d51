//! Sole control: the only code that can use a person's signing key, and the process around it.
//!
//! The signing module believes only what it verifies itself: a gesture over the commitment C, an authenticator set sealed to
//! the credential, a short deadline, a fresh OCSP response of a pinned responder. Nothing of SQL, HTTP or templates is in its
//! dependency closure. `docs/ARCHITECTURE.md`, section "Trust".

pub mod commitment;
pub mod protocol;

pub use commitment::{Commitment, CommittedDocument, DisplayClass};
