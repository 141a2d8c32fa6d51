//! Whatever is done to a bundle is found, and the first entry it was done to is named, at every kind of place.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::audit::test_key::TestKey;
use crate::audit::{CheckpointSigner, Event, record};
use crate::clock::{ManualClock, Timestamp};
use crate::db::scratch;

struct House {
    log: Log,
    key: Arc<TestKey>,
    clock: Arc<ManualClock>,
    bundle: TempDir,
    _dir: TempDir,
}

impl House {
    /// A bundle over these sizes, each with a checkpoint.
    async fn of(sizes: &[u64]) -> Self {
        let (cx, clock, dir) = scratch::cx().await;
        let key = Arc::new(TestKey::new());
        let log = Log::new(cx, "idp").signed(key.clone(), Duration::ZERO);
        let bundle = tempfile::tempdir().unwrap();
        let house = Self {
            log,
            key,
            clock,
            bundle,
            _dir: dir,
        };
        for size in sizes {
            house.grow_to(*size).await;
        }
        house.export().await;
        house
    }

    async fn grow_to(&self, size: u64) {
        let (cx, there) = (self.log.cx(), self.log.size().await.unwrap());
        cx.db
            .run("write", |tx| async move {
                for n in there..size {
                    record(&tx, cx, &Event::new("test.done", n, serde_json::json!({"n": n}))).await?;
                }
                Ok::<_, DbError>(())
            })
            .await
            .unwrap();
        self.clock.advance(Duration::from_secs(1));
        self.log.sequence().await.unwrap();
        assert!(self.log.checkpoint().await.unwrap());
    }

    async fn export(&self) -> Exported {
        self.log.export(self.bundle.path(), self.key.key(), &[]).await.unwrap()
    }

    fn pinned(&self) -> Pinned {
        Pinned {
            log: self.key.key().clone(),
            witnesses: Vec::new(),
            kept: Vec::new(),
        }
    }

    fn problems(&self) -> Vec<Problem> {
        verify_bundle(self.bundle.path(), &self.pinned()).unwrap().problems
    }

    fn size(&self) -> u64 {
        let note = fs::read_to_string(self.bundle.path().join("checkpoint")).unwrap();
        Checkpoint::open(&note, self.key.key()).unwrap().head.size
    }

    /// Every entry as its octets with their length.
    fn entries(&self) -> Vec<Vec<u8>> {
        let mut entries = Vec::new();
        for place in Place::all(self.size()).filter(|place| place.level == 0) {
            let octets = fs::read(self.entry_file(place)).unwrap();
            let mut rest = octets.as_slice();
            while !rest.is_empty() {
                let (entry, after) = rest.split_at(2 + usize::from(u16::from_be_bytes([rest[0], rest[1]])));
                entries.push(entry.to_vec());
                rest = after;
            }
        }
        entries
    }

    fn entry_file(&self, place: Place) -> PathBuf {
        self.bundle
            .path()
            .join(path(Resource::Entries(place.n), place.width(self.size())))
    }

    /// Writes the entries anew, as a careful intruder does: full bundles, the rest in the last.
    fn put_entries(&self, entries: &[Vec<u8>]) {
        let places: Vec<Place> = Place::all(self.size()).filter(|place| place.level == 0).collect();
        for (at, place) in places.iter().enumerate() {
            let end = if at + 1 == places.len() {
                entries.len()
            } else {
                (at + 1) * 256
            };
            let these = entries.get(at * 256..end.min(entries.len())).unwrap_or_default();
            fs::write(self.entry_file(*place), these.concat()).unwrap();
        }
    }

    /// Writes the tiles anew so that they fit the entries.
    fn mend_tiles(&self) {
        let size = self.size();
        let hashes = entries::hashes(&self.entries().concat());
        let mut levels = vec![hashes];
        for _ in 1..8 {
            let above = levels.last().unwrap().chunks_exact(256).map(root_of).collect();
            levels.push(above);
        }
        for place in Place::all(size) {
            let first = usize::try_from(place.n * 256).unwrap();
            let width = usize::try_from(place.width(size)).unwrap();
            let tile = levels[usize::from(place.level)][first..first + width].concat();
            fs::write(
                self.bundle.path().join(path(Resource::Hashes(place), width as u64)),
                tile,
            )
            .unwrap();
        }
    }
}

