//! Carrying a ceremony out. Every step is announced in the transcript before it is taken and told after it, so it may be taken
//! up after a crash anywhere: what was announced and not told is looked for in the token, and nothing else may be there.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use der::{Decode, Encode};
use sha2::{Digest, Sha256};
use signum_core::{Clock, Random, Timestamp};
use signum_hsm_shim::local::Local;
use signum_hsm_shim::token::{CANARY, Token};
use signum_hsm_shim::{Hsm, HsmError, KeyUri};
use x509_cert::Certificate;
use x509_cert::crl::TbsCertList;

use super::CeremonyFault;
use super::approval::{Approval, Approved};
use super::folder::{Folder, sha256};
use super::linted::{LintedAuthority, Wanted};
use super::offline::common_name;
use super::plan::{Plan, PlannedIssuer, PlannedKey, PlannedList, PlannedRequest, Work};
use super::prove::{self, Prover};
use super::transcript::{ApprovalMade, Deed, Entry, FileMade, KeyAttributes, KeyInToken, Opening, Transcript, Writer};
use super::{render, request, root_list, spent};
use crate::authority::{Authority, Issuer, SigningKey};
use crate::lint;
use crate::officer::Officers;
use crate::profile::Profile;

/// What a ceremony takes of the world besides the token.
pub struct Desk<'a> {
    pub clock: &'a dyn Clock,
    pub random: &'a dyn Random,
    pub prover: &'a dyn Prover,
    /// Where this machine remembers which ceremonies it has held.
    pub spent: &'a Path,
    /// Hears every line once it is on the disk.
    pub heard: &'a (dyn Fn(&Entry) + Sync),
}

/// Holds the ceremony, or goes on with it after a crash. `open` opens the token; nothing before it touches one.
pub async fn hold(
    approved: Approved,
    folder: &Folder,
    open: impl FnOnce() -> Result<Token, HsmError>,
    desk: &Desk<'_>,
) -> Result<Transcript, CeremonyFault> {
    let plan = approved.plan();
    // Step 1. The transcript, which says who approved what; then the file is worth nothing elsewhere.
    std::fs::create_dir_all(folder.path("out")).map_err(|error| CeremonyFault::Input(error.to_string()))?;
    let writer = Writer::open(&folder.path(Folder::TRANSCRIPT), &plan.hash)?;
    let mut script = Script { writer, desk };
    script.open(&approved)?;
    let first = first_line(folder)?;
    spent::spend(desk.spent, &plan.nonce, &first)?;
    // Step 2. The token, which is the one that the file names, with the keys that it may have.
    let token = Arc::new(open()?);
    let mut room = Room {
        hsm: Local::new(Arc::clone(&token)),
        token,
        plan,
        folder,
        script,
        files: Vec::new(),
        stand_in: None,
        rehearsal: approved.is_rehearsal(),
    };
    room.look()?;
    // Step 3. What the file says.
    match &plan.work {
        Work::Root { key, days, list } => room.root(key, *days, list).await?,
        Work::Issuing(keys) => {
            for key in keys {
                room.issuing(key).await?;
            }
        }
        Work::Sign { issuer, requests, list } => {
            let root = room.issuer(issuer).await?;
            for request in requests {
                room.certify(&root, request).await?;
            }
            if let Some(list) = list {
                room.list(&root, list).await?;
            }
        }
        Work::List { issuer, list } => {
            let root = room.issuer(issuer).await?;
            room.list(&root, list).await?;
        }
    }
    // Step 4. Nothing lies in the token that nobody told of.
    let keys = room.inventory()?;
    room.account_for(&keys)?;
    let files = std::mem::take(&mut room.files);
    room.script.tell(Deed::Closed { keys, files })?;
    let transcript = room.script.writer.transcript;
    // Step 5. The same for people.
    render::write_renderings(folder, plan, &transcript)?;
    Ok(transcript)
}

fn first_line(folder: &Folder) -> Result<String, CeremonyFault> {
    let text = folder.read(Folder::TRANSCRIPT)?;
    let line = text.split(|octet| *octet == b'\n').next().unwrap_or_default();
    Ok(sha256(line))
}

struct Script<'a> {
    writer: Writer,
    desk: &'a Desk<'a>,
}

