//! The whole log looked at again: every leaf from its row, the root, and every checkpoint that was signed.

mod inner;

use std::collections::VecDeque;

use super::checkpoint::{Checkpoint, CheckpointError, VerifierKey};
use super::leaf::{Leaf, salted};
use super::tree::{Hash, Tree, TreeHead};
use crate::clock::Timestamp;
use crate::db::{Db, DbError, Row};
use crate::params;
use inner::Inner;

/// What the log holds and what does not hold of it.
#[derive(Clone, Debug)]
pub struct Report {
    /// Over the events that are there, each leaf computed anew.
    pub head: TreeHead,
    /// Events not in order yet.
    pub waiting: u64,
    /// Events whose texts were erased; their leaves are there.
    pub erased: u64,
    /// Checkpoints that hold.
    pub checkpoints: u64,
    /// The newest checkpoint that holds.
    pub newest: Option<Checkpoint>,
    /// The newest checkpoint that each of the given witnesses signed, at its own time.
    pub witnessed: Vec<(String, Checkpoint)>,
    /// Empty: everything holds.
    pub problems: Vec<Problem>,
}

/// One thing that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A row is not what it was; `what` says in which part.
    Changed { index: u64, what: String },
    /// No row has an index from `from` to `to`, both included.
    Missing { from: u64, to: u64 },
    /// An entry stands there that the signed log does not have.
    Inserted { index: u64 },
    /// At the place of entry `index` stands entry `stands`: they were put in another order.
    Moved { index: u64, stands: u64 },
    /// An inner hash of the tree, kept for proofs, is not what its leaves say.
    Tile { level: u8, n: u64 },
    /// A cosignature that its witness did not make.
    Cosignature {
        size: u64,
        witness: String,
        error: CheckpointError,
    },
    /// Rows with an index that the sequencer never gives.
    Stray { rows: u64 },
    /// A stored checkpoint that is none of ours; `size` as the row says.
    Checkpoint { size: i64, error: CheckpointError },
    /// A checkpoint kept elsewhere that is none of ours.
    Kept { number: usize, error: CheckpointError },
    /// The first checkpoint that the events do not fit, and how many later ones do not either. Up to `after` all is well.
    Root { size: u64, after: u64, later: u64 },
    /// A checkpoint was signed for `size` events; only `there` are left.
    Cut { size: u64, there: u64 },
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Changed { index, what } => write!(f, "event {index}: {what}"),
            Self::Missing { from, to } if from == to => write!(f, "event {from} was removed"),
            Self::Missing { from, to } => write!(f, "events {from} to {to} were removed"),
            Self::Inserted { index } => write!(f, "event {index} was inserted"),
            Self::Moved { index, stands } => {
                write!(f, "at the place of event {index} stands event {stands}: reordered")
            }
            Self::Tile { level, n } => write!(f, "inner hashes: number {n} of level {level} was changed or removed"),
            Self::Cosignature { size, witness, error } => {
                write!(
                    f,
                    "cosignature of {witness} on the checkpoint of {size} events: {error}"
                )
            }
            Self::Stray { rows } => write!(f, "{rows} rows with an index that is never given were inserted"),
            Self::Checkpoint { size, error } => write!(f, "checkpoint of {size} events: {error}"),
            Self::Kept { number, error } => write!(f, "kept checkpoint {number}: {error}"),
            Self::Root { size, after, later } => write!(
                f,
                "checkpoint of {size} events: events {after} to {} are not those that were signed, by a change, a removal \
                 or an insertion among them ({later} later checkpoints do not fit either)",
                size.saturating_sub(1)
            ),
            Self::Cut { size, there } => write!(
                f,
                "checkpoint of {size} events: only {there} are there, the last {} were removed",
                size.saturating_sub(*there)
            ),
        }
    }
}

/// Looks at everything. `kept` are notes that somebody stored elsewhere: they show what no look at the database alone can,
/// that the end of the log was cut off together with its checkpoints.
pub(super) async fn verify(db: &Db, service: &str, key: &VerifierKey, kept: &[String]) -> Result<Report, DbError> {
    let mut walk = Walk::default();
    let mut inner = Inner::stored(db).await?;
    // Before the events, so that each checkpoint's events are there in a log that goes on growing.
    walk.checkpoints = checkpoints(db, key, kept, &mut walk.problems).await?;
    walk.compare();
    loop {
        let rows = db.all(
            "SELECT id, at, kind, subject, detail, salt, leaf_index, leaf_hash, subject_hash, detail_hash
             FROM audit_event WHERE leaf_index >= $1 ORDER BY leaf_index LIMIT 256",
            params![i64::try_from(walk.next).unwrap_or(i64::MAX)],
        );
        let rows = rows.await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let leaf = walk.visit(row, service)?;
            inner.push(leaf, &mut walk.problems);
        }
    }
    inner.end(&mut walk.problems);
    let stray = count(db, "SELECT COUNT(*) AS n FROM audit_event WHERE leaf_index < 0").await?;
    if stray > 0 {
        walk.problems.push(Problem::Stray { rows: stray });
    }
    let waiting = count(db, "SELECT COUNT(*) AS n FROM audit_event WHERE leaf_index IS NULL").await?;
    Ok(walk.report(waiting))
}

async fn count(db: &Db, sql: &'static str) -> Result<u64, DbError> {
    let row = db.opt(sql, vec![]).await?.ok_or(DbError::NotFound)?;
    Ok(u64::try_from(row.get::<i64>("n")?).unwrap_or_default())
}

