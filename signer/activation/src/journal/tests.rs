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
fn a_clock_set_forward_and_back_never_opens_a_spent_commitment_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = Journal::open(&path, 1_000).unwrap();
    journal.state().tidy_after = 2;
    assert_eq!(journal.spend(&[1; 32], 1_300, 1_000), Ok(()));
    // The clock jumps forward, and the journal forgets what is over.
    for n in 2..=3 {
        assert_eq!(journal.spend(&[n; 32], 5_300, 5_000), Ok(()));
    }
    assert!(!journal.is_spent(&[1; 32]));
    // It is set back, forward and back again: the deadline is in the future, and yet over for good.
    for now in [1_100, 5_000, 1_200] {
        assert_eq!(journal.spend(&[1; 32], 1_300, now), Err(Refusal::Expired));
    }
    assert_eq!(journal.spend(&[2; 32], 5_300, 1_200), Err(Refusal::Replayed));
    drop(journal);
    let journal = Journal::open(&path, 5_000).unwrap();
    assert!(journal.is_spent(&[2; 32]) && journal.is_spent(&[3; 32]) && !journal.is_spent(&[1; 32]));
}

#[test]
fn the_file_of_a_long_lived_module_stays_as_small_as_what_is_not_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = Journal::open(&path, 0).unwrap();
    journal.state().tidy_after = 5;
    for now in 0..30_i64 {
        let commitment = [u8::try_from(now).unwrap(); 32];
        assert_eq!(journal.spend(&commitment, now, now), Ok(()));
    }
    assert!(fs::metadata(&path).unwrap().len() <= 16 + 48 * 7);
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
