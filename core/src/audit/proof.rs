//! Inclusion and consistency proofs over the tiles of a log: RFC 6962 sections 2.1.1 and 2.1.2, C2SP tlog-tiles.

use std::collections::BTreeMap;

use super::tree::{Hash, TreeHead, node, root_of};

/// Hashes in a full tile.
pub(super) const WIDTH: u64 = 256;

/// Where a tile stands: its level, and its number within the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub level: u8,
    pub n: u64,
}

impl Place {
    /// How many hashes the tile has in a tree of `size` entries.
    pub fn width(self, size: u64) -> u64 {
        let at_level = size.checked_shr(8 * u32::from(self.level)).unwrap_or(0);
        at_level.saturating_sub(self.n.saturating_mul(WIDTH)).min(WIDTH)
    }

    /// Every tile of a tree of `size` entries, level by level.
    pub fn all(size: u64) -> impl Iterator<Item = Self> {
        let of_level = move |level: u8| {
            let hashes = size.checked_shr(8 * u32::from(level)).unwrap_or(0);
            (0..hashes.div_ceil(WIDTH)).map(move |n| Self { level, n })
        };
        (0..8).flat_map(of_level)
    }
}

/// The tiles of a tree of `size` entries, as far as they were read.
pub(super) struct Tiles {
    size: u64,
    read: BTreeMap<Place, Vec<Hash>>,
}

/// What a computation cannot go on without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// Read this tile and compute again.
    Tile(Place),
    /// No tree of this size holds what was asked for.
    Outside,
}

impl Tiles {
    pub fn of(size: u64) -> Self {
        Self {
            size,
            read: BTreeMap::new(),
        }
    }

    pub fn put(&mut self, place: Place, hashes: Vec<Hash>) {
        self.read.insert(place, hashes);
    }

    pub fn head(&self) -> Result<TreeHead, Lack> {
        let root = self.range(0, self.size)?;
        Ok(TreeHead { size: self.size, root })
    }

    pub fn leaf(&self, index: u64) -> Result<Hash, Lack> {
        self.complete(0, index)
    }

    /// PATH(m, D[n]).
    pub fn inclusion(&self, entry: u64) -> Result<Vec<Hash>, Lack> {
        if entry >= self.size {
            return Err(Lack::Outside);
        }
        let (mut path, mut low, mut high) = (Vec::new(), 0, self.size);
        while high - low > 1 {
            let middle = low + split(high - low);
            if entry < middle {
                path.push(self.range(middle, high)?);
                high = middle;
            } else {
                path.push(self.range(low, middle)?);
                low = middle;
            }
        }
        path.reverse();
        Ok(path)
    }

    /// PROOF(m, D[n]); empty from nothing and from the size itself.
    pub fn consistency(&self, from: u64) -> Result<Vec<Hash>, Lack> {
        if from > self.size {
            return Err(Lack::Outside);
        }
        if from == 0 || from == self.size {
            return Ok(Vec::new());
        }
        let (mut proof, mut low, mut high) = (Vec::new(), 0, self.size);
        // What remains of the old tree within low..high is complete there: the verifier knows it only when low is 0.
        while from != high {
            let middle = low + split(high - low);
            if from <= middle {
                proof.push(self.range(middle, high)?);
                high = middle;
            } else {
                proof.push(self.range(low, middle)?);
                low = middle;
            }
        }
        if low > 0 {
            proof.push(self.range(low, high)?);
        }
        proof.reverse();
        Ok(proof)
    }

    /// MTH(D[low:high]).
    fn range(&self, low: u64, high: u64) -> Result<Hash, Lack> {
        let entries = high.saturating_sub(low);
        if entries == 0 {
            return Ok(root_of(&[]));
        }
        if entries.is_power_of_two() && low.is_multiple_of(entries) {
            return self.complete(entries.trailing_zeros(), low / entries);
        }
        let middle = low + split(entries);
        Ok(node(&self.range(low, middle)?, &self.range(middle, high)?))
    }

    /// The subtree number `n` of 2^height entries, out of one tile.
    fn complete(&self, height: u32, n: u64) -> Result<Hash, Lack> {
        let (level, within) = (u8::try_from(height / 8).unwrap_or(u8::MAX), height % 8);
        let first = n << within;
        let place = Place {
            level,
            n: first / WIDTH,
        };
        let tile = self.read.get(&place).ok_or(Lack::Tile(place))?;
        let start = usize::try_from(first % WIDTH).map_err(|_| Lack::Outside)?;
        let hashes = tile.get(start..start + (1 << within)).ok_or(Lack::Outside)?;
        Ok(root_of(hashes))
    }
}

/// The largest power of two smaller than `n`, which is at least 2.
fn split(n: u64) -> u64 {
    1 << (n.saturating_sub(1).checked_ilog2().unwrap_or(0))
}

/// Whether `path` leads from this leaf to this head (RFC 9162 section 2.1.3.2).
pub fn included(entry: u64, leaf: &Hash, path: &[Hash], head: &TreeHead) -> bool {
    if entry >= head.size {
        return false;
    }
    let (mut place, mut last, mut hash) = (entry, head.size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = node(sibling, &hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && hash == head.root
}

/// Whether `proof` shows that `new` goes on from `old` (RFC 9162 section 2.1.4.2).
pub fn consistent(old: &TreeHead, new: &TreeHead, proof: &[Hash]) -> bool {
    if old.size == 0 || old.size == new.size {
        let same = old.size == 0 && old.root == root_of(&[]) || old.root == new.root;
        return same && proof.is_empty();
    }
    if old.size > new.size {
        return false;
    }
    let own = old.size.is_power_of_two().then_some(old.root);
    let mut hashes = own.into_iter().chain(proof.iter().copied());
    let Some(first) = hashes.next() else {
        return false;
    };
    let shift = (old.size - 1).trailing_ones();
    let (mut place, mut last) = ((old.size - 1) >> shift, (new.size - 1) >> shift);
    let (mut before, mut after) = (first, first);
    for hash in hashes {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            before = node(&hash, &before);
            after = node(&hash, &after);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            after = node(&after, &hash);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && before == old.root && after == new.root
}

#[cfg(test)]
mod tests;
