//! Enough ceremony operators agreed to exactly this file, to be held now, by this program (S-01, EN 319 411-1 section 6.5.1).
//!
//! [`Approved`] is the proof; a token is opened with it and with nothing else, in the process that made it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use signum_core::Timestamp;

use super::plan::Plan;
use crate::officer::{ChainError, Gesture, ListHash, OfficerError, Officers, Role, SignedList};

const DOMAIN: &[u8] = b"signum-ca-ceremony-approval-v1";

/// One operator's gesture over [`challenge`] of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    pub officer: String,
    pub gesture: Gesture,
}

/// What a file is held against on the day.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// As printed and published, typed in by somebody who holds the print.
    pub genesis: ListHash,
    /// Every list of officers, the first one first.
    pub lists: &'a [SignedList],
    pub approvals: &'a [Approval],
    /// SHA-256 of the running executable.
    pub binary: [u8; 32],
    pub now: Timestamp,
}

/// Why a ceremony is not held. Names officers by their ids only.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    #[error("the file names the genesis hash {written}, the published one is {published}")]
    Genesis { written: ListHash, published: ListHash },
    #[error(transparent)]
    Lists(#[from] ChainError),
    #[error("the file names the list of officers {written}, in force is {in_force}")]
    List { written: ListHash, in_force: ListHash },
    #[error("the file names the executable {written}, this one is {running}")]
    Binary { written: String, running: String },
    #[error("the file opens at {0}")]
    TooEarly(Timestamp),
    #[error("the file was worth nothing from {0} on")]
    TooLate(Timestamp),
    #[error(transparent)]
    Officer(#[from] OfficerError),
    #[error("{0} has approved twice")]
    Twice(String),
    #[error("{given} approvals where {needed} operators are needed")]
    TooFew { given: u64, needed: u64 },
}

/// What an operator's authenticator is asked to sign for a file of this hash.
pub fn challenge(file: &[u8; 32]) -> [u8; 32] {
    Sha256::new_with_prefix(DOMAIN).chain_update(file).finalize().into()
}

/// Proof that a ceremony may be held now. Moved into it, never copied.
#[derive(Debug)]
pub struct Approved {
    plan: Plan,
    officers: Officers,
    approvals: Vec<Approval>,
    rehearsal: bool,
}

impl Approved {
    /// Checks everything that needs no token.
    pub fn verify(plan: Plan, on_the_day: &Circumstances<'_>) -> Result<Self, ApprovalError> {
        // Step 1. The officers in force follow from the published hash, and are those of the file.
        let officers = officers(&plan, on_the_day.genesis, on_the_day.lists)?;
        // Step 2. This program is the one that was approved.
        if plan.binary != on_the_day.binary {
            return Err(ApprovalError::Binary {
                written: hex::encode(plan.binary),
                running: hex::encode(on_the_day.binary),
            });
        }
        // Step 3. It is the day.
        if on_the_day.now < plan.from {
            return Err(ApprovalError::TooEarly(plan.from));
        }
        if on_the_day.now >= plan.until {
            return Err(ApprovalError::TooLate(plan.until));
        }
        // Step 4. Enough different operators agreed to exactly these octets.
        check(&plan, &officers, on_the_day.approvals)?;
        Ok(Self {
            plan,
            officers,
            approvals: on_the_day.approvals.to_vec(),
            rehearsal: false,
        })
    }

    /// For a rehearsal, which nobody has approved: it goes on with an empty token alone.
    pub fn rehearsal(plan: Plan, genesis: ListHash, lists: &[SignedList]) -> Result<Self, ApprovalError> {
        Ok(Self {
            officers: officers(&plan, genesis, lists)?,
            plan,
            approvals: Vec::new(),
            rehearsal: true,
        })
    }

    pub(super) fn is_rehearsal(&self) -> bool {
        self.rehearsal
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn officers(&self) -> &Officers {
        &self.officers
    }

    pub fn approvals(&self) -> &[Approval] {
        &self.approvals
    }
}

/// The officers in force, if they are those that the file names.
pub fn officers(plan: &Plan, genesis: ListHash, lists: &[SignedList]) -> Result<Officers, ApprovalError> {
    if plan.genesis != genesis {
        return Err(ApprovalError::Genesis {
            written: plan.genesis,
            published: genesis,
        });
    }
    let officers = Officers::verify(genesis, lists)?;
    if plan.list != officers.hash() {
        return Err(ApprovalError::List {
            written: plan.list,
            in_force: officers.hash(),
        });
    }
    Ok(officers)
}

/// Whether the approvals are enough, each good and of another operator.
pub fn check(plan: &Plan, officers: &Officers, approvals: &[Approval]) -> Result<(), ApprovalError> {
    let mut seen: Vec<&str> = Vec::new();
    for approval in approvals {
        verify_one(plan, officers, approval)?;
        if seen.contains(&approval.officer.as_str()) {
            return Err(ApprovalError::Twice(approval.officer.clone()));
        }
        seen.push(&approval.officer);
    }
    let (given, needed) = (seen.len() as u64, officers.list().operators_needed);
    if given < needed {
        return Err(ApprovalError::TooFew { given, needed });
    }
    Ok(())
}

/// Whether one approval is an operator's of the list in force, over this file.
pub fn verify_one(plan: &Plan, officers: &Officers, approval: &Approval) -> Result<(), OfficerError> {
    let asked = challenge(&plan.hash);
    officers
        .list()
        .verify(&approval.officer, Role::CeremonyOperator, &approval.gesture, &asked)
        .map(|_| ())
}
