//! The officers who promote clients, as the operator pinned them in a file: only its authenticators speak for them.

use std::path::Path;

use serde_json::Value as Json;
use signum_gesture::options::request_options;
use signum_gesture::{Assertion, Officer, assertion};

use super::PromotionError;

/// Those who may ask for promotions, and agree to another officer's.
#[derive(Clone, Debug, Default)]
pub struct Officers(Vec<Officer>);

/// Why the file is not used.
#[derive(Debug, thiserror::Error)]
pub enum OfficersError {
    #[error("idp.registration.officers: {0}")]
    Io(#[from] std::io::Error),
    #[error("idp.registration.officers: {0}")]
    Json(#[from] serde_json::Error),
    #[error("idp.registration.officers: {0}: each id, and each authenticator, belongs to one officer")]
    Twice(String),
}

impl Officers {
    /// Reads `[{"id", "rp": {"id", "origin"}, "authenticator": {...}}]`; no path means nobody.
    pub fn read(path: Option<&Path>) -> Result<Self, OfficersError> {
        match path {
            Some(path) => Self::of(serde_json::from_slice(&std::fs::read(path)?)?),
            None => Ok(Self::default()),
        }
    }

    /// Two who are one would agree with themselves.
    pub fn of(officers: Vec<Officer>) -> Result<Self, OfficersError> {
        let mut seen: Vec<&Officer> = Vec::new();
        for officer in &officers {
            let (id, key) = (&officer.id, &officer.authenticator);
            let same = |other: &&Officer| {
                let its = &other.authenticator;
                other.id == *id || its.credential_id == key.credential_id || its.cose_key == key.cose_key
            };
            if seen.iter().any(same) {
                return Err(OfficersError::Twice(id.clone()));
            }
            seen.push(officer);
        }
        Ok(Self(officers))
    }

    fn find(&self, id: &str) -> Result<&Officer, PromotionError> {
        if self.0.is_empty() {
            return Err(PromotionError::NoOfficers);
        }
        let found = self.0.iter().find(|officer| officer.id == id);
        found.ok_or_else(|| PromotionError::UnknownOfficer(id.to_owned()))
    }

    /// What the browser is asked on a page of the officer's origin.
    pub fn options(&self, officer: &str, challenge: &[u8; 32]) -> Result<Json, PromotionError> {
        let officer = self.find(officer)?;
        let ids = [officer.authenticator.credential_id.clone()];
        Ok(request_options(challenge, &officer.relying_party, &ids))
    }

    /// Whether `officer`, present and verified, agreed to `challenge`. A challenge names one thing only, so a counter is held
    /// against the file's alone.
    pub(super) fn verify(&self, officer: &str, gesture: &Json, challenge: &[u8; 32]) -> Result<(), PromotionError> {
        let listed = self.find(officer)?;
        let refuse = |problem| PromotionError::Gesture {
            officer: officer.to_owned(),
            problem,
        };
        let made = Assertion::from_json(gesture).map_err(refuse)?;
        let (key, rp) = (&listed.authenticator, &listed.relying_party);
        let verified = assertion::verify(&made, key, rp, challenge, key.counter);
        verified.map(drop).map_err(refuse)
    }
}