const SIZES: [u64; 7] = [1, 2, 7, 255, 256, 257, 600];

fn places(size: u64) -> Vec<usize> {
    let last = usize::try_from(size).unwrap() - 1;
    let mut places = vec![0, 1, last / 2, 255, 256, last.saturating_sub(1), last];
    places.retain(|place| *place <= last);
    places.sort_unstable();
    places.dedup();
    places
}

fn a_changed(entry: &[u8]) -> Vec<u8> {
    let mut changed = entry.to_vec();
    *changed.last_mut().unwrap() ^= 1;
    changed
}

#[tokio::test]
async fn an_untouched_bundle_holds() {
    for size in SIZES {
        let sizes: &[u64] = if size > 1 { &[1, size] } else { &[1] };
        let house = House::of(sizes).await;
        let report = verify_bundle(house.bundle.path(), &house.pinned()).unwrap();
        assert_eq!((report.problems, report.head.size), (vec![], size));
    }
}

#[tokio::test]
async fn the_first_changed_removed_inserted_or_reordered_entry_is_named() {
    for size in SIZES {
        let house = House::of(&[size]).await;
        let entries = house.entries();
        for place in places(size) {
            let index = place as u64;
            let mut changed = entries.clone();
            changed[place] = a_changed(&entries[place]);
            house.put_entries(&changed);
            let what = "it is not the entry that was signed".to_owned();
            assert_eq!(
                house.problems(),
                [Problem::Changed { index, what }],
                "{index} of {size}"
            );

            let mut removed = entries.clone();
            removed.remove(place);
            house.put_entries(&removed);
            assert_eq!(
                house.problems(),
                [Problem::Missing { from: index, to: index }],
                "{index} of {size}"
            );

            for new in [a_changed(&entries[place]), entries[0].clone()] {
                let copies_a_later_one = place == 0 && new == entries[0];
                if copies_a_later_one {
                    continue;
                }
                let mut inserted = entries.clone();
                inserted.insert(place, new);
                house.put_entries(&inserted);
                assert_eq!(house.problems(), [Problem::Inserted { index }], "{index} of {size}");
            }

            for other in places(size).into_iter().filter(|other| *other > place) {
                let mut reordered = entries.clone();
                reordered.swap(place, other);
                house.put_entries(&reordered);
                let stands = other as u64;
                assert_eq!(
                    house.problems(),
                    [Problem::Moved { index, stands }],
                    "{index}, {other} of {size}"
                );
            }
        }
        house.put_entries(&entries);
        assert_eq!(house.problems(), []);
    }
}

#[tokio::test]
async fn several_entries_that_were_removed_are_named_together() {
    let house = House::of(&[600]).await;
    let mut entries = house.entries();
    entries.drain(250..260);
    house.put_entries(&entries);
    assert_eq!(house.problems(), [Problem::Missing { from: 250, to: 259 }]);
    entries.truncate(300);
    house.put_entries(&entries);
    assert_eq!(house.problems(), [Problem::Missing { from: 250, to: 259 }], "the first");
    house.put_entries(&[]);
    assert_eq!(house.problems(), [Problem::Missing { from: 0, to: 599 }]);
}

#[tokio::test]
async fn a_truncated_bundle_file_is_an_entry_that_was_never_signed() {
    let house = House::of(&[7]).await;
    let file = house.entry_file(Place { level: 0, n: 0 });
    let mut octets = fs::read(&file).unwrap();
    octets.pop();
    fs::write(&file, octets).unwrap();
    assert!(matches!(house.problems()[..], [Problem::Changed { index: 6, .. }]));
    fs::remove_file(&file).unwrap();
    assert_eq!(house.problems(), [Problem::Missing { from: 0, to: 6 }]);
}

#[tokio::test]
async fn changed_tiles_are_told_while_the_entries_still_prove_the_root() {
    let house = House::of(&[600]).await;
    let tile = |level, n| Problem::Tile { level, n };
    for (file, expected) in [("tile/0/001", tile(0, 1)), ("tile/1/000.p/2", tile(1, 0))] {
        let file = house.bundle.path().join(file);
        let before = fs::read(&file).unwrap();
        fs::write(&file, a_changed(&before)).unwrap();
        assert_eq!(house.problems(), std::slice::from_ref(&expected));
        fs::remove_file(&file).unwrap();
        assert_eq!(house.problems(), [expected]);
        fs::write(&file, before).unwrap();
    }
}

