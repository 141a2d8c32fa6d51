//! SQLite's connections that only read; each query is a snapshot of its own.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::DbError;
use super::sqlite::{Connection, closed};
use super::value::{Row, Value};

/// Readers at a time.
const READERS: usize = 4;
/// Instructions of SQLite's machine in a step.
const STEP: i32 = 1000;
/// A query of more steps (some milliseconds) is begun again on a thread of its own, where it keeps no other task waiting.
const BRIEF: u32 = 64;

#[derive(Clone)]
pub(super) struct Readers(Arc<Idle>);

struct Idle {
    readers: Mutex<Vec<Reader>>,
    free: Semaphore,
}

struct Reader {
    connection: Connection,
    /// Steps that the query under way may still take.
    left: Arc<AtomicU32>,
}

impl Readers {
    pub fn open(path: &str) -> Result<Self, DbError> {
        let readers: Vec<_> = (0..READERS).map(|_| Reader::open(path)).collect::<Result<_, _>>()?;
        Ok(Self(Arc::new(Idle {
            readers: Mutex::new(readers),
            free: Semaphore::new(READERS),
        })))
    }

    pub async fn all(&self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>, DbError> {
        let permit = self.0.free.acquire().await.map_err(|_| closed())?;
        let reader = self.0.readers().pop().ok_or_else(closed)?;
        if let Some(done) = reader.briefly(sql, &params) {
            self.0.readers().push(reader);
            return done;
        }
        permit.forget();
        let idle = Arc::clone(&self.0);
        let query = tokio::task::spawn_blocking(move || {
            let rows = reader.to_the_end(sql, &params);
            idle.readers().push(reader);
            idle.free.add_permits(1);
            rows
        });
        query.await.map_err(|_| closed())?
    }

    /// Waits for the queries under way.
    pub async fn close(&self) {
        let all = u32::try_from(READERS).unwrap_or(u32::MAX);
        let Ok(_permits) = self.0.free.acquire_many(all).await else {
            return;
        };
        self.0.free.close();
        self.0.readers().clear();
    }
}

impl Idle {
    fn readers(&self) -> std::sync::MutexGuard<'_, Vec<Reader>> {
        // Nothing panics while it is held.
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    fn open(path: &str) -> Result<Self, DbError> {
        let (mut connection, left) = (Connection::reader(path)?, Arc::new(AtomicU32::new(0)));
        let counted = Arc::clone(&left);
        connection.stop_when(STEP, move || {
            counted
                .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1))
                .is_err()
        })?;
        Ok(Self { connection, left })
    }

    /// None when it would be long.
    fn briefly(&self, sql: &str, params: &[Value]) -> Option<Result<Vec<Row>, DbError>> {
        self.left.store(BRIEF, Relaxed);
        match self.connection.all(sql, params) {
            Err(_) if self.left.load(Relaxed) == 0 => None,
            done => Some(done),
        }
    }

    fn to_the_end(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        self.left.store(u32::MAX, Relaxed);
        self.connection.all(sql, params)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const COUNTED: &str =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT MAX(i) AS n FROM n";

    #[tokio::test]
    async fn a_long_query_leaves_the_task_that_asked_and_is_answered_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sqlite");
        std::fs::write(&path, "").unwrap();
        let path = path.to_str().unwrap();
        let reader = Reader::open(path).unwrap();
        let n = |rows: Vec<Row>| rows.first().unwrap().get::<i64>("n").unwrap();
        assert_eq!(n(reader.briefly(COUNTED, &[10.into()]).unwrap().unwrap()), 10);
        assert!(reader.briefly(COUNTED, &[1_000_000.into()]).is_none());
        let wrong = reader.briefly("SELECT nothing FROM nowhere", &[]).unwrap();
        assert!(wrong.is_err(), "{wrong:?}");

        let readers = Readers::open(path).unwrap();
        for _ in 0..2 * READERS {
            assert_eq!(
                n(readers.all(COUNTED, vec![1_000_000.into()]).await.unwrap()),
                1_000_000
            );
            assert_eq!(n(readers.all(COUNTED, vec![10.into()]).await.unwrap()), 10);
        }
        readers.close().await;
        let closed = readers.all(COUNTED, vec![10.into()]).await;
        assert!(matches!(closed, Err(DbError::Unavailable(_))), "{closed:?}");
    }
}
