//! One SQL text on two engines: SQLite for one machine, PostgreSQL for many.
//!
//! Placeholders are `$1, $2 ...`; column types are BYTEA, TEXT, BIGINT and BOOLEAN; times are BIGINT microseconds
//! ([`Timestamp`](crate::Timestamp)); ids and hashes are bytes. What differs between the engines lives in this module alone.

mod copy;
mod engine;
mod error;
mod insert;
mod migrate;
mod readers;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod scratch;
mod sqlite;
#[cfg(test)]
mod tests;
mod tx;
mod value;
mod writer;

use std::time::Duration;

pub use copy::CopyError;
pub use engine::DbUrl;
use engine::Pool;
pub use error::DbError;
pub use insert::Insert;
pub use migrate::{CORE_MIGRATIONS, Migration};
pub use tx::Tx;
pub use value::{FromValue, Row, Value};

use crate::random::OsRandom;
use crate::random::Random;

/// How often a transaction that lost a race is tried again before its error is returned.
const MAX_ATTEMPTS: u32 = 12;

/// Builds the parameter list of a statement: `params![id, name, now]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Value::from($value)),*] };
}

/// A service's database. Cloning shares the connections.
#[derive(Clone)]
pub struct Db {
    pool: Pool,
}

impl Db {
    /// Opens the database; a missing SQLite file is created (mode 0600).
    pub async fn open(url: &DbUrl) -> Result<Self, DbError> {
        Ok(Self {
            pool: Pool::open(url).await?,
        })
    }

    /// Applies the migrations that are missing, each in a transaction of its own.
    pub async fn migrate(&self, migrations: &[Migration]) -> Result<u32, DbError> {
        migrate::run(self, migrations).await
    }

    /// Runs `work` in one read-write transaction called `name`, again from its start when it lost a race.
    ///
    /// The closure may run several times: it makes no HSM, contract or network call. Returning an error rolls back.
    /// Captured values are `Copy` or references taken beforehand: `let name = &name; db.run("...", |tx| async move { ... })`.
    pub async fn run<T, E, F, Fut>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: Fn(Tx) -> Fut,
        Fut: Future<Output = Result<T, E>> + Send,
        E: From<DbError> + RetryHint,
    {
        let mut attempt = 1;
        loop {
            match self.attempt(name, &work).await {
                Err(error) if attempt < MAX_ATTEMPTS && error.lost_a_race() => {
                    tracing::debug!(transaction = name, attempt, "lost a race, trying again");
                    metrics::counter!("db_transactions_retried_total", "transaction" => name).increment(1);
                    tokio::time::sleep(back_off(attempt)).await;
                    attempt += 1;
                }
                Ok(done) => {
                    metrics::counter!("db_transactions_total", "transaction" => name).increment(1);
                    return Ok(done);
                }
                other => return other,
            }
        }
    }

    async fn attempt<T, E, F, Fut>(&self, name: &'static str, work: &F) -> Result<T, E>
    where
        F: Fn(Tx) -> Fut,
        Fut: Future<Output = Result<T, E>> + Send,
        E: From<DbError>,
    {
        let tx = self.pool.begin().await?;
        match work(tx.share()).await {
            Ok(value) => {
                tx.commit(name).await?;
                Ok(value)
            }
            Err(error) => {
                tx.rollback(name).await?;
                Err(error)
            }
        }
    }

    /// The first row of a query outside any transaction, if there is one.
    pub async fn opt(&self, sql: &'static str, params: Vec<Value>) -> Result<Option<Row>, DbError> {
        self.pool.opt(sql, params).await
    }

    /// Every row of a query outside any transaction.
    pub async fn all(&self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>, DbError> {
        self.pool.all(sql, params).await
    }

    /// Closes the connections after the statements under way.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Whether an error means that the transaction should simply be tried again.
pub trait RetryHint {
    fn lost_a_race(&self) -> bool;
}

impl RetryHint for DbError {
    fn lost_a_race(&self) -> bool {
        matches!(self, DbError::Conflict { .. })
    }
}

/// Implements [`RetryHint`] for an error enum that has a `Db(DbError)` variant.
#[macro_export]
macro_rules! retry_on_db_conflict {
    ($error:ty) => {
        impl $crate::db::RetryHint for $error {
            fn lost_a_race(&self) -> bool {
                matches!(self, Self::Db(inner) if $crate::db::RetryHint::lost_a_race(inner))
            }
        }
    };
}

/// Exponential from 2 ms to 250 ms, with the jitter that keeps racers from meeting again.
fn back_off(attempt: u32) -> Duration {
    let ceiling = 2u64.saturating_pow(attempt).min(250);
    let random: &dyn Random = &OsRandom;
    let jitter = u64::from_le_bytes(random.bytes());
    Duration::from_millis(1 + jitter % ceiling)
}
