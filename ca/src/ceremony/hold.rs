//! Carrying a ceremony out. Every step is announced in the transcript before it is taken and told after it, so it may be taken
//! up after a crash anywhere: what was announced and not told is looked for in the token, and nothing else may be there.

mod deeds;
mod room;

use std::path::Path;
use std::sync::Arc;

use signum_core::{Clock, Random};
use signum_hsm_shim::HsmError;
use signum_hsm_shim::local::Local;
use signum_hsm_shim::token::Token;

use super::CeremonyFault;
use super::approval::{Approval, Approved};
use super::folder::{Folder, sha256};
use super::plan::{Plan, Work};
use super::prove::Prover;
use super::transcript::{ApprovalMade, Deed, Entry, Opening, Transcript, Writer};
use super::{render, spent};
use crate::officer::Officers;
use room::Room;

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
