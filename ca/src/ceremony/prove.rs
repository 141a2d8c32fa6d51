//! New keys are believed when a process that opened the token afterwards has found them and signed with them.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use signum_hsm_shim::local::Local;
use signum_hsm_shim::signer::sign_message;
use signum_hsm_shim::token::{Token, TokenConfig};
use signum_hsm_shim::{Hsm, HsmError, KeyUri, PublicKey};

use super::CeremonyFault;
use crate::authority::SigningKey;

const DOMAIN: &[u8] = b"signum-ceremony-key-proof-v1";

/// What a fresh process found and did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    pub public: PublicKey,
    /// In X.509 form.
    pub signature: Vec<u8>,
}

/// Starts that process.
#[async_trait]
pub trait Prover: Send + Sync {
    /// Has a process of its own sign `message` with the key of this label; the text of a failure is for an operator.
    async fn prove(&self, label: &str, message: &[u8]) -> Result<Proof, String>;
}

/// What it signs: never the octets of a certificate.
pub fn proof_message(ceremony: &[u8; 32], public_key: &[u8]) -> Vec<u8> {
    [DOMAIN, ceremony.as_slice(), public_key].concat()
}

/// The fresh process's part: opens the token and signs.
pub async fn sign_proof(token: TokenConfig, label: &str, message: &[u8]) -> Result<Proof, HsmError> {
    if !message.starts_with(DOMAIN) {
        return Err(HsmError::PolicyDenied("a proof is all that is signed here".to_owned()));
    }
    let uri = KeyUri::new(&token.token, label);
    let hsm = Local::new(Arc::new(Token::open(token)?));
    let public = hsm.public_key(&uri).await?;
    let key = SigningKey {
        uri,
        algorithm: public.algorithm,
        spki: public.spki.clone(),
    };
    let (scheme, _) = key.scheme().ok_or(HsmError::KeyTypeMismatch)?;
    let signature = sign_message(&hsm, &key.uri, scheme, &key.spki, message).await?;
    Ok(Proof { public, signature })
}

/// The ceremony's part: asks for the proof and verifies it.
pub(super) async fn demand(
    prover: &dyn Prover,
    key: &SigningKey,
    ceremony: &[u8; 32],
) -> Result<Vec<u8>, CeremonyFault> {
    let label = &key.uri.object;
    let unproven = |why: String| CeremonyFault::Unproven {
        label: label.clone(),
        why,
    };
    let message = proof_message(ceremony, &key.spki);
    let proof = prover.prove(label, &message).await.map_err(unproven)?;
    if proof.public.spki != key.spki || !verifies(key, &message, &proof.signature) {
        return Err(unproven("a fresh process finds another key".to_owned()));
    }
    Ok(proof.signature)
}

/// Whether a signature over a message is of this key.
pub(super) fn verifies(key: &SigningKey, message: &[u8], signature: &[u8]) -> bool {
    key.algorithm_identifier()
        .is_some_and(|algorithm| signum_pki::signature::verifies(&key.spki, &algorithm, message, signature))
}
