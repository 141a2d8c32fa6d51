//! The pinned officers and how many of them it takes; the check that makes an [`Approved`].

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use signum_gesture::key::VerifyingKey;
use signum_gesture::{Officer, assertion};

use super::ceremony::{Approval, Ceremony, CeremonyFile, Deed};
use super::{ApprovalError, journal};
use crate::error::HsmError;

/// No approval is worth anything longer than this: nobody keeps signed ceremonies in a drawer.
const LONGEST_HOURS: i64 = 7 * 24;

/// `officers.toml`: who may approve ceremonies of this token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quorum {
    /// How many distinct officers; two at least.
    pub needed: usize,
    /// Where spent ceremonies are remembered.
    pub journal: PathBuf,
    #[serde(rename = "officer")]
    pub officers: Vec<Officer>,
}

/// Proof that a ceremony was approved and is now spent. Moved into the act, never copied.
#[derive(Debug)]
pub struct Approved {
    ceremony: Ceremony,
    officers: Vec<String>,
}

impl Approved {
    pub fn ceremony(&self) -> &Ceremony {
        &self.ceremony
    }

    /// Whether it is about this: an act asks once more, however it came to be called.
    pub(crate) fn is_for(&self, operation: Deed, token: &str, object: &str) -> Result<(), HsmError> {
        let ceremony = &self.ceremony;
        if ceremony.operation == operation && ceremony.token == token && ceremony.object == object {
            Ok(())
        } else {
            Err(HsmError::NeedsApproval(format!("{operation} of {object}")))
        }
    }

    /// The value of a detail that the officers approved.
    pub(crate) fn detail(&self, name: &str) -> Result<&str, HsmError> {
        let value = self.ceremony.details.get(name).map(String::as_str);
        value.ok_or_else(|| HsmError::NeedsApproval(format!("the ceremony does not name {name}")))
    }

    /// Ids of the officers who approved it.
    pub fn officers(&self) -> &[String] {
        &self.officers
    }
}

impl Quorum {
    /// Reads a list, which nobody but its owner (this user or root) may be able to write.
    pub fn load(path: &Path) -> Result<Self, ApprovalError> {
        let wrong = |why: &dyn std::fmt::Display| ApprovalError::Officers(format!("{}: {why}", path.display()));
        let mut file = File::open(path).map_err(|error| wrong(&error.kind()))?;
        let facts = file.metadata().map_err(|error| wrong(&error.kind()))?;
        if facts.mode() & 0o022 != 0 {
            return Err(wrong(&"others may write it"));
        }
        if facts.uid() != 0 && facts.uid() != rustix::process::geteuid().as_raw() {
            return Err(wrong(&"it belongs to another user"));
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|error| wrong(&error.kind()))?;
        let quorum: Self = toml::from_str(&text).map_err(|error| wrong(&error.message()))?;
        quorum.check()?;
        Ok(quorum)
    }

    /// Distinct officers with distinct, usable authenticators, and enough of them.
    pub fn check(&self) -> Result<(), ApprovalError> {
        let wrong = |why: &str| Err(ApprovalError::Officers(why.to_owned()));
        if self.needed < 2 {
            return wrong("two-person control needs two at least");
        }
        if self.officers.len() < self.needed {
            return wrong("fewer officers than are needed");
        }
        let distinct = |of: fn(&Officer) -> &[u8]| self.officers.iter().map(of).collect::<BTreeSet<_>>().len();
        let all = self.officers.len();
        if distinct(|o| o.id.as_bytes()) != all
            || distinct(|o| &o.authenticator.credential_id) != all
            || distinct(|o| &o.authenticator.cose_key) != all
        {
            return wrong("two officers share a name or an authenticator");
        }
        for officer in &self.officers {
            if VerifyingKey::from_cose(&officer.authenticator.cose_key).is_err() {
                return wrong("an authenticator's key is no key");
            }
        }
        Ok(())
    }

    /// Checks everything, then spends the ceremony: when this returns, the same file opens nothing any more.
    ///
    /// `asked` is what the caller is about to do, said in the caller's own words; the file must say the same.
    /// `now` is in seconds since the Unix epoch.
    pub fn approve(&self, file: &CeremonyFile, asked: &Ceremony, now: i64) -> Result<Approved, ApprovalError> {
        self.check()?;
        let ceremony = &file.ceremony;
        // Step 1: it is what is about to be done.
        if ceremony.operation != asked.operation {
            return Err(ApprovalError::AnotherDeed {
                written: ceremony.operation.to_string(),
                asked: asked.operation.to_string(),
            });
        }
        if ceremony.token != asked.token || ceremony.object != asked.object {
            return Err(ApprovalError::AnotherObject);
        }
        let names = ceremony.details.keys().chain(asked.details.keys());
        if let Some(differs) = names
            .into_iter()
            .find(|name| ceremony.details.get(*name) != asked.details.get(*name))
        {
            return Err(ApprovalError::AnotherDetail(differs.clone()));
        }
        // Step 2: it is of today.
        if ceremony.expires <= now {
            return Err(ApprovalError::Expired);
        }
        if ceremony.expires.saturating_sub(now) > LONGEST_HOURS * 3600 {
            return Err(ApprovalError::TooFarAhead(LONGEST_HOURS));
        }
        // Step 3: enough different officers agreed to exactly this.
        let officers = self.officers_of(file)?;
        // Step 4: once.
        journal::spend(&self.journal, &ceremony.nonce()?)?;
        tracing::warn!(operation = %ceremony.operation, token = ceremony.token, object = ceremony.object, ?officers, "ceremony");
        Ok(Approved {
            ceremony: ceremony.clone(),
            officers,
        })
    }

    /// Whether one approval is good for a ceremony, and whose it is.
    pub fn verify(&self, ceremony: &Ceremony, approval: &Approval) -> Result<&Officer, ApprovalError> {
        let officer = self
            .officers
            .iter()
            .find(|officer| officer.id == approval.officer)
            .ok_or_else(|| ApprovalError::UnknownOfficer(approval.officer.clone()))?;
        let pinned = &officer.authenticator;
        // The challenge names one ceremony, so the counter is held against the pinned one only.
        assertion::verify(
            &approval.assertion()?,
            pinned,
            &officer.relying_party,
            &ceremony.challenge(),
            pinned.counter,
        )
        .map_err(|error| ApprovalError::BadApproval {
            officer: officer.id.clone(),
            why: error.to_string(),
        })?;
        Ok(officer)
    }

    fn officers_of(&self, file: &CeremonyFile) -> Result<Vec<String>, ApprovalError> {
        let mut officers: Vec<String> = Vec::new();
        for approval in &file.approvals {
            let officer = self.verify(&file.ceremony, approval)?;
            if officers.contains(&officer.id) {
                return Err(ApprovalError::OfficerTwice(officer.id.clone()));
            }
            officers.push(officer.id.clone());
        }
        if officers.len() < self.needed {
            return Err(ApprovalError::TooFew {
                given: officers.len(),
                needed: self.needed,
            });
        }
        Ok(officers)
    }
}

impl Ceremony {
    /// What a process is about to do, to be held against a file.
    pub fn asked(operation: Deed, token: &str, object: &str) -> Self {
        CeremonyFile::new(operation, token, object, 0, [0; 32]).ceremony
    }
}
