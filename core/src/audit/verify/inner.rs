//! The inner hashes of the tree, which proofs are made of: C2SP tlog-tiles.

use std::collections::BTreeMap;

use super::Problem;
use crate::audit::proof::Place;
use crate::audit::tree::{Hash, root_of};
use crate::db::{Db, DbError};

/// The inner hashes that are stored for proofs, against those that the leaves give.
pub(super) struct Inner {
    stored: BTreeMap<Place, Hash>,
    /// For each level above the leaves, the hashes of the tile that is not complete yet.
    open: Vec<Vec<Hash>>,
    /// How many hashes each level has.
    counts: Vec<u64>,
}

impl Inner {
    pub(super) async fn stored(db: &Db) -> Result<Self, DbError> {
        let mut stored = BTreeMap::new();
        for row in db.all("SELECT level, n, hash FROM audit_subtree", vec![]).await? {
            let level = u8::try_from(row.get::<i64>("level")?).unwrap_or(u8::MAX);
            let n = u64::try_from(row.get::<i64>("n")?).unwrap_or(u64::MAX);
            stored.insert(
                Place { level, n },
                row.get::<Option<Hash>>("hash").ok().flatten().unwrap_or_default(),
            );
        }
        Ok(Self {
            stored,
            open: vec![Vec::new(); 8],
            counts: vec![0; 8],
        })
    }

    pub(super) fn push(&mut self, leaf: Hash, problems: &mut Vec<Problem>) {
        let mut hash = leaf;
        for (level, (open, count)) in (1..).zip(self.open.iter_mut().zip(&mut self.counts)) {
            open.push(hash);
            if open.len() < 256 {
                return;
            }
            hash = root_of(open);
            open.clear();
            let place = Place { level, n: *count };
            *count += 1;
            // The newest may not be made yet.
            let after = self
                .stored
                .range(
                    Place {
                        n: place.n + 1,
                        ..place
                    }..,
                )
                .next();
            let later = after.is_some_and(|(after, _)| after.level == level);
            let known = self.stored.remove(&place);
            let missing = known.is_none() && later;
            if missing || known.is_some_and(|known| known != hash) {
                problems.push(Problem::Tile { level, n: place.n });
            }
        }
    }

    /// What is left over belongs to no leaves.
    pub(super) fn end(self, problems: &mut Vec<Problem>) {
        problems.extend(self.stored.keys().map(|place| Problem::Tile {
            level: place.level,
            n: place.n,
        }));
    }
}
