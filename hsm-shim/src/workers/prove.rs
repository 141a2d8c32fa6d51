//! New keys are believed when a process that opened the token afterwards has signed with them.

use std::sync::PoisonError;

use super::{Workers, process};
use crate::error::HsmError;
use crate::key::{KeyUri, PublicKey};
use crate::token::{algorithm, spki, usual_algorithm};
use crate::worker::{Answer, Proof, Request, unfitting};

impl Workers {
    /// A fresh process finds exactly this key and signs; the signature is verified here.
    pub(super) async fn prove(&self, label: &str, made: &PublicKey) -> Result<(), HsmError> {
        let proof = process::prove(&self.shared.config, label).await.inspect_err(|error| {
            tracing::error!(key = label, %error, "a fresh process cannot use the new key");
        })?;
        if proof.public != *made {
            tracing::error!(key = label, "a fresh process finds another key");
            return Err(HsmError::PublicKeyMismatch(label.to_owned()));
        }
        let verifier = spki::parse(&made.spki)?;
        let challenge = Proof::challenge(made);
        let how = usual_algorithm(made.algorithm);
        algorithm::self_check(&verifier, how, &challenge, &proof.signature)
            .map_err(|_| HsmError::PublicKeyMismatch(label.to_owned()))?;
        self.mark_proven(label);
        Ok(())
    }

    /// A key of which it is not known whether it lasts is proven before it is used.
    pub(super) async fn prove_if_new(&self, label: &str) -> Result<(), HsmError> {
        let new = self.unproven().contains(label);
        if !new {
            return Ok(());
        }
        let told = self
            .public_key_as_told(&KeyUri::new(&self.shared.config.token.token, label))
            .await?;
        self.prove(label, &told).await
    }

    pub(super) async fn public_key_as_told(&self, key: &KeyUri) -> Result<PublicKey, HsmError> {
        match self.call(&Request::PublicKey(key.clone()), None).await? {
            Answer::PublicKey(public) => Ok(public),
            _ => Err(unfitting()),
        }
    }

    /// False when it was so already.
    pub(super) fn mark_unproven(&self, label: &str) -> bool {
        self.unproven().insert(label.to_owned())
    }

    pub(super) fn mark_proven(&self, label: &str) {
        self.unproven().remove(label);
    }

    fn unproven(&self) -> std::sync::MutexGuard<'_, std::collections::BTreeSet<String>> {
        self.shared.unproven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