impl Script<'_> {
    fn tell(&mut self, deed: Deed) -> Result<(), CeremonyFault> {
        let entry = self.writer.write(self.desk.clock.now(), deed)?;
        (self.desk.heard)(entry);
        Ok(())
    }

    fn find<T>(&self, pick: impl Fn(&Deed) -> Option<T>) -> Option<T> {
        self.writer.transcript.deeds().find_map(pick)
    }

    /// The first line, or the agreement with it.
    fn open(&mut self, approved: &Approved) -> Result<(), CeremonyFault> {
        let opening = opening(approved);
        if self.writer.transcript.entries.is_empty() {
            return self.tell(Deed::Opened(Box::new(opening)));
        }
        if self.writer.transcript.files().is_some() {
            return Err(CeremonyFault::Held);
        }
        match self.writer.transcript.opening() {
            Some(earlier) if *earlier == opening => {}
            Some(earlier) if earlier.approvals != opening.approvals => {
                return Err(CeremonyFault::AnotherOpening("set of approvals"));
            }
            _ => return Err(CeremonyFault::AnotherOpening("file, list of officers or executable")),
        }
        let binary = opening.binary;
        self.tell(Deed::Resumed { binary })
    }
}

fn opening(approved: &Approved) -> Opening {
    opening_of(approved.plan(), approved.officers(), approved.approvals())
}

/// What the first line says.
pub(super) fn opening_of(plan: &Plan, officers: &Officers, approvals: &[Approval]) -> Opening {
    Opening {
        kind: plan.kind().name().to_owned(),
        title: plan.file.title.clone(),
        file: hex::encode(plan.hash),
        genesis: plan.genesis.to_string(),
        list: officers.hash().to_string(),
        list_version: officers.list().version,
        operators_needed: officers.list().operators_needed,
        binary: hex::encode(plan.binary),
        auditor: hex::encode(plan.auditor),
        approvals: approvals.iter().map(approval_made).collect(),
    }
}

fn approval_made(approval: &Approval) -> ApprovalMade {
    ApprovalMade {
        officer: approval.officer.clone(),
        gesture: sha256(approval.gesture.to_json().to_string().as_bytes()),
    }
}

/// The open token and everything around it.
struct Room<'a> {
    token: Arc<Token>,
    hsm: Local,
    plan: &'a Plan,
    folder: &'a Folder,
    script: Script<'a>,
    files: Vec<FileMade>,
    rehearsal: bool,
    /// The label of a rehearsal's own root key.
    stand_in: Option<String>,
}

