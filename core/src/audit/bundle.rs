//! The whole log in a folder, laid out as C2SP tlog-tiles serves it, for an auditor without a network or a database.
//!
//! `log.vkey`, `witnesses.vkey`, `checkpoint` (the newest, with cosignatures), `checkpoints.jsonl` (each as a JSON string),
//! `tile/<L>/<N>` and `tile/entries/<N>`. The keys in it say who is believed to have signed; an auditor pins their own.

mod compare;

use std::fs;
use std::path::{Path, PathBuf};

use super::checkpoint::{Checkpoint, CheckpointError, VerifierKey};
use super::proof::{Place, WIDTH};
use super::tiles::{Resource, path};
use super::tree::{Hash, root_of};
use super::verify::{Problem, Report, Walk};
use super::{Log, entries, stored};
use crate::db::DbError;
use crate::params;
use compare::first_difference;

/// Why a bundle was not written or not read.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("nothing was signed yet")]
    NothingSigned,
    #[error("events from {0} on are not complete; `signum audit verify` says what is missing")]
    Incomplete(u64),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{path}: not one checkpoint a line")]
    Form { path: PathBuf },
    #[error("the checkpoint of the bundle: {0}")]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    pub entries: u64,
    pub checkpoints: u64,
    /// Events that no checkpoint covers yet; they are not in the bundle.
    pub left: u64,
}

/// Whose signatures an auditor believes.
#[derive(Clone, Debug)]
pub struct Pinned {
    pub log: VerifierKey,
    pub witnesses: Vec<VerifierKey>,
    /// Checkpoints that were kept elsewhere.
    pub kept: Vec<String>,
}

fn write(path: &Path, octets: &[u8]) -> Result<(), BundleError> {
    let failed = |source| BundleError::File {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, octets).map_err(failed)
}

fn read(path: &Path) -> Result<Vec<u8>, BundleError> {
    fs::read(path).map_err(|source| BundleError::File {
        path: path.to_owned(),
        source,
    })
}

impl Log {
    /// Writes everything that the newest checkpoint covers into `folder`.
    pub async fn export(
        &self,
        folder: &Path,
        key: &VerifierKey,
        witnesses: &[VerifierKey],
    ) -> Result<Exported, BundleError> {
        let size = self.signed_size().await?;
        let note = self.note(size).await?.ok_or(BundleError::NothingSigned)?;
        write(&folder.join("checkpoint"), note.as_bytes())?;
        write(&folder.join("log.vkey"), format!("{key}\n").as_bytes())?;
        let witnesses: String = witnesses.iter().map(|key| format!("{key}\n")).collect();
        write(&folder.join("witnesses.vkey"), witnesses.as_bytes())?;
        let checkpoints = self.export_checkpoints(folder, size).await?;
        let db = &self.cx().db;
        for place in Place::all(size) {
            let width = place.width(size);
            let incomplete = || BundleError::Incomplete(place.n.saturating_mul(WIDTH));
            let hashes = stored::tile(db, place, width).await?.ok_or_else(incomplete)?;
            write(&folder.join(path(Resource::Hashes(place), width)), &hashes.concat())?;
            if place.level == 0 {
                let bundle = entries::bundle(db, self.service(), place.n, width).await?;
                let file = folder.join(path(Resource::Entries(place.n), width));
                write(&file, &bundle.ok_or_else(incomplete)?)?;
            }
        }
        Ok(Exported {
            entries: size,
            checkpoints,
            left: self.size().await?.saturating_sub(size),
        })
    }

    async fn export_checkpoints(&self, folder: &Path, size: u64) -> Result<u64, BundleError> {
        let rows = self.cx().db.all(
            "SELECT tree_size FROM audit_checkpoint WHERE tree_size <= $1 ORDER BY tree_size",
            params![stored::number(size)],
        );
        let rows = rows.await?;
        let mut lines = String::new();
        for row in &rows {
            let size = u64::try_from(row.get::<i64>("tree_size")?).unwrap_or_default();
            if let Some(note) = self.note(size).await? {
                lines += &format!("{}\n", serde_json::Value::from(note));
            }
        }
        write(&folder.join("checkpoints.jsonl"), lines.as_bytes())?;
        Ok(rows.len() as u64)
    }
}

/// Looks at a bundle with nothing but the pinned keys: names the first entry that is not what was signed, and everything else
/// that does not hold.
pub fn verify_bundle(folder: &Path, pinned: &Pinned) -> Result<Report, BundleError> {
    let text = |name: &str| {
        let octets = read(&folder.join(name))?;
        String::from_utf8(octets).map_err(|_| BundleError::Checkpoint(CheckpointError::Form("not UTF-8")))
    };
    let newest = text("checkpoint")?;
    let head = Checkpoint::open(&newest, &pinned.log)?.head;
    let mut notes = vec![newest];
    for line in text("checkpoints.jsonl")?.lines() {
        let path = folder.join("checkpoints.jsonl");
        notes.push(serde_json::from_str(line).map_err(|_| BundleError::Form { path })?);
    }
    let mut problems = Vec::new();
    let checkpoints = checkpoints(&notes, pinned, &mut problems);
    let found = Found::read(folder, head.size);
    let (leaves, exact) = found.leaves(&head.root);
    if !exact {
        // Nobody can say which of them was signed: the checkpoints below say up to where all is well.
        problems.extend(found.odd_tiles(&leaves));
    }
    problems.extend(first_difference(&leaves, &found.entries));
    if exact {
        problems.extend(found.odd_tiles(&leaves));
    }
    let mut walk = Walk::under(checkpoints, problems);
    leaves.iter().for_each(|leaf| walk.push(*leaf));
    let mut report = walk.report(0);
    report.witnessed = witnessed(notes.iter().chain(&pinned.kept), pinned, &mut report.problems);
    Ok(report)
}

