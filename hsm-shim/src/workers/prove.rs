//! New keys are believed when a process that opened the token afterwards has signed with them.

use std::sync::PoisonError;

use super::{Workers, process};
use crate::error::HsmError;
use crate::key::{KeyUri, PublicKey};
use crate::token::usual_algorithm;
use crate::token::verifier::Verifier;
use crate::worker::{Answer, Proof, Reply, Request, unfitting};

impl Workers {
    /// Makes a token key, and believes in it when a fresh process has signed with it.
    pub(super) async fn make(&self, request: &Request) -> Reply {
        let label = request.label();
        let first = self.mark_unproven(label);
        let key = KeyUri::new(&self.shared.config.token.token, label);
        let answer = self.call(request, None).await;
        self.watch.heed(&key, &answer);
        match answer {
            Ok(Answer::PublicKey(public)) => {
                self.prove(label, &public).await?;
                Ok(Answer::PublicKey(public))
            }
            Ok(_) => Err(unfitting()),
            Err(error) => {
                if first && !may_have_made(&error) {
                    self.mark_proven(label);
                }
                Err(error)
            }
        }
    }

    /// A fresh process finds exactly this key and signs; the signature is verified here.
    async fn prove(&self, label: &str, made: &PublicKey) -> Result<(), HsmError> {
        // SoftHSM fails logins of several processes at the same moment.
        let _gate = self.shared.start_gate.lock().await;
        if self.shared.is_latched() {
            return Err(HsmError::PinLatched);
        }
        let proof = process::prove(&self.shared.config, label).await.inspect_err(|error| {
            tracing::error!(key = label, %error, "a fresh process cannot use the new key");
            if matches!(error, HsmError::PinLatched) {
                self.shared.latch();
            }
        })?;
        if proof.public != *made {
            tracing::error!(key = label, "a fresh process finds another key");
            return Err(HsmError::PublicKeyMismatch(label.to_owned()));
        }
        let verifier = Verifier::parse(&made.spki)?;
        let challenge = Proof::challenge(made);
        let how = usual_algorithm(made.algorithm);
        verifier
            .check(how, &challenge, &proof.signature)
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
        let key = KeyUri::new(&self.shared.config.token.token, label);
        let told = self.call(&Request::PublicKey(key), None).await?.public_key()?;
        self.prove(label, &told).await
    }

    /// False when it was so already.
    fn mark_unproven(&self, label: &str) -> bool {
        self.unproven().insert(label.to_owned())
    }

    fn mark_proven(&self, label: &str) {
        self.unproven().remove(label);
    }

    fn unproven(&self) -> std::sync::MutexGuard<'_, std::collections::BTreeSet<String>> {
        self.shared.unproven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a failed generation may have left a key all the same.
fn may_have_made(error: &HsmError) -> bool {
    match error {
        HsmError::Timeout { maybe_executed } => *maybe_executed,
        HsmError::SessionLost(_)
        | HsmError::Pkcs11 { .. }
        | HsmError::SelfCheckFailed
        | HsmError::KeyNotFound(_)
        | HsmError::Ambiguous(_)
        | HsmError::DeviceDown { .. } => true,
        _ => false,
    }
}