/// Every checkpoint that `key` signed, smallest first.
async fn checkpoints(
    db: &Db,
    key: &VerifierKey,
    kept: &[String],
    problems: &mut Vec<Problem>,
) -> Result<VecDeque<Checkpoint>, DbError> {
    let mut good = Vec::new();
    let rows = db.all(
        "SELECT tree_size, note FROM audit_checkpoint ORDER BY tree_size",
        vec![],
    );
    for row in rows.await? {
        let size: i64 = row.get("tree_size")?;
        match Checkpoint::open(&row.get::<String>("note")?, key) {
            Ok(checkpoint) if i64::try_from(checkpoint.head.size) == Ok(size) => good.push(checkpoint),
            Ok(_) => problems.push(Problem::Checkpoint {
                size,
                error: CheckpointError::Form("stored under another size"),
            }),
            Err(error) => problems.push(Problem::Checkpoint { size, error }),
        }
    }
    for (note, number) in kept.iter().zip(1..) {
        match Checkpoint::open(note, key) {
            Ok(checkpoint) => good.push(checkpoint),
            Err(error) => problems.push(Problem::Kept { number, error }),
        }
    }
    good.sort_by_key(|checkpoint| checkpoint.head.size);
    Ok(good.into())
}

#[derive(Default)]
pub(super) struct Walk {
    tree: Tree,
    /// The index that the next row must have.
    next: u64,
    /// Not compared yet, smallest first.
    checkpoints: VecDeque<Checkpoint>,
    hold: u64,
    erased: u64,
    newest: Option<Checkpoint>,
    pub(super) problems: Vec<Problem>,
}

impl Walk {
    pub(super) fn under(mut checkpoints: Vec<Checkpoint>, problems: Vec<Problem>) -> Self {
        checkpoints.sort_by_key(|checkpoint| checkpoint.head.size);
        let mut walk = Self {
            checkpoints: checkpoints.into(),
            problems,
            ..Self::default()
        };
        walk.compare();
        walk
    }

    fn visit(&mut self, row: &Row, service: &str) -> Result<Hash, DbError> {
        let index = u64::try_from(row.get::<i64>("leaf_index")?).unwrap_or_default();
        if index > self.next {
            self.problems.push(Problem::Missing {
                from: self.next,
                to: index - 1,
            });
        }
        let (leaf, what) = leaf(row, service);
        if let Some(what) = what {
            self.problems.push(Problem::Changed { index, what });
        }
        self.erased += u64::from(row.get::<Option<Vec<u8>>>("salt")?.is_none());
        self.next = index;
        self.push(leaf);
        Ok(leaf)
    }

    /// The next leaf.
    pub(super) fn push(&mut self, leaf: Hash) {
        self.tree.push(leaf);
        self.next = self.next.saturating_add(1);
        self.compare();
    }

    /// Every checkpoint whose events have been seen.
    fn compare(&mut self) {
        while let Some(checkpoint) = self.checkpoints.pop_front_if(|c| c.head.size <= self.next) {
            if checkpoint.head == self.tree.head() {
                self.hold += 1;
                self.newest = Some(checkpoint);
            } else if let Some(Problem::Root { later, .. }) =
                self.problems.iter_mut().rfind(|p| matches!(p, Problem::Root { .. }))
            {
                *later += 1;
            } else {
                self.problems.push(Problem::Root {
                    size: checkpoint.head.size,
                    after: self.newest.as_ref().map_or(0, |newest| newest.head.size),
                    later: 0,
                });
            }
        }
    }

    pub(super) fn report(mut self, waiting: u64) -> Report {
        let there = self.next;
        // The largest says it all.
        if let Some(Checkpoint { head, .. }) = self.checkpoints.pop_back() {
            self.problems.push(Problem::Cut { size: head.size, there });
        }
        Report {
            head: self.tree.head(),
            waiting,
            erased: self.erased,
            checkpoints: self.hold,
            newest: self.newest,
            witnessed: Vec::new(),
            problems: self.problems,
        }
    }
}

/// The leaf of a row as it stands, and what in the row contradicts itself.
fn leaf(row: &Row, service: &str) -> (Hash, Option<String>) {
    match computed(row, service) {
        Ok(found) => found,
        Err(error) => ([0; 32], Some(error.to_string())),
    }
}

fn computed(row: &Row, service: &str) -> Result<(Hash, Option<String>), DbError> {
    let mut what = None;
    let mut subject: Hash = row.get("subject_hash")?;
    let mut detail: Hash = row.get("detail_hash")?;
    // Erased rows keep their hashes alone.
    if let Some(salt) = row.get::<Option<Vec<u8>>>("salt")? {
        let text: Option<String> = row.get("detail")?;
        let now = text.map(|text| salted(&salt, &text));
        if now != Some(detail) {
            what = Some("its detail was changed");
            detail = now.unwrap_or_default();
        }
        let now = salted(&salt, &row.get::<String>("subject")?);
        if now != subject {
            what = Some("its subject was changed");
            subject = now;
        }
    } else if row.get::<Option<String>>("detail")?.is_some() || !row.get::<String>("subject")?.is_empty() {
        what = Some("it has texts without the salt that would prove them");
    }
    let (kind, at): (String, Timestamp) = (row.get("kind")?, row.get("at")?);
    let hash = Leaf {
        service,
        id: row.get("id")?,
        at,
        kind: &kind,
        subject,
        detail,
    }
    .hash();
    if hash != row.get::<Hash>("leaf_hash")? && what.is_none() {
        what = Some("its kind, time, id, hashes or leaf were changed");
    }
    Ok((hash, what.map(str::to_owned)))
}

#[cfg(test)]
mod tests;
