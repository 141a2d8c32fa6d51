//! SQLite's connections. A statement runs in the task that asks: what it needs lies in memory or the page cache nearly always, and
//! handing it to another thread costs several times what it takes.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{OpenFlags, ToSql};

use super::DbError;
use super::value::{Row, Value};

/// Statements that stay prepared in each connection.
const PREPARED: usize = 512;
/// How long a reader waits while another process recovers the log.
const BUSY: Duration = Duration::from_secs(5);

/// One connection; it goes from thread to thread, and is used by one at a time.
pub(super) struct Connection(rusqlite::Connection);

impl Connection {
    /// The one that writes. It does not wait for another process's lock by itself.
    pub fn writer(path: &str) -> Result<Self, DbError> {
        let connection = Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // synchronous=FULL: what was acknowledged survives a power cut, not only a crash.
        // Indexes over random keys touch many pages: they are kept (64 MB), and written back 16 MB at a time.
        connection.batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000;",
        )?;
        connection.wait(Duration::ZERO)?;
        Ok(connection)
    }

    /// One that never writes.
    pub fn reader(path: &str) -> Result<Self, DbError> {
        Self::open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    fn open(path: &str, mode: OpenFlags) -> Result<Self, DbError> {
        // No mutex inside SQLite: Rust's own rules keep two threads apart.
        let connection = rusqlite::Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
        // Plans do not depend on parameters: else a join is planned anew at each call, which costs more than it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        connection.busy_timeout(BUSY)?;
        Ok(Self(connection))
    }

    /// How long a statement waits for another process's lock.
    pub fn wait(&self, time: Duration) -> Result<(), DbError> {
        Ok(self.0.busy_timeout(time)?)
    }

    /// Asks `stop` after every `steps` instructions of SQLite's machine whether the statement shall end there.
    pub fn stop_when(&mut self, steps: i32, stop: impl FnMut() -> bool + Send + 'static) -> Result<(), DbError> {
        Ok(self.0.progress_handler(steps, Some(stop))?)
    }

    /// Runs a statement and tells how many rows it changed.
    pub fn exec(&self, sql: &str, params: &[Value]) -> Result<u64, DbError> {
        let mut statement = self.bound(sql, params)?;
        let mut rows = statement.raw_query();
        while rows.next()?.is_some() {}
        Ok(self.0.changes())
    }

    /// Every row.
    pub fn all(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        let mut statement = self.bound(sql, params)?;
        let columns: Arc<[Column]> = statement.columns().map(|column| Column::of(&column)).collect();
        let mut rows = statement.raw_query();
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let value = |(i, column)| read(row.get_ref(i)?, column).map(|value| (column.name.clone(), value));
            all.push(Row::new(
                columns.iter().enumerate().map(value).collect::<Result<_, DbError>>()?,
            ));
        }
        Ok(all)
    }

    /// Statements without parameters, one after the other.
    pub fn batch(&self, sql: &str) -> Result<(), DbError> {
        Ok(self.0.execute_batch(sql)?)
    }

    pub fn close(self) -> Result<(), DbError> {
        self.0.close().map_err(|(_, error)| error.into())
    }

    /// SQLite numbers `$1` and its like in the order in which they stand; what they say is meant.
    fn bound(&self, sql: &str, params: &[Value]) -> Result<rusqlite::CachedStatement<'_>, DbError> {
        let mut statement = self.0.prepare_cached(sql)?;
        for place in 1..=statement.parameter_count() {
            let number = statement
                .parameter_name(place)
                .and_then(|name| name.get(1..)?.parse::<usize>().ok())
                .unwrap_or(place);
            let value = number.checked_sub(1).and_then(|index| params.get(index));
            let value = value.ok_or(rusqlite::Error::InvalidParameterCount(params.len(), number))?;
            statement.raw_bind_parameter(place, value)?;
        }
        Ok(statement)
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::Bytes(value) => value.as_deref().map(ValueRef::Blob),
            Self::Text(value) => value.as_deref().map(|text| ValueRef::Text(text.as_bytes())),
            Self::Int(value) => value.map(ValueRef::Integer),
            Self::Bool(value) => value.map(|yes| ValueRef::Integer(yes.into())),
        };
        Ok(ToSqlOutput::Borrowed(value.unwrap_or(ValueRef::Null)))
    }
}

/// SQLite knows a column by its declared type only when it comes straight from a table; an expression by its value's type.
struct Column {
    name: Arc<str>,
    boolean: bool,
}

impl Column {
    fn of(column: &rusqlite::Column<'_>) -> Self {
        Self {
            name: column.name().into(),
            boolean: column
                .decl_type()
                .is_some_and(|name| name.eq_ignore_ascii_case("BOOLEAN")),
        }
    }
}

fn read(value: ValueRef<'_>, column: &Column) -> Result<Value, DbError> {
    let problem = |problem: &str| DbError::Column {
        column: column.name.to_string(),
        problem: problem.to_owned(),
    };
    Ok(match value {
        ValueRef::Null => Value::Bytes(None),
        ValueRef::Blob(octets) => Value::Bytes(Some(octets.to_vec())),
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).map_err(|_| problem("is not UTF-8"))?;
            Value::Text(Some(text.to_owned()))
        }
        ValueRef::Integer(number) if column.boolean => Value::Bool(Some(number != 0)),
        ValueRef::Integer(number) => Value::Int(Some(number)),
        ValueRef::Real(_) => return Err(problem("type REAL")),
    })
}

pub(super) fn closed() -> DbError {
    DbError::Unavailable("the database is closed".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_join_is_planned_once_whatever_is_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sqlite");
        std::fs::write(&path, "").unwrap();
        let connection = Connection::writer(path.to_str().unwrap()).unwrap();
        connection
            .batch("CREATE TABLE a (id BIGINT PRIMARY KEY, until BIGINT); CREATE TABLE b (a BIGINT, ended BIGINT);")
            .unwrap();
        let joined =
            "SELECT a.id FROM a LEFT JOIN b ON b.a = a.id WHERE a.id = $1 AND a.until > $2 AND b.ended IS NULL";
        for id in 0..5_i64 {
            assert!(connection.all(joined, &[id.into(), 7_i64.into()]).unwrap().is_empty());
        }
        let statement = connection.0.prepare_cached(joined).unwrap();
        assert_eq!(statement.get_status(rusqlite::StatementStatus::Run), 5);
        assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0);
    }
}
