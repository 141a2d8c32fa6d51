//! A small interface through which Signum's services use any PKCS#11 module.
//!
//! A service holds an `Arc<dyn Hsm>` for one token. Private keys never leave the token, except wrapped under its master KEK.
//! Two implementations: [`Local`](local::Local) in this process, and [`Workers`](workers::Workers), which speaks to exec'd
//! `signum-hsm-worker` processes so that a crash or a hang of the module is not ours.

pub mod approval;
pub mod attest;
pub mod capabilities;
pub mod error;
pub mod frames;
pub mod init;
pub mod key;
pub mod local;
mod raw;
pub mod shares;
pub mod token;
pub mod uri;
pub mod worker;
pub mod workers;
pub mod wrap;

use async_trait::async_trait;

pub use attest::Attestation;
pub use capabilities::Capabilities;
pub use error::HsmError;
pub use key::{KeyAlgorithm, KeyUri, PublicKey, SignatureAlgorithm};
pub use uri::Pkcs11Uri;

/// One token of one PKCS#11 module.
#[async_trait]
pub trait Hsm: Send + Sync + 'static {
    /// Signs each of `inputs` with one key: digests for ECDSA and RSA, whole messages for Ed25519.
    ///
    /// ECDSA signatures come as `r || s` (PKCS#11 form; [`key::ecdsa_der`] converts). Every signature has been verified
    /// against the key's public half before it is returned. The order is that of `inputs`.
    async fn sign(
        &self,
        key: &KeyUri,
        algorithm: SignatureAlgorithm,
        inputs: &[Vec<u8>],
    ) -> Result<Vec<Vec<u8>>, HsmError>;

    /// The public half of exactly one key pair; two keys of one label are an error, never "the first one".
    async fn public_key(&self, key: &KeyUri) -> Result<PublicKey, HsmError>;

    /// Makes a token-resident, non-extractable key pair; [`HsmError::AlreadyExists`] when the label is taken.
    async fn generate(&self, key: &KeyUri, algorithm: KeyAlgorithm) -> Result<PublicKey, HsmError>;

    /// Whether a signature can be made now; makes one with a canary key.
    async fn health(&self) -> Result<(), HsmError>;
}
