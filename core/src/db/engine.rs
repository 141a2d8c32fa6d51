//! The two engines: how each is opened, begins a transaction and binds parameters.

use std::str::FromStr;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions, Postgres};
use sqlx::query::Query;

use super::DbError;
use super::readers::Readers;
use super::sqlite::Connection;
use super::tx::{Inner, Tx};
use super::value::{Row, Value, postgres_row, refuse_nul};
use super::writer::{PATIENCE, Writer};

/// `sqlite:PATH` or `postgres://...`; printed without its password.
#[derive(Clone, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct DbUrl(String);

impl TryFrom<String> for DbUrl {
    type Error = String;
    fn try_from(url: String) -> Result<Self, String> {
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if known.iter().any(|scheme| url.starts_with(scheme)) {
            Ok(Self(url))
        } else {
            Err("a database address starts with sqlite: or postgres://".to_owned())
        }
    }
}

impl DbUrl {
    /// The address of a SQLite file.
    pub fn sqlite(path: &std::path::Path) -> Self {
        Self(format!("sqlite:{}", path.display()))
    }

    /// Where the file of SQLite lies.
    pub(super) fn sqlite_path(&self) -> Option<&str> {
        let path = self.0.strip_prefix("sqlite:")?;
        Some(path.trim_start_matches("//"))
    }

    /// A part of PostgreSQL's address, decoded: `host`, `port`, `user`, `password`, `database` or a parameter; empty where it
    /// says nothing.
    pub(super) fn postgres(&self, part: &str) -> Result<String, DbError> {
        let url = url::Url::parse(&self.0).map_err(|error| DbError::Unavailable(error.to_string()))?;
        let given = url.query_pairs().find(|(name, _)| name == part);
        let text = match part {
            "host" => url.host_str().unwrap_or_default().to_owned(),
            "port" => url.port().map(|port| port.to_string()).unwrap_or_default(),
            "user" => url.username().to_owned(),
            "password" => url.password().unwrap_or_default().to_owned(),
            "database" => url.path().trim_start_matches('/').to_owned(),
            _ => String::new(),
        };
        match given {
            Some((_, value)) => Ok(value.into_owned()),
            None => Ok(percent_decoded(&text)),
        }
    }
}

fn percent_decoded(text: &str) -> String {
    // The decoding of forms, whose signs are none of an address's.
    let escaped = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    let decoded = url::form_urlencoded::parse(escaped.as_bytes()).next();
    decoded.map(|(name, _)| name.into_owned()).unwrap_or_default()
}

impl std::fmt::Debug for DbUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.starts_with("sqlite:") {
            return f.write_str(&self.0);
        }
        // A password may stand before the @ and, as `?password=`, in the query.
        match url::Url::parse(&self.0) {
            Ok(url) => {
                let host = url.host_str().unwrap_or_default();
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                write!(f, "postgres://***@{host}{port}{}", url.path())
            }
            Err(_) => f.write_str("postgres://***"),
        }
    }
}

/// As it is printed, without its password: for `signum config show`.
impl serde::Serialize for DbUrl {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{self:?}"))
    }
}

/// SQLite takes one writer at a time: writers queue for one connection instead of meeting SQLITE_BUSY, and share its COMMITs;
/// readers have their own.
#[derive(Clone)]
pub(super) enum Pool {
    Sqlite { writer: Writer, readers: Readers },
    Postgres(PgPool),
}

impl Pool {
    pub(super) async fn open(url: &DbUrl) -> Result<Self, DbError> {
        if let Some(path) = url.sqlite_path() {
            return Self::open_sqlite(path);
        }
        let options = PgConnectOptions::from_str(&url.0)?;
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options)
            .await?;
        Ok(Self::Postgres(pool))
    }

    fn open_sqlite(path: &str) -> Result<Self, DbError> {
        create_private(path).map_err(|e| DbError::Unavailable(format!("{path}: {e}")))?;
        let writer = Writer::open(Connection::writer(path)?, PATIENCE);
        let readers = Readers::open(path)?;
        Ok(Self::Sqlite { writer, readers })
    }

    pub(super) async fn begin(&self) -> Result<Tx, DbError> {
        let inner = match self {
            Self::Sqlite { writer, .. } => Inner::Sqlite(writer.begin().await?),
            Self::Postgres(pool) => Inner::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ").await?),
        };
        Ok(Tx::new(inner))
    }

    pub(super) async fn opt(&self, sql: &'static str, params: Vec<Value>) -> Result<Option<Row>, DbError> {
        refuse_nul(&params)?;
        match self {
            Self::Sqlite { readers, .. } => Ok(readers.all(sql, params).await?.into_iter().next()),
            Self::Postgres(pool) => bind_postgres(sql, params)
                .fetch_optional(pool)
                .await?
                .as_ref()
                .map(postgres_row)
                .transpose(),
        }
    }

    pub(super) async fn all(&self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>, DbError> {
        refuse_nul(&params)?;
        match self {
            Self::Sqlite { readers, .. } => readers.all(sql, params).await,
            Self::Postgres(pool) => bind_postgres(sql, params)
                .fetch_all(pool)
                .await?
                .iter()
                .map(postgres_row)
                .collect(),
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// Databases hold personal data: the file is readable by its owner alone.
pub(super) fn create_private(path: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map(drop)
}

pub(super) fn bind_postgres(sql: &'static str, params: Vec<Value>) -> Query<'static, Postgres, PgArguments> {
    params.into_iter().fold(sqlx::query(sql), |query, value| match value {
        Value::Bytes(v) => query.bind(v),
        Value::Text(v) => query.bind(v),
        Value::Int(v) => query.bind(v),
        Value::Bool(v) => query.bind(v),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_address_is_taken_apart_for_programs_that_want_it_so() {
        let url =
            DbUrl::try_from("postgres://signum:a%2Bb+%40&c@db.example:5433/ca?sslmode=require".to_owned()).unwrap();
        let part = |name| url.postgres(name).unwrap();
        assert_eq!(
            [part("host"), part("port"), part("user")],
            ["db.example", "5433", "signum"]
        );
        assert_eq!(
            [part("password"), part("database"), part("sslmode")],
            ["a+b+@&c", "ca", "require"]
        );
        assert_eq!(part("sslrootcert"), "");
    }

    #[test]
    fn an_address_is_printed_without_its_password_wherever_it_stands() {
        for url in [
            "postgres://signum:hunter2@db.example:5433/ca",
            "postgres://db.example:5433/ca?password=hunter2&user=signum",
            "postgresql://signum:hunter2@db.example:5433/ca?sslmode=require&options=x%40hunter2",
        ] {
            let printed = format!("{:?}", DbUrl::try_from(url.to_owned()).unwrap());
            assert_eq!(printed, "postgres://***@db.example:5433/ca");
        }
        let odd = format!("{:?}", DbUrl::try_from("postgres://a:hunter2@[".to_owned()).unwrap());
        assert!(!odd.contains("hunter2"), "{odd}");
        assert_eq!(
            format!("{:?}", DbUrl::sqlite(std::path::Path::new("/x@y"))),
            "sqlite:/x@y"
        );
    }
}
