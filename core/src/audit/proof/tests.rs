//! Proofs hold for what they prove and for nothing else, at every place of trees around the tiles' borders.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use sha2::{Digest, Sha256};

use super::*;

fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(|n| Sha256::digest(n.to_be_bytes()).into()).collect()
}

/// All tiles of the tree over these leaves.
fn tiles(leaves: &[Hash]) -> Tiles {
    let mut tiles = Tiles::of(leaves.len() as u64);
    let (mut level, mut hashes) = (0, leaves.to_vec());
    while !hashes.is_empty() {
        for (n, tile) in hashes.chunks(256).enumerate() {
            tiles.put(Place { level, n: n as u64 }, tile.to_vec());
        }
        hashes = hashes.chunks_exact(256).map(root_of).collect();
        level += 1;
    }
    tiles
}

fn head(leaves: &[Hash]) -> TreeHead {
    TreeHead {
        size: leaves.len() as u64,
        root: root_of(leaves),
    }
}

#[test]
fn the_root_out_of_tiles_is_the_root_of_the_leaves() {
    for size in [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 70_000] {
        let leaves = leaves(size);
        assert_eq!(tiles(&leaves).head().unwrap(), head(&leaves), "{size}");
    }
}

#[test]
fn a_tree_of_seventy_thousand_has_the_tiles_of_the_specification() {
    let of = |level| Place::all(70_000).filter(move |p| p.level == level);
    assert_eq!(of(0).count(), 274);
    assert_eq!(of(0).last().unwrap().width(70_000), 112);
    assert_eq!(of(1).map(|p| p.width(70_000)).collect::<Vec<_>>(), [256, 17]);
    assert_eq!(of(2).map(|p| p.width(70_000)).collect::<Vec<_>>(), [1]);
    assert_eq!(of(3).count(), 0);
    assert_eq!(Place::all(256).map(|p| p.width(256)).collect::<Vec<_>>(), [256, 1]);
}

#[test]
fn every_entry_of_a_tree_is_proven_and_nothing_else() {
    for size in [1, 2, 3, 7, 8, 255, 256, 257, 600] {
        let leaves = leaves(size);
        let (tiles, head) = (tiles(&leaves), head(&leaves));
        for entry in 0..size {
            let leaf = tiles.leaf(entry).unwrap();
            let path = tiles.inclusion(entry).unwrap();
            assert!(included(entry, &leaf, &path, &head), "{entry} of {size}");
            assert!(!included(entry + 1, &leaf, &path, &head), "{entry} of {size}, moved");
            assert!(!included(entry, &[9; 32], &path, &head));
            for at in 0..path.len() {
                let mut changed = path.clone();
                changed[at][0] ^= 1;
                assert!(!included(entry, &leaf, &changed, &head));
                changed.remove(at);
                assert!(!included(entry, &leaf, &changed, &head));
            }
        }
        assert_eq!(tiles.inclusion(size), Err(Lack::Outside));
    }
}

#[test]
fn every_earlier_size_is_proven_to_be_consistent_and_no_other_tree() {
    for size in [1, 2, 3, 7, 8, 9, 255, 256, 257, 300] {
        let leaves = leaves(size);
        let (tiles, new) = (tiles(&leaves), head(&leaves));
        for from in 0..=size {
            let old = head(&leaves[..from as usize]);
            let proof = tiles.consistency(from).unwrap();
            assert!(consistent(&old, &new, &proof), "{from} to {size}");
            let forged = TreeHead { root: [9; 32], ..old };
            assert!(!consistent(&forged, &new, &proof), "{from} to {size}, forged");
            assert!(!consistent(&old, &TreeHead { root: [9; 32], ..new }, &proof) || from == 0);
            for at in 0..proof.len() {
                let mut changed = proof.clone();
                changed[at][31] ^= 1;
                assert!(!consistent(&old, &new, &changed), "{from} to {size} at {at}");
            }
        }
        assert_eq!(tiles.consistency(size + 1), Err(Lack::Outside));
    }
}

#[test]
fn a_proof_in_a_large_tree_reads_a_handful_of_tiles() {
    let size = 1_000_000;
    let all = tiles(&leaves(size));
    let mut some = Tiles::of(size);
    let mut read = 0;
    let path = loop {
        match some.inclusion(654_321) {
            Err(Lack::Tile(place)) => some.put(place, all.read[&place].clone()),
            other => break other.unwrap(),
        }
        read += 1;
    };
    let leaf = all.leaf(654_321).unwrap();
    assert!(included(654_321, &leaf, &path, &all.head().unwrap()));
    assert!(read <= 6, "{read} tiles");
}
