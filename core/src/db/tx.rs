//! A transaction under way.

use std::sync::Arc;

use sqlx::{Postgres, Sqlite, Transaction};

use tokio::sync::Mutex;

use super::DbError;
use super::engine::{bind_postgres, bind_sqlite};
use super::value::{Row, Value, postgres_row, sqlite_row};

/// One read-write transaction; made by [`Db::run`](super::Db::run), which commits it or rolls it back.
pub struct Tx(Arc<Mutex<Option<Inner>>>);

pub(super) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(Mutex::new(Some(inner))))
    }

    pub(super) fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// Runs a statement and tells how many rows it changed.
    pub async fn exec(&self, sql: &'static str, params: Vec<Value>) -> Result<u64, DbError> {
        Ok(match self.0.lock().await.as_mut().ok_or_else(ended)? {
            Inner::Sqlite(tx) => bind_sqlite(sql, params).execute(&mut **tx).await?.rows_affected(),
            Inner::Postgres(tx) => bind_postgres(sql, params).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// The first row, if there is one. `UPDATE ... RETURNING` with no row means: already used.
    pub async fn opt(&self, sql: &'static str, params: Vec<Value>) -> Result<Option<Row>, DbError> {
        match self.0.lock().await.as_mut().ok_or_else(ended)? {
            Inner::Sqlite(tx) => bind_sqlite(sql, params)
                .fetch_optional(&mut **tx)
                .await?
                .as_ref()
                .map(sqlite_row)
                .transpose(),
            Inner::Postgres(tx) => bind_postgres(sql, params)
                .fetch_optional(&mut **tx)
                .await?
                .as_ref()
                .map(postgres_row)
                .transpose(),
        }
    }

    /// Exactly the first row; [`DbError::NotFound`] when there is none.
    pub async fn one(&self, sql: &'static str, params: Vec<Value>) -> Result<Row, DbError> {
        self.opt(sql, params).await?.ok_or(DbError::NotFound)
    }

    /// Every row.
    pub async fn all(&self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>, DbError> {
        match self.0.lock().await.as_mut().ok_or_else(ended)? {
            Inner::Sqlite(tx) => bind_sqlite(sql, params)
                .fetch_all(&mut **tx)
                .await?
                .iter()
                .map(sqlite_row)
                .collect(),
            Inner::Postgres(tx) => bind_postgres(sql, params)
                .fetch_all(&mut **tx)
                .await?
                .iter()
                .map(postgres_row)
                .collect(),
        }
    }

    /// Runs the statements of a migration file, which take no parameters.
    pub(super) async fn script(&self, sql: &'static str) -> Result<(), DbError> {
        match self.0.lock().await.as_mut().ok_or_else(ended)? {
            Inner::Sqlite(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?,
            Inner::Postgres(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?,
        }
        Ok(())
    }

    /// PostgreSQL needs a table lock for what SQLite's single writer gives by itself.
    pub(super) async fn lock_out_other_writers(&self, postgres: &'static str) -> Result<(), DbError> {
        match self.0.lock().await.as_mut().ok_or_else(ended)? {
            Inner::Sqlite(_) => {}
            Inner::Postgres(tx) => sqlx::raw_sql(postgres).execute(&mut **tx).await.map(drop)?,
        }
        Ok(())
    }

    pub(super) async fn commit(self) -> Result<(), DbError> {
        match self.0.lock().await.take().ok_or_else(ended)? {
            Inner::Sqlite(tx) => tx.commit().await?,
            Inner::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    pub(super) async fn rollback(self, name: &'static str) {
        let result = match self.0.lock().await.take() {
            Some(Inner::Sqlite(tx)) => tx.rollback().await,
            Some(Inner::Postgres(tx)) => tx.rollback().await,
            None => Ok(()),
        };
        if let Err(error) = result {
            tracing::warn!(transaction = name, %error, "rollback failed; the connection is dropped");
        }
    }
}

/// A closure kept its `Tx` beyond its own end: a programming error, told rather than panicked about.
fn ended() -> DbError {
    DbError::Unavailable("the transaction has ended".to_owned())
}
