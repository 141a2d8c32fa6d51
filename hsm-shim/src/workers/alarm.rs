//! What an operator must hear of although the caller is told as well: keys that vanished, signatures that were wrong.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::error::{Concern, HsmError};
use crate::key::KeyUri;

/// Remembers which keys have signed: one of them that is not found any more was lost, not misspelt.
#[derive(Default)]
pub(super) struct Watch {
    proven: Mutex<HashSet<KeyUri>>,
}

impl Watch {
    /// Logs an error for each outcome of a signature or a generation that no caller can do anything about.
    pub(super) fn heed<T>(&self, key: &KeyUri, outcome: &Result<T, HsmError>) {
        let mut proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(_) if proven.contains(key) => {}
            Ok(_) => {
                proven.insert(key.clone());
            }
            Err(error @ HsmError::KeyNotFound(_)) if proven.contains(key) => {
                tracing::error!(%key, %error, "a key that has signed before is gone");
            }
            Err(error) if error.concern() == Concern::Integrity => {
                tracing::error!(%key, %error, "integrity of a key");
            }
            Err(_) => {}
        }
    }
}