impl Room<'_> {
    fn now(&self) -> Timestamp {
        self.script.desk.clock.now()
    }

    fn inventory(&self) -> Result<Vec<KeyInToken>, CeremonyFault> {
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
    fn look(&mut self) -> Result<(), CeremonyFault> {
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

    fn first_inventory(&self) -> Option<Vec<KeyInToken>> {
        self.script.find(|deed| match deed {
            Deed::Token { keys, .. } => Some(keys.clone()),
            _ => None,
        })
    }

    /// Every key lay there at the beginning, or was announced.
    fn account_for(&self, keys: &[KeyInToken]) -> Result<(), CeremonyFault> {
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
    async fn key(&mut self, planned: &PlannedKey) -> Result<SigningKey, CeremonyFault> {
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

    fn attributes(&self, label: &str) -> Result<KeyAttributes, CeremonyFault> {
        let report = KeyAttributes::from(&self.token.attest(label)?);
        if report.never_left() {
            Ok(report)
        } else {
            Err(CeremonyFault::Attributes(label.to_owned()))
        }
    }

    async fn prove(&mut self, key: &SigningKey) -> Result<(), CeremonyFault> {
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
    fn put(&mut self, file: String, octets: &[u8]) -> Result<FileMade, CeremonyFault> {
        self.folder.write(&format!("out/{file}"), octets)?;
        let made = FileMade {
            file,
            sha256: sha256(octets),
        };
        self.files.push(made.clone());
        Ok(made)
    }

    /// A file that was told before a crash, if it is there as it was told.
    fn again(&mut self, file: &str, told: &str) -> Option<Vec<u8>> {
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

    async fn root(&mut self, planned: &PlannedKey, days: i64, list: &PlannedList) -> Result<(), CeremonyFault> {
        let key = self.key(planned).await?;
        let mut issuer = Issuer {
            name: planned.authority,
            subject: planned.subject.clone(),
            key: key.clone(),
            validity: None,
        };
        let wanted = Wanted {
            profile: planned.profile(),
            subject: &planned.subject,
            spki: &key.spki,
            days,
        };
        let certificate = self.certificate(&issuer, planned.authority.as_str(), &wanted).await?;
        let parsed = Certificate::from_der(&certificate)?;
        let (from, to) = signum_pki::certificate::validity_seconds(&parsed);
        issuer.validity = Some((Timestamp::from_seconds(from), Timestamp::from_seconds(to)));
        self.list(&issuer, list).await
    }

    async fn issuing(&mut self, planned: &PlannedKey) -> Result<(), CeremonyFault> {
        let key = self.key(planned).await?;
        let (authority, file) = (planned.authority.as_str(), format!("{}.p10", planned.authority));
        let told = self.script.find(|deed| match deed {
            Deed::RequestSigned {
                authority: a, sha256, ..
            } if a == authority => Some(sha256.clone()),
            _ => None,
        });
        if told.is_some_and(|told| self.again(&file, &told).is_some()) {
            return Ok(());
        }
        let octets = request::sign(&self.hsm, &key, &planned.subject).await?;
        let made = self.put(file, &octets)?;
        self.script.tell(Deed::RequestSigned {
            authority: authority.to_owned(),
            subject: planned.subject.to_string(),
            public_key: sha256(&key.spki),
            file: made.file,
            sha256: made.sha256,
        })
    }

    /// The root whose certificate the file names, its key found in the token.
    async fn issuer(&mut self, planned: &PlannedIssuer) -> Result<Issuer, CeremonyFault> {
        let der = self.folder.read("in/root.der")?;
        if <[u8; 32]>::from(Sha256::digest(&der)) != planned.certificate {
            return Err(CeremonyFault::Input(
                "in/root.der is not the certificate that the file names".to_owned(),
            ));
        }
        let real = Authority::from_stored(planned.authority, &self.plan.config, &planned.label, der)?;
        let written = self.plan.file.issuer.as_ref().map(|issuer| issuer.common_name.as_str());
        if written != Some(common_name(&real.issuer.subject).as_str()) {
            return Err(CeremonyFault::Input(
                "in/root.der has another common name than the file says".to_owned(),
            ));
        }
        let authority = match self.rehearsal {
            true => self.stand_in(real).await?,
            false => real,
        };
        let (issuer, label) = (authority.issuer, &planned.label);
        if self.hsm.public_key(&issuer.key.uri).await?.spki != issuer.key.spki {
            return Err(CeremonyFault::KeyMismatch(label.clone()));
        }
        let report = self.attributes(label)?;
        self.script.tell(Deed::KeyUsed {
            label: label.clone(),
            public_key: sha256(&issuer.key.spki),
            certificate: hex::encode(planned.certificate),
            report: Box::new(report),
        })?;
        Ok(issuer)
    }

    /// In a rehearsal: a root of the same name and validity with a key of the empty token.
    async fn stand_in(&mut self, real: Authority) -> Result<Authority, CeremonyFault> {
        let (issuer, config) = (real.issuer, &self.plan.config);
        let public = self.hsm.generate(&issuer.key.uri, issuer.key.algorithm).await?;
        self.stand_in = Some(issuer.key.uri.object.clone());
        let (from, to) = issuer.validity.unwrap_or((self.now(), self.now()));
        let own = Issuer {
            key: SigningKey {
                spki: public.spki.clone(),
                ..issuer.key.clone()
            },
            validity: None,
            ..issuer
        };
        let profile = crate::profile::of_authority(own.name.role);
        let wanted = Wanted {
            profile,
            subject: &own.subject,
            spki: &public.spki,
            days: (to.seconds() - from.seconds() + 1) / crate::profile::DAY,
        };
        let tbs = wanted.build(config, &own, self.now(), self.script.desk.random)?;
        let linted = LintedAuthority::lint(tbs, config, &own, profile, self.now())?;
        let der = linted.sign(&self.hsm, &own).await?;
        Ok(Authority::from_stored(own.name, config, &own.key.uri.object, der)?)
    }

    async fn certify(&mut self, root: &Issuer, planned: &PlannedRequest) -> Result<(), CeremonyFault> {
        let file = format!("in/{}.p10", planned.authority);
        let pkcs10 = self.folder.read(&file)?;
        if <[u8; 32]>::from(Sha256::digest(&pkcs10)) != planned.request {
            return Err(CeremonyFault::Input(format!(
                "{file} is not the request that the file names"
            )));
        }
        let spki = request::read(&pkcs10, &planned.subject)?;
        let wanted = Wanted {
            profile: planned.profile(),
            subject: &planned.subject,
            spki: &spki,
            days: planned.days,
        };
        self.certificate(root, planned.authority.as_str(), &wanted)
            .await
            .map(drop)
    }

    /// Built, linted, told, signed, told: or taken up where it stands.
    async fn certificate(
        &mut self,
        issuer: &Issuer,
        authority: &str,
        wanted: &Wanted<'_>,
    ) -> Result<Vec<u8>, CeremonyFault> {
        let file = format!("{authority}.der");
        let signed = self.script.find(|deed| match deed {
            Deed::CertificateSigned {
                authority: a, sha256, ..
            } if a == authority => Some(sha256.clone()),
            _ => None,
        });
        if let Some(octets) = signed.and_then(|told| self.again(&file, &told)) {
            return Ok(octets);
        }
        let announced = self.script.find(|deed| match deed {
            Deed::CertificateLinted { authority: a, tbs, .. } if a == authority => hex::decode(tbs).ok(),
            _ => None,
        });
        let (config, now) = (&self.plan.config, self.now());
        let tbs = match &announced {
            Some(tbs) => tbs.clone(),
            None => wanted.build(config, issuer, now, self.script.desk.random)?,
        };
        let linted = LintedAuthority::lint(tbs, config, issuer, wanted.profile, now)?;
        if announced.is_none() {
            self.script
                .tell(linted_deed(authority, issuer, wanted.profile, &linted)?)?;
        }
        let tbs_sha256 = linted.hash();
        let octets = linted.sign(&self.hsm, issuer).await?;
        let made = self.put(file, &octets)?;
        self.script.tell(Deed::CertificateSigned {
            authority: authority.to_owned(),
            tbs_sha256,
            file: made.file,
            sha256: made.sha256,
        })?;
        Ok(octets)
    }

    async fn list(&mut self, root: &Issuer, planned: &PlannedList) -> Result<(), CeremonyFault> {
        let file = format!("{}.crl", root.name);
        let signed = self.script.find(|deed| match deed {
            Deed::ListSigned { sha256, .. } => Some(sha256.clone()),
            _ => None,
        });
        if signed.is_some_and(|told| self.again(&file, &told).is_some()) {
            return Ok(());
        }
        let announced = self.script.find(|deed| match deed {
            Deed::ListIntended { tbs, .. } => hex::decode(tbs).ok(),
            _ => None,
        });
        let list = match &announced {
            Some(tbs) => TbsCertList::from_der(tbs)?,
            None => {
                let now = self.now();
                let (list, next) = root_list::build(&self.plan.config, root, planned, now)?;
                let tbs = list.to_der()?;
                self.script.tell(Deed::ListIntended {
                    number: planned.number,
                    this_update: Timestamp::from_seconds(now.seconds()).to_string(),
                    next_update: next.to_string(),
                    revoked: planned.entries.iter().map(|entry| hex::encode(&entry.0)).collect(),
                    tbs_sha256: sha256(&tbs),
                    tbs: hex::encode(&tbs),
                })?;
                list
            }
        };
        let octets = root_list::sign(&self.hsm, root, &list).await?;
        let made = self.put(file, &octets)?;
        self.script.tell(Deed::ListSigned {
            number: planned.number,
            tbs_sha256: sha256(&list.to_der()?),
            file: made.file,
            sha256: made.sha256,
        })
    }
}

fn linted_deed(
    authority: &str,
    issuer: &Issuer,
    profile: &Profile,
    linted: &LintedAuthority,
) -> Result<Deed, CeremonyFault> {
    let tbs = crate::tbs::Tbs::from_der(linted.tbs())?;
    let at = |time: x509_cert::time::Time| {
        Timestamp::from_seconds(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)).to_string()
    };
    Ok(Deed::CertificateLinted {
        authority: authority.to_owned(),
        profile: profile.id.to_owned(),
        subject: tbs.subject.to_string(),
        issuer: issuer.subject.to_string(),
        serial: hex::encode(tbs.serial_number.as_bytes()),
        not_before: at(tbs.validity.not_before),
        not_after: at(tbs.validity.not_after),
        public_key: sha256(&tbs.spki.to_der()?),
        tbs_sha256: linted.hash(),
        tbs: hex::encode(linted.tbs()),
        rules: lint::RULE_COUNT,
        findings: Vec::new(),
    })
}
