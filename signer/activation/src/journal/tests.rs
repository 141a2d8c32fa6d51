//! Single use across restarts, torn writes and threads.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;

use super::Journal;
use crate::protocol::Refusal;

#[test]
fn a_spent_commitment_stays_spent_after_reopening_until_its_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = Journal::open(&path, 0).unwrap();
    assert_eq!(journal.spend(&[1; 32], 100, 0), Ok(()));
    assert_eq!(journal.spend(&[1; 32], 100, 0), Err(Refusal::Replayed));
    drop(journal);
    let journal = Journal::open(&path, 100).unwrap();
    assert!(journal.is_spent(&[1; 32]));
    assert_eq!(journal.spend(&[1; 32], 100, 100), Err(Refusal::Replayed));
    drop(journal);
    let size = fs::metadata(&path).unwrap().len();
    let journal = Journal::open(&path, 101).unwrap();
    assert!(!journal.is_spent(&[1; 32]));
    assert!(fs::metadata(&path).unwrap().len() < size);
}

#[test]
fn a_torn_last_record_is_dropped_and_damage_elsewhere_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = Journal::open(&path, 0).unwrap();
    for n in 1..=3 {
        journal.spend(&[n; 32], 100, 0).unwrap();
    }
    drop(journal);
    let whole = fs::read(&path).unwrap();
    for torn in 1..48 {
        fs::write(&path, &whole[..whole.len() - torn]).unwrap();
        let journal = Journal::open(&path, 0).unwrap();
        assert!(journal.is_spent(&[1; 32]) && journal.is_spent(&[2; 32]) && !journal.is_spent(&[3; 32]));
    }
    for at in [0, 16 + 3, 16 + 35, 16 + 45] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&path, damaged).unwrap();
        assert!(Journal::open(&path, 0).is_err());
    }
}

#[test]
fn of_many_threads_exactly_one_spends_a_commitment() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(&folder.path().join("journal"), 0).unwrap();
    let won = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| journal.spend(&[7; 32], 100, 0).is_ok()))
            .collect();
        tries
            .into_iter()
            .filter_map(|t| t.join().ok())
            .filter(|won| *won)
            .count()
    });
    assert_eq!(won, 1);
}

#[test]
fn two_modules_cannot_share_a_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let _first = Journal::open(&path, 0).unwrap();
    assert!(Journal::open(&path, 0).is_err());
}