/// Every checkpoint that the log signed.
fn checkpoints(notes: &[String], pinned: &Pinned, problems: &mut Vec<Problem>) -> Vec<Checkpoint> {
    let mut good = Vec::new();
    for note in notes {
        match Checkpoint::open(note, &pinned.log) {
            Ok(checkpoint) => good.push(checkpoint),
            Err(error) => {
                let size = Checkpoint::text_of(note).map_or(-1, |(_, head)| stored::number(head.size));
                problems.push(Problem::Checkpoint { size, error });
            }
        }
    }
    good.sort_by_key(|checkpoint| checkpoint.head.size);
    // The newest stands in two files.
    good.dedup();
    for (note, number) in pinned.kept.iter().zip(1..) {
        match Checkpoint::open(note, &pinned.log) {
            Ok(checkpoint) => good.push(checkpoint),
            Err(error) => problems.push(Problem::Kept { number, error }),
        }
    }
    good
}

/// What each pinned witness has signed last.
fn witnessed<'a>(
    notes: impl Iterator<Item = &'a String>,
    pinned: &Pinned,
    problems: &mut Vec<Problem>,
) -> Vec<(String, Checkpoint)> {
    let mut newest: Vec<(String, Checkpoint)> = Vec::new();
    for note in notes {
        for key in &pinned.witnesses {
            match Checkpoint::signed_by(note, key) {
                Ok(Some(seen)) => match newest.iter_mut().find(|(name, _)| name == key.name()) {
                    Some((_, before)) if before.head.size < seen.head.size => *before = seen,
                    Some(_) => {}
                    None => newest.push((key.name().to_owned(), seen)),
                },
                Ok(None) => {}
                Err(error) => {
                    let problem = Problem::Cosignature {
                        size: Checkpoint::text_of(note).map_or(0, |(_, head)| head.size),
                        witness: key.name().to_owned(),
                        error,
                    };
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                }
            }
        }
    }
    newest
}

/// What the files of a bundle say, believed or not.
struct Found {
    size: u64,
    /// The hash of every entry that is there.
    entries: Vec<Hash>,
    /// The tiles of level 0, one after the other; a missing or misshapen file leaves zeroes.
    leaves: Vec<Hash>,
    /// The levels above.
    inner: Vec<(Place, Option<Vec<Hash>>)>,
}

impl Found {
    fn read(folder: &Path, size: u64) -> Self {
        let (mut entries, mut leaves, mut inner) = (Vec::new(), Vec::new(), Vec::new());
        for place in Place::all(size) {
            let width = place.width(size);
            let hashes = fs::read(folder.join(path(Resource::Hashes(place), width)));
            let hashes = hashes.ok().and_then(|octets| hashes_of(&octets, width));
            if place.level > 0 {
                inner.push((place, hashes));
                continue;
            }
            let missing = || vec![[0; 32]; usize::try_from(width).unwrap_or_default()];
            leaves.extend(hashes.unwrap_or_else(missing));
            let bundle = fs::read(folder.join(path(Resource::Entries(place.n), width)));
            entries.extend(entries::hashes(&bundle.unwrap_or_default()));
        }
        Self {
            size,
            entries,
            leaves,
            inner,
        }
    }

    /// The leaves that were signed, and whether the root proves it: the tiles', else the entries', else the tiles' all the same.
    fn leaves(&self, root: &Hash) -> (Vec<Hash>, bool) {
        let proven = |leaves: &[Hash]| leaves.len() as u64 == self.size && root_of(leaves) == *root;
        if proven(&self.leaves) {
            (self.leaves.clone(), true)
        } else if proven(&self.entries) {
            (self.entries.clone(), true)
        } else {
            (self.leaves.clone(), false)
        }
    }

    /// Tiles that are not what these leaves give.
    fn odd_tiles(&self, leaves: &[Hash]) -> Vec<Problem> {
        let mut odd = Vec::new();
        for (n, (theirs, ours)) in (0..).zip(self.leaves.chunks(256).zip(leaves.chunks(256))) {
            if theirs != ours {
                odd.push(Problem::Tile { level: 0, n });
            }
        }
        let mut below = leaves.to_vec();
        let mut level = 0;
        for (place, hashes) in &self.inner {
            while level < place.level {
                below = below.chunks_exact(256).map(root_of).collect();
                level += 1;
            }
            let first = usize::try_from(place.n.saturating_mul(WIDTH)).unwrap_or(usize::MAX);
            let given = below
                .get(first..)
                .map(|rest| rest.iter().take(256).copied().collect::<Vec<_>>());
            if *hashes != given {
                let Place { level, n } = *place;
                odd.push(Problem::Tile { level, n });
            }
        }
        odd
    }
}

fn hashes_of(octets: &[u8], width: u64) -> Option<Vec<Hash>> {
    let (hashes, rest) = octets.as_chunks::<32>();
    (rest.is_empty() && hashes.len() as u64 == width).then(|| hashes.to_vec())
}

#[cfg(test)]
mod tests;
