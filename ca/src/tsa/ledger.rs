//! Every stamp is recorded before it leaves; those that wait at the same time share one transaction and one audit event
//! (docs/decisions: stamps are recorded in groups).

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError};
use tokio::sync::oneshot;

/// Stamps in one event.
const MOST: usize = 256;

/// What is recorded of a stamp.
pub(super) struct Entry {
    pub serial: [u8; 17],
    /// SHA-256 of the token.
    pub token: [u8; 32],
}

struct Waiting {
    unit: String,
    entry: Entry,
    recorded: oneshot::Sender<()>,
}

/// Stamps that are made and not yet recorded.
#[derive(Default)]
pub(crate) struct Ledger {
    waiting: Mutex<Vec<Waiting>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Ledger {
    /// Returns when the stamp is recorded for good. `unit` is the label of the key that made it.
    pub(super) async fn record(&self, cx: &Cx, unit: &str, entry: Entry) -> Result<(), DbError> {
        let (recorded, mut is_recorded) = oneshot::channel();
        self.lock().push(Waiting {
            unit: unit.to_owned(),
            entry,
            recorded,
        });
        // Whoever has the turn records for all that wait; the others find their stamps recorded.
        loop {
            let turn = Arc::clone(&self.turn).lock_owned().await;
            if is_done(&mut is_recorded)? {
                return Ok(());
            }
            let group = self.next_group();
            let cx = cx.clone();
            // A task of its own: a client that goes away does not take the others' stamps with it.
            let work = tokio::spawn(async move {
                let stored = store(&cx, &group).await;
                if stored.is_ok() {
                    for one in group {
                        let _gone = one.recorded.send(());
                    }
                }
                drop(turn);
                stored
            });
            work.await.map_err(|_| not_recorded())??;
            // More than fit into one event may have waited before us.
            if is_done(&mut is_recorded)? {
                return Ok(());
            }
        }
    }

    fn next_group(&self) -> Vec<Waiting> {
        let mut waiting = self.lock();
        let first = waiting.len().min(MOST);
        waiting.drain(..first).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn store(cx: &Cx, group: &[Waiting]) -> Result<(), DbError> {
    let Some(unit) = group.first().map(|one| one.unit.as_str()) else {
        return Ok(());
    };
    let stamp = |one: &Waiting| json!({ "serial": hex::encode(one.entry.serial), "token_sha256": hex::encode(one.entry.token) });
    let stamps: Vec<_> = group.iter().map(stamp).collect();
    let event = &Event::new("time_stamp.issued", unit, json!({ "stamps": stamps }));
    cx.db
        .run(
            "ca.time_stamps",
            |tx| async move { audit::record(&tx, cx, event).await },
        )
        .await
}

/// Closed without a word: the group could not be stored.
fn is_done(recorded: &mut oneshot::Receiver<()>) -> Result<bool, DbError> {
    match recorded.try_recv() {
        Ok(()) => Ok(true),
        Err(oneshot::error::TryRecvError::Empty) => Ok(false),
        Err(oneshot::error::TryRecvError::Closed) => Err(not_recorded()),
    }
}

fn not_recorded() -> DbError {
    DbError::Unavailable("the time stamp could not be recorded".to_owned())
}
