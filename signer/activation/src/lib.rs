//! Sole control: the only code that can use a person's signing key, and the process around it.
//!
//! The signing module believes only what it verifies itself: a gesture over the commitment C, an authenticator set sealed to
//! the credential, a short deadline, a fresh OCSP response of a pinned responder. Nothing of SQL, HTTP or templates is in its
//! dependency closure. `docs/ARCHITECTURE.md`, section "Trust".

mod activation;
mod attributes;
mod certificate;
pub mod client;
pub mod commitment;
pub mod config;
mod encoding;
mod guards;
pub mod journal;
mod limits;
pub mod module;
mod origin;
mod outcome;
mod pkcs10;
pub mod process;
pub mod protocol;
pub mod seal;
mod status;
pub mod ticket;
pub mod voucher;

pub use client::ModuleClient;
pub use commitment::{Commitment, CommittedDocument, DisplayClass};
pub use config::{ModuleConfig, PinnedKek};
pub use module::Module;
pub use signum_gesture::officer::{self, Officer};
