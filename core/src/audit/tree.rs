//! The Merkle tree over leaf hashes (RFC 6962 section 2.1), built with one hash a level in memory.

use sha2::{Digest, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

/// Size and root of the log at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    pub size: u64,
    pub root: Hash,
}

/// A tree that grows leaf by leaf.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    size: u64,
    /// Roots of the complete subtrees from left to right; their sizes are the set bits of `size`.
    subtrees: Vec<Hash>,
}

impl Tree {
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Every trailing set bit is a complete subtree that this leaf's side now equals.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                hash = node(&left, &hash);
            }
        }
        self.subtrees.push(hash);
        self.size += 1;
    }

    pub fn head(&self) -> TreeHead {
        let joined = self
            .subtrees
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node(&left, &right));
        // MTH({}) = SHA-256().
        let root = joined.unwrap_or_else(|| Sha256::digest([]).into());
        TreeHead { size: self.size, root }
    }
}

/// The root of these complete leaves or subtrees, from left to right.
pub(super) fn root_of(hashes: &[Hash]) -> Hash {
    let mut tree = Tree::default();
    hashes.iter().for_each(|hash| tree.push(*hash));
    tree.head().root
}

/// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
pub(super) fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new()
        .chain_update([0x01])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;

    /// The recursive definition of the specification.
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves.len() {
            0 => Sha256::digest([]).into(),
            1 => leaves[0],
            n => {
                let k = n.next_power_of_two() / 2;
                node(&defined(&leaves[..k]), &defined(&leaves[k..]))
            }
        }
    }

    #[test]
    fn the_root_is_the_one_that_rfc_6962_defines() {
        let mut tree = Tree::default();
        let mut leaves = Vec::new();
        assert_eq!(tree.head().root, defined(&leaves));
        for i in 0..70u8 {
            leaves.push(Sha256::digest([i]).into());
            tree.push(Sha256::digest([i]).into());
            assert_eq!(
                tree.head(),
                TreeHead {
                    size: u64::from(i) + 1,
                    root: defined(&leaves)
                }
            );
        }
    }

    #[test]
    fn the_root_is_the_one_of_certificate_transparencys_test_vectors() {
        // The eight leaves and the root that CT implementations share.
        let data = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let mut tree = Tree::default();
        for hex in data {
            let leaf = hex::decode(hex).unwrap_or_default();
            tree.push(Sha256::new().chain_update([0]).chain_update(leaf).finalize().into());
        }
        let root = hex::encode(tree.head().root);
        assert_eq!(root, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    }
}