#[tokio::test]
async fn entries_and_tiles_changed_together_contradict_the_checkpoints() {
    let house = House::of(&[100, 200, 300]).await;
    let mut entries = house.entries();
    entries[150] = a_changed(&entries[150]);
    house.put_entries(&entries);
    house.mend_tiles();
    let root = Problem::Root {
        size: 200,
        after: 100,
        later: 1,
    };
    assert_eq!(house.problems(), [root]);
}

#[tokio::test]
async fn a_bundle_cut_back_to_an_older_checkpoint_shows_by_a_newer_one() {
    let house = House::of(&[300, 600]).await;
    let newer = fs::read_to_string(house.bundle.path().join("checkpoint")).unwrap();
    let older = House::of_older(&house).await;
    assert_eq!(verify_bundle(older.path(), &house.pinned()).unwrap().problems, []);
    let pinned = Pinned {
        kept: vec![newer],
        ..house.pinned()
    };
    let report = verify_bundle(older.path(), &pinned).unwrap();
    assert_eq!(report.problems, [Problem::Cut { size: 600, there: 300 }]);
}

impl House {
    /// As the operator of a database that was rolled back would export it.
    async fn of_older(newer: &House) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let cut = [
            "DELETE FROM audit_checkpoint WHERE tree_size > 300",
            "DELETE FROM audit_event WHERE leaf_index >= 300",
        ];
        for sql in [cut[0], cut[1], "DELETE FROM audit_subtree WHERE n > 0"] {
            let cut = newer
                .log
                .cx()
                .db
                .run("cut", |tx| async move { tx.exec(sql, vec![]).await });
            cut.await.unwrap();
        }
        let exported = newer.log.export(folder.path(), newer.key.key(), &[]).await.unwrap();
        assert_eq!(
            exported,
            Exported {
                entries: 300,
                checkpoints: 1,
                left: 0
            }
        );
        folder
    }
}

#[tokio::test]
async fn a_witness_is_believed_by_its_pinned_key_alone() {
    let house = House::of(&[3]).await;
    let witness = TestKey::named("witness.example/w1");
    let file = house.bundle.path().join("checkpoint");
    let note = fs::read_to_string(&file).unwrap();
    let own = Checkpoint::open(&note, house.key.key()).unwrap();
    let seen = Checkpoint {
        at: Timestamp::from_seconds(1_790_000_009),
        ..own
    };
    let line = |by: &TestKey| seen.signature_line(witness.key(), &by.signature(&seen.message()));
    let pinned = Pinned {
        witnesses: vec![witness.key().clone()],
        ..house.pinned()
    };
    fs::write(&file, format!("{note}{}", line(&witness))).unwrap();
    let report = verify_bundle(house.bundle.path(), &pinned).unwrap();
    assert_eq!(
        (report.problems, report.witnessed),
        (vec![], vec![("witness.example/w1".to_owned(), seen.clone())])
    );
    fs::write(&file, format!("{note}{}", line(&TestKey::new()))).unwrap();
    let report = verify_bundle(house.bundle.path(), &pinned).unwrap();
    assert!(
        matches!(&report.problems[..], [Problem::Cosignature { size: 3, .. }]),
        "{:?}",
        report.problems
    );
    assert_eq!(report.witnessed, []);
}

#[tokio::test]
async fn a_forged_checkpoint_in_a_bundle_is_told() {
    let house = House::of(&[3, 5]).await;
    let file = house.bundle.path().join("checkpoints.jsonl");
    let lines = fs::read_to_string(&file).unwrap();
    let forged = lines.replacen("\\n3\\n", "\\n4\\n", 1);
    assert_ne!(forged, lines);
    fs::write(&file, forged).unwrap();
    let error = CheckpointError::Signature;
    assert_eq!(house.problems(), [Problem::Checkpoint { size: 4, error }]);
    let stranger = Pinned {
        log: TestKey::new().key().clone(),
        ..house.pinned()
    };
    assert!(matches!(
        verify_bundle(house.bundle.path(), &stranger),
        Err(BundleError::Checkpoint(CheckpointError::Unsigned))
    ));
}
