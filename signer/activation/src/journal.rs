//! The module's own journal of spent commitments: append-only, fsynced before a key is used, read back at start.
//!
//! A restored database permits no replay, because the journal is not in it. A record is 48 octets: commitment, deadline,
//! first eight octets of SHA-256 over both. A torn last record was never answered and is dropped; any other damage stops the start.
//!
//! Time never goes back for the journal: what expired before the highest time it has seen can be forgotten, because it can no
//! longer be spent, even when the clock is set back. That time need not outlive the process: a restart makes all tickets void.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};

use crate::protocol::Refusal;

const MAGIC: &[u8; 16] = b"signum-journal-1";
const RECORD: usize = 48;
/// After this many records, expired ones are forgotten and the file is written anew.
const TIDY_AFTER: usize = 10_000;

/// Commitments that were spent, each until its deadline.
pub struct Journal {
    state: Mutex<State>,
    path: PathBuf,
    /// Held for as long as the process lives: two modules must not share a journal.
    _lock: File,
}

struct State {
    file: File,
    /// Deadline by commitment.
    spent: HashMap<[u8; 32], i64>,
    /// Highest time seen, seconds since the Unix epoch.
    latest: i64,
    /// Records written since the last tidying, and how many may be.
    written: usize,
    tidy_after: usize,
    /// After a failed write the file's end is unknown; nothing is spent any more.
    broken: bool,
}

impl Journal {
    /// Reads the journal, drops what expired before `now`, and writes it anew. Makes an empty one if there is none.
    pub fn open(path: &Path, now: i64) -> io::Result<Self> {
        let lock = private(OpenOptions::new().write(true).create(true).truncate(false)).open(beside(path, "lock"))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| io::Error::new(io::ErrorKind::ResourceBusy, "another module holds the journal"))?;
        let mut spent = match File::open(path) {
            Ok(mut file) => {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes)?;
                parse(&bytes)?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => HashMap::new(),
            Err(error) => return Err(error),
        };
        spent.retain(|_, deadline| *deadline >= now);
        let file = rewrite(path, &spent)?;
        let state = State {
            file,
            spent,
            latest: now,
            written: 0,
            tidy_after: TIDY_AFTER,
            broken: false,
        };
        Ok(Self {
            state: Mutex::new(state),
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Whether a commitment was spent before.
    pub fn is_spent(&self, commitment: &[u8; 32]) -> bool {
        self.state().spent.contains_key(commitment)
    }

    /// Spends a commitment; when this returns, no restart will forget it. [`Refusal::Replayed`] when it was spent before,
    /// [`Refusal::Expired`] when its deadline lies before the highest time seen: it may have been spent and forgotten.
    pub fn spend(&self, commitment: &[u8; 32], deadline: i64, now: i64) -> Result<(), Refusal> {
        let mut state = self.state();
        if state.spent.contains_key(commitment) {
            return Err(Refusal::Replayed);
        }
        state.latest = state.latest.max(now);
        if deadline < state.latest {
            if now < state.latest {
                let by = state.latest - now;
                tracing::error!(
                    seconds = by,
                    "the clock went back; when it is right, restart the module"
                );
            }
            return Err(Refusal::Expired);
        }
        if state.broken {
            return Err(Refusal::Journal);
        }
        let written = state
            .file
            .write_all(&record(commitment, deadline))
            .and_then(|()| state.file.sync_data());
        if let Err(error) = written {
            tracing::error!(%error, "the journal cannot be written");
            state.broken = true;
            return Err(Refusal::Journal);
        }
        state.spent.insert(*commitment, deadline);
        state.written += 1;
        if state.written > state.tidy_after {
            self.tidy(&mut state);
        }
        Ok(())
    }

    /// Forgets what expired, in memory and on the disk.
    fn tidy(&self, state: &mut State) {
        let latest = state.latest;
        state.spent.retain(|_, deadline| *deadline >= latest);
        match rewrite(&self.path, &state.spent) {
            Ok(file) => (state.file, state.written) = (file, 0),
            Err(error) => {
                tracing::error!(%error, "the journal cannot be written anew");
                state.broken = true;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn record(commitment: &[u8; 32], deadline: i64) -> Vec<u8> {
    let mut record = commitment.to_vec();
    record.extend_from_slice(&deadline.to_be_bytes());
    let check = Sha256::digest(&record);
    record.extend(check.iter().take(8));
    record
}

fn parse(bytes: &[u8]) -> io::Result<HashMap<[u8; 32], i64>> {
    let damaged = || {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "the journal of spent commitments is damaged",
        )
    };
    let records = bytes.strip_prefix(MAGIC.as_slice()).ok_or_else(damaged)?;
    let mut spent = HashMap::new();
    let mut chunks = records.chunks(RECORD).peekable();
    while let Some(chunk) = chunks.next() {
        let fields = chunk.split_first_chunk::<32>();
        let fields = fields.and_then(|(c, rest)| Some((c, rest.first_chunk::<8>()?)));
        match fields.map(|(c, deadline)| (c, i64::from_be_bytes(*deadline))) {
            Some((commitment, deadline)) if record(commitment, deadline) == chunk => {
                spent.insert(*commitment, deadline);
            }
            _ if chunks.peek().is_none() => tracing::warn!("the journal's last record was torn; it is dropped"),
            _ => return Err(damaged()),
        }
    }
    Ok(spent)
}

/// Writes a whole new journal and puts it in place of the old one, durably.
fn rewrite(path: &Path, spent: &HashMap<[u8; 32], i64>) -> io::Result<File> {
    let fresh = beside(path, "new");
    let mut bytes = MAGIC.to_vec();
    for (commitment, deadline) in spent {
        bytes.extend(record(commitment, *deadline));
    }
    let mut file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&fresh)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(file)
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests;
