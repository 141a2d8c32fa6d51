//! What became of each spent commitment, for a web tier that lost the answer.
//!
//! Kept in memory: a new process remembers nothing, and says so ([`Outcome::Lost`]). Asking about a commitment that was never
//! spent spends it, so the answer "not signed" stays true whatever request is still under way.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::journal::Journal;
use crate::protocol::{DocumentSignature, Outcome, Refusal};

/// An outcome is remembered for this many seconds at least.
const REMEMBERED: i64 = 15 * 60;
/// Older ones are forgotten when this many are held.
const TIDY_ABOVE: usize = 10_000;

/// Outcomes by commitment, with the time until which each is worth keeping.
#[derive(Default)]
pub(crate) struct Outcomes {
    known: Mutex<HashMap<[u8; 32], (i64, Outcome)>>,
}

impl Outcomes {
    /// Spends `challenge` in the journal; the work that follows says what it came to, or has not signed when it ends.
    pub(crate) fn spend(
        &self,
        journal: &Journal,
        challenge: [u8; 32],
        deadline: i64,
        now: i64,
    ) -> Result<Work<'_>, Refusal> {
        // Held over the journal's write: nobody may see a spent commitment without its outcome.
        let mut known = self.known();
        journal.spend(&challenge, deadline, now)?;
        if known.len() > TIDY_ABOVE {
            known.retain(|_, (until, _)| *until >= now);
        }
        known.insert(challenge, (now + REMEMBERED, Outcome::Working));
        Ok(Work {
            outcomes: self,
            challenge,
        })
    }

    /// What became of `challenge`; one that was not spent is spent now.
    pub(crate) fn settle(
        &self,
        journal: &Journal,
        challenge: [u8; 32],
        deadline: i64,
        now: i64,
    ) -> Result<Outcome, Refusal> {
        let mut known = self.known();
        if let Some((_, outcome)) = known.get(&challenge) {
            return Ok(outcome.clone());
        }
        match journal.spend(&challenge, deadline, now) {
            Ok(()) => {
                known.insert(challenge, (now + REMEMBERED, Outcome::NotSigned));
                Ok(Outcome::NotSigned)
            }
            Err(Refusal::Replayed) => Ok(Outcome::Lost),
            Err(refusal) => Err(refusal),
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<[u8; 32], (i64, Outcome)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, challenge: &[u8; 32], outcome: Outcome) {
        if let Some((_, known)) = self.known().get_mut(challenge) {
            *known = outcome;
        }
    }
}

/// One activation after its commitment was spent. Dropped without [`signed`](Self::signed), it has not signed.
pub(crate) struct Work<'a> {
    outcomes: &'a Outcomes,
    challenge: [u8; 32],
}

impl Work<'_> {
    pub(crate) fn signed(&self, signatures: &[DocumentSignature], counter: u32) {
        let signatures = signatures.to_vec();
        self.outcomes
            .set(&self.challenge, Outcome::Signed { signatures, counter });
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        let mut known = self.outcomes.known();
        if let Some((_, outcome)) = known.get_mut(&self.challenge)
            && *outcome == Outcome::Working
        {
            *outcome = Outcome::NotSigned;
        }
    }
}
