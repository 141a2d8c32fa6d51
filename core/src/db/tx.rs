//! A transaction under way.

use std::sync::Arc;

use sqlx::{Postgres, Transaction};

use tokio::sync::Mutex;

use super::DbError;
use super::engine::bind_postgres;
use super::value::{Row, Value, postgres_row, refuse_nul};
use super::writer::Member;

/// SQLite reads in the task that asks: after so many rows others have their turn.
const MANY: usize = 500;

/// One read-write transaction; made by [`Db::run`](super::Db::run), which commits it or rolls it back.
///
/// A statement that fails ends the transaction, on both engines: every later one fails too and nothing is committed. To go on
/// past what is there already, say `INSERT ... ON CONFLICT DO NOTHING` and look at the number of rows.
pub struct Tx(Arc<Mutex<State>>);

struct State {
    /// None once it was committed or rolled back.
    inner: Option<Inner>,
    /// PostgreSQL accepts nothing after a failed statement, and answers COMMIT with a silent rollback; SQLite would go on.
    failed: bool,
}

impl State {
    fn open(&mut self) -> Result<&mut Inner, DbError> {
        if self.failed {
            return Err(failed_before());
        }
        self.inner.as_mut().ok_or_else(ended)
    }

    /// The same for a statement with parameters.
    fn open_for(&mut self, params: &[Value]) -> Result<&mut Inner, DbError> {
        if let Err(refused) = refuse_nul(params) {
            self.failed = true;
            return Err(refused);
        }
        self.open()
    }

    fn note<T, E: Into<DbError>>(&mut self, result: Result<T, E>) -> Result<T, DbError> {
        self.failed |= result.is_err();
        result.map_err(Into::into)
    }
}

pub(super) enum Inner {
    Sqlite(Member),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(Mutex::new(State {
            inner: Some(inner),
            failed: false,
        })))
    }

    pub(super) fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// Runs a statement and tells how many rows it changed.
    pub async fn exec(&self, sql: &'static str, params: Vec<Value>) -> Result<u64, DbError> {
        let mut state = self.0.lock().await;
        let result = match state.open_for(&params)? {
            Inner::Sqlite(tx) => tx.connection()?.exec(sql, &params),
            Inner::Postgres(tx) => bind_postgres(sql, params)
                .execute(&mut **tx)
                .await
                .map(|done| done.rows_affected())
                .map_err(DbError::from),
        };
        state.note(result)
    }

    /// The first row, if there is one. `UPDATE ... RETURNING` with no row means: already used.
    pub async fn opt(&self, sql: &'static str, params: Vec<Value>) -> Result<Option<Row>, DbError> {
        Ok(self.all(sql, params).await?.into_iter().next())
    }

    /// Exactly the first row; [`DbError::NotFound`] when there is none.
    pub async fn one(&self, sql: &'static str, params: Vec<Value>) -> Result<Row, DbError> {
        self.opt(sql, params).await?.ok_or(DbError::NotFound)
    }

    /// Every row.
    pub async fn all(&self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>, DbError> {
        let mut state = self.0.lock().await;
        match state.open_for(&params)? {
            Inner::Sqlite(tx) => {
                let rows = tx.connection()?.all(sql, &params);
                let rows = state.note(rows)?;
                if rows.len() > MANY {
                    tokio::task::yield_now().await;
                }
                Ok(rows)
            }
            Inner::Postgres(tx) => {
                let rows = bind_postgres(sql, params).fetch_all(&mut **tx).await;
                state.note(rows)?.iter().map(postgres_row).collect()
            }
        }
    }

    /// Runs the statements of a migration file, which take no parameters.
    pub(super) async fn script(&self, sql: &'static str) -> Result<(), DbError> {
        let mut state = self.0.lock().await;
        let result = match state.open()? {
            Inner::Sqlite(tx) => tx.connection()?.batch(sql),
            Inner::Postgres(tx) => sqlx::raw_sql(sql)
                .execute(&mut **tx)
                .await
                .map(drop)
                .map_err(DbError::from),
        };
        state.note(result)
    }

    /// PostgreSQL needs a table lock for what SQLite's single writer gives by itself.
    pub(super) async fn lock_out_other_writers(&self, postgres: &'static str) -> Result<(), DbError> {
        let mut state = self.0.lock().await;
        let result = match state.open()? {
            Inner::Sqlite(_) => Ok(()),
            Inner::Postgres(tx) => sqlx::raw_sql(postgres).execute(&mut **tx).await.map(drop),
        };
        state.note(result)
    }

    /// Refuses, and rolls back, when a statement failed and the closure went on regardless.
    pub(super) async fn commit(self, name: &'static str) -> Result<(), DbError> {
        if self.0.lock().await.failed {
            self.rollback(name).await?;
            return Err(failed_before());
        }
        match self.0.lock().await.inner.take().ok_or_else(ended)? {
            Inner::Sqlite(tx) => tx.commit().await?,
            Inner::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Fails when the closure's answer may follow from what others had written and is lost.
    pub(super) async fn rollback(self, name: &'static str) -> Result<(), DbError> {
        match self.0.lock().await.inner.take() {
            Some(Inner::Sqlite(tx)) => tx.rollback().await?,
            Some(Inner::Postgres(tx)) => {
                if let Err(error) = tx.rollback().await {
                    tracing::warn!(transaction = name, %error, "rollback failed; the connection is dropped");
                }
            }
            None => {}
        }
        Ok(())
    }
}

/// A closure went on after a statement of its transaction had failed: a programming error.
fn failed_before() -> DbError {
    DbError::Other("an earlier statement of this transaction failed".into())
}

/// A closure kept its `Tx` beyond its own end: a programming error, told rather than panicked about.
fn ended() -> DbError {
    DbError::Unavailable("the transaction has ended".to_owned())
}
