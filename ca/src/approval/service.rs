//! What the service offers of officers and approvals.

use signum_core::Tx;

use super::{ApprovalError, ApprovalRequest, Approved, Kind, SettingsError, Waiting, flow, settings, spend};
use crate::Service;
use crate::officer::store::{self, OfficersError};
use crate::officer::{Gesture, Officers, SignedList};

impl Service {
    /// The officers in force, verified from the pinned hash.
    pub async fn officers(&self) -> Result<Officers, OfficersError> {
        let pin = &self.config.officers();
        self.cx
            .db
            .run("ca.officers_in_force", |tx| async move {
                store::load(&tx, pin.as_ref()).await
            })
            .await
    }

    /// Every list of officers there is, as stored.
    pub async fn officer_lists(&self) -> Result<Vec<SignedList>, OfficersError> {
        self.cx
            .db
            .run("ca.officer_lists", |tx| async move { store::stored(&tx).await })
            .await
    }

    /// Puts the first list, or the next one, in force.
    pub async fn accept_officers(&self, next: &SignedList) -> Result<Officers, OfficersError> {
        store::accept(&self.cx, self.config.officers().as_ref(), next).await
    }

    /// An officer asks for what another one must agree to; returns the request's id.
    pub async fn ask_approval(&self, request: &ApprovalRequest, gesture: &Gesture) -> Result<[u8; 32], ApprovalError> {
        flow::ask(&self.cx, self.config.officers().as_ref(), request, gesture).await
    }

    /// Another officer agrees.
    pub async fn approve(&self, request: &[u8; 32], officer: &str, gesture: &Gesture) -> Result<(), ApprovalError> {
        flow::approve(&self.cx, self.config.officers().as_ref(), request, officer, gesture).await
    }

    /// Requests that are neither used nor over.
    pub async fn waiting_approvals(&self) -> Result<Vec<Waiting>, ApprovalError> {
        flow::waiting(&self.cx).await
    }

    /// Uses the approval of `subject` (SHA-256 of what is to be done), in the transaction of what it allows.
    pub async fn spend_approval(&self, tx: &Tx, kind: Kind, subject: &[u8; 32]) -> Result<Approved, ApprovalError> {
        spend::spend(tx, &self.cx, self.config.officers().as_ref(), kind, subject).await
    }

    /// What a profile change asks approval for: SHA-256 of the settings that shape certificates.
    pub fn settings_subject(&self) -> [u8; 32] {
        settings::subject(&self.config)
    }

    /// To be called at each start: settings that shape certificates have not changed, or two officers agreed to it. Returns the
    /// names of those that changed.
    pub async fn settle_settings(&self) -> Result<Vec<String>, SettingsError> {
        settings::settle(&self.cx, &self.config, self.config.officers().as_ref()).await
    }
}
