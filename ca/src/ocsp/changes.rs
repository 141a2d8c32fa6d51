//! Which certificates have changed lately, on any replica: what is kept in memory follows the database within two seconds.
//!
//! There is no counter that every change increments, since writers would queue behind it; instead the changes of the last
//! minute are read once a second. A change is committed after the time it bears, by less than that minute.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use signum_core::{DbError, Timestamp, params};

use super::cache::Key;
use crate::Service;
use crate::authority::AuthorityName;

/// How often the changes are read, when anybody asks for answers.
const EACH: Duration = Duration::from_secs(1);
/// Without news from the database for so long, memory is no longer believed.
const BELIEVED: Duration = Duration::from_secs(3);
/// A change is committed, and its time is wrong, by less than this together.
const WINDOW: Duration = Duration::from_secs(60);

type Certificate = (AuthorityName, Vec<u8>);

#[derive(Default)]
pub(super) struct Changes {
    /// When the changes were last read, in microseconds; 0 for never.
    read_at: AtomicI64,
    turn: tokio::sync::Mutex<()>,
    /// Last sequence and its time.
    recent: Mutex<HashMap<Certificate, (i64, Timestamp)>>,
}

impl Changes {
    /// Whether a certificate has a longer history than the answer that tells of `sequence`.
    pub fn outdate(&self, answer: &Key, sequence: i64) -> bool {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        // Nearly always empty: nothing is copied then.
        !recent.is_empty()
            && recent
                .get(&(answer.issuer, answer.serial().to_vec()))
                .is_some_and(|(last, _)| *last > sequence)
    }

    /// The next question is answered by what the database says then.
    pub fn look_again(&self) {
        self.read_at.store(0, Ordering::SeqCst);
    }

    fn age(&self, now: Timestamp) -> Option<Duration> {
        let read_at = Timestamp(self.read_at.load(Ordering::SeqCst));
        (read_at.0 != 0 && read_at <= now).then(|| now.since(read_at))
    }
}

impl Service {
    /// Takes outdated answers out of memory, once a second. Says whether memory may be believed.
    pub(super) async fn follow_changes(&self, now: Timestamp) -> bool {
        let changes = &self.ocsp.changes;
        let turn = match changes.age(now) {
            Some(age) if age < EACH => return true,
            Some(age) if age < BELIEVED => match changes.turn.try_lock() {
                Ok(turn) => turn,
                // Somebody else is reading.
                Err(_) => return true,
            },
            _ => changes.turn.lock().await,
        };
        if changes.age(now).is_some_and(|age| age < EACH) {
            return true;
        }
        let read = self.read_changes(now).await;
        drop(turn);
        match read {
            Ok(()) => {
                changes.read_at.store(now.0, Ordering::SeqCst);
                true
            }
            Err(error) => {
                tracing::error!(%error, "status changes could not be read");
                changes.age(now).is_some_and(|age| age < BELIEVED)
            }
        }
    }

    async fn read_changes(&self, now: Timestamp) -> Result<(), DbError> {
        let from = now.minus(WINDOW);
        let rows = self
            .cx
            .db
            .all(
                "SELECT issuer, serial, sequence, at FROM certificate_status WHERE at >= $1",
                params![from],
            )
            .await?;
        let mut news = Vec::new();
        {
            let mut recent = self.ocsp.changes.recent.lock().unwrap_or_else(PoisonError::into_inner);
            recent.retain(|_, (_, at)| *at >= from.minus(WINDOW));
            for row in rows {
                let Some(issuer) = AuthorityName::parse(&row.get::<String>("issuer")?) else {
                    continue;
                };
                let (serial, sequence): (Vec<u8>, i64) = (row.get("serial")?, row.get("sequence")?);
                let at: Timestamp = row.get("at")?;
                let certificate = (issuer, serial);
                if recent.get(&certificate).is_none_or(|(last, _)| *last < sequence) {
                    recent.insert(certificate.clone(), (sequence, at));
                    news.push(certificate);
                }
            }
        }
        for (issuer, serial) in news {
            self.ocsp.cache.remove(issuer, &serial);
            // A root's own revocation is everybody's below it.
            if self.ocsp.offices.forget(&serial, issuer.is_root()) {
                self.ocsp.cache.clear();
            }
        }
        Ok(())
    }
}
