//! The open token of a ceremony: which it is, what lies in it, and keys that are made, found again and proven.

use std::collections::BTreeSet;
use std::sync::Arc;

use signum_core::Timestamp;
use signum_hsm_shim::local::Local;
use signum_hsm_shim::token::{CANARY, Token};
use signum_hsm_shim::{Hsm, HsmError, KeyUri};

use super::Script;
use crate::authority::SigningKey;
use crate::ceremony::CeremonyFault;
use crate::ceremony::folder::{Folder, sha256};
use crate::ceremony::plan::{Plan, PlannedKey};
use crate::ceremony::prove;
use crate::ceremony::transcript::{Deed, FileMade, KeyAttributes, KeyInToken};

/// The open token and everything around it.
pub(super) struct Room<'a> {
    pub token: Arc<Token>,
    pub hsm: Local,
    pub plan: &'a Plan,
    pub folder: &'a Folder,
    pub script: Script<'a>,
    pub files: Vec<FileMade>,
    pub rehearsal: bool,
    /// The label of a rehearsal's own root key.
    pub stand_in: Option<String>,
}

impl Room<'_> {
    pub fn now(&self) -> Timestamp {
        self.script.desk.clock.now()
    }

    pub fn inventory(&self) -> Result<Vec<KeyInToken>, CeremonyFault> {
        let of = |report: signum_hsm_shim::attest::KeyReport| {
            let key = report.report?;
            Ok(KeyInToken {
                label: report.label,
                public_key: key.public.map(|public| sha256(&public.spki)),
            })
        };
        self.token.keys()?.into_iter().map(of).collect()
    }

    /// Which token this is, and what lies in it.
    pub fn look(&mut self) -> Result<(), CeremonyFault> {
        let able = self.token.capabilities()?;
        let wanted = &self.plan.file.token;
        let pinned = wanted.serial.as_ref().filter(|_| !self.rehearsal);
        if able.token.label != wanted.label || pinned.is_some_and(|serial| *serial != able.token.serial) {
            return Err(CeremonyFault::AnotherToken {
                written: format!("{} {}", wanted.label, wanted.serial.as_deref().unwrap_or_default()),
                found: format!("{} {}", able.token.label, able.token.serial),
            });
        }
        let keys = self.inventory()?;
        if self.rehearsal && keys.iter().any(|key| key.label != CANARY) {
            return Err(CeremonyFault::NotEmpty);
        }
        if self.first_inventory().is_some() {
            self.account_for(&keys)?;
        }
        let (module, token) = (able.module, able.token);
        self.script.tell(Deed::Token { module, token, keys })
    }

    pub fn first_inventory(&self) -> Option<Vec<KeyInToken>> {
        self.script.find(|deed| match deed {
            Deed::Token { keys, .. } => Some(keys.clone()),
            _ => None,
        })
    }

    /// Every key lay there at the beginning, or was announced.
    pub fn account_for(&self, keys: &[KeyInToken]) -> Result<(), CeremonyFault> {
        let before = self.first_inventory().unwrap_or_default();
        let announced: BTreeSet<String> = self
            .script
            .writer
            .transcript
            .deeds()
            .filter_map(|deed| match deed {
                Deed::KeyIntended { label, .. } => Some(label.clone()),
                _ => None,
            })
            .collect();
        let unknown = |key: &&KeyInToken| {
            !before.contains(key) && !announced.contains(&key.label) && self.stand_in.as_ref() != Some(&key.label)
        };
        match keys.iter().find(unknown) {
            None => Ok(()),
            Some(key) => Err(CeremonyFault::Orphan(key.label.clone())),
        }
    }

    /// The key of a plan: made now, or found as announced before a crash; proven by a fresh process.
    pub async fn key(&mut self, planned: &PlannedKey) -> Result<SigningKey, CeremonyFault> {
        let (label, algorithm) = (&planned.label, planned.algorithm);
        let uri = KeyUri::new(self.token.label(), label);
        let intended = self.script.find(|deed| match deed {
            Deed::KeyIntended { label: l, .. } if l == label => Some(()),
            _ => None,
        });
        let told = self.script.find(|deed| match deed {
            Deed::KeyMade {
                label: l, public_key, ..
            } if l == label => Some(public_key.clone()),
            _ => None,
        });
        let there = match self.hsm.public_key(&uri).await {
            Err(HsmError::KeyNotFound(_)) => None,
            other => Some(other?),
        };
        if intended.is_none() {
            if there.is_some() {
                return Err(CeremonyFault::KeyThere(label.clone()));
            }
            self.script.tell(Deed::KeyIntended {
                label: label.clone(),
                algorithm: algorithm.name().to_owned(),
            })?;
        }
        let found = there.is_some();
        let public = match there {
            Some(public) => public,
            None if told.is_some() => return Err(CeremonyFault::KeyMismatch(label.clone())),
            None => self.hsm.generate(&uri, algorithm).await?,
        };
        if public.algorithm != algorithm || told.as_ref().is_some_and(|told| *told != sha256(&public.spki)) {
            return Err(CeremonyFault::KeyMismatch(label.clone()));
        }
        let key = SigningKey {
            uri,
            algorithm,
            spki: public.spki,
        };
        if told.is_none() {
            let report = self.attributes(label)?;
            self.script.tell(Deed::KeyMade {
                label: label.clone(),
                algorithm: algorithm.name().to_owned(),
                public_key: sha256(&key.spki),
                found_after_a_crash: found,
                report: Box::new(report),
            })?;
        }
        self.prove(&key).await?;
        Ok(key)
    }

    pub fn attributes(&self, label: &str) -> Result<KeyAttributes, CeremonyFault> {
        let report = KeyAttributes::from(&self.token.attest(label)?);
        if report.never_left() {
            Ok(report)
        } else {
            Err(CeremonyFault::Attributes(label.to_owned()))
        }
    }

    pub async fn prove(&mut self, key: &SigningKey) -> Result<(), CeremonyFault> {
        let label = &key.uri.object;
        let proven = self.script.find(|deed| match deed {
            Deed::KeyProven { label: l, .. } if l == label => Some(()),
            _ => None,
        });
        if proven.is_some() {
            return Ok(());
        }
        let signature = prove::demand(self.script.desk.prover, key, &self.plan.hash).await?;
        self.script.tell(Deed::KeyProven {
            label: label.clone(),
            public_key: sha256(&key.spki),
            signature: hex::encode(signature),
        })
    }

    /// Writes a file of the outcome.
    pub fn put(&mut self, file: String, octets: &[u8]) -> Result<FileMade, CeremonyFault> {
        self.folder.write(&format!("out/{file}"), octets)?;
        let made = FileMade {
            file,
            sha256: sha256(octets),
        };
        self.files.push(made.clone());
        Ok(made)
    }

    /// A file that was told before a crash, if it is there as it was told.
    pub fn again(&mut self, file: &str, told: &str) -> Option<Vec<u8>> {
        let octets = self.folder.read(&format!("out/{file}")).ok()?;
        if sha256(&octets) != told {
            return None;
        }
        self.files.push(FileMade {
            file: file.to_owned(),
            sha256: told.to_owned(),
        });
        Some(octets)
    }
}
