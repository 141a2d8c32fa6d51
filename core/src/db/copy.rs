//! A database as it is at one moment, as a file, and back again: `VACUUM INTO` on SQLite, `pg_dump` on PostgreSQL. Neither
//! keeps anybody from writing meanwhile.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Output, Stdio};

use tokio::process::Command;

use super::engine::create_private;
use super::sqlite::Connection;
use super::{Db, DbError, DbUrl};

/// Why there is no copy, or no database out of it.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("{0} is there already")]
    Exists(String),
    /// Nothing is written over.
    #[error("the database has tables already: only an empty one is restored into")]
    NotEmpty,
    /// The copy is of the other engine.
    #[error("a copy of {found} does not become a database of {wanted}")]
    OtherEngine { found: String, wanted: &'static str },
    #[error("{program}: {problem}")]
    Program { program: &'static str, problem: String },
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl DbUrl {
    /// `sqlite` or `postgres`.
    pub fn engine(&self) -> &'static str {
        match self.sqlite_path() {
            Some(_) => "sqlite",
            None => "postgres",
        }
    }

    /// Writes everything that is committed now to a new file (mode 0600).
    pub async fn copy_to(&self, file: &Path) -> Result<(), CopyError> {
        if file.exists() {
            return Err(CopyError::Exists(file.display().to_string()));
        }
        let text = file.display().to_string();
        create_private(&text)?;
        let Some(path) = self.sqlite_path() else {
            let words = ["--format=custom", "--no-owner", "--no-privileges", "--file", &text];
            return self.run("pg_dump", &words).await;
        };
        let database = Connection::reader(path)?;
        // The file may be there when it is empty.
        let copied = tokio::task::spawn_blocking(move || database.exec("VACUUM INTO $1", &[text.into()]));
        copied.await.map_err(std::io::Error::from)??;
        Ok(std::fs::File::open(file)?.sync_all()?)
    }

    /// Makes the database out of a copy by the same engine; one that has anything in it stays as it is.
    pub async fn restore_from(&self, file: &Path) -> Result<(), CopyError> {
        let mut copy = std::fs::File::open(file)?;
        let mut head = Vec::new();
        (&copy).take(6).read_to_end(&mut head)?;
        let found = match head.as_slice() {
            b"SQLite" => "sqlite",
            head if head.starts_with(b"PGDMP") => "postgres",
            _ => "neither engine",
        };
        if found != self.engine() {
            let (found, wanted) = (found.to_owned(), self.engine());
            return Err(CopyError::OtherEngine { found, wanted });
        }
        let Some(path) = self.sqlite_path() else {
            return self.restore_postgres(file).await;
        };
        if std::fs::metadata(path).is_ok_and(|there| there.len() > 0) {
            return Err(CopyError::NotEmpty);
        }
        create_private(path)?;
        let mut database = std::fs::OpenOptions::new().write(true).open(path)?;
        copy.seek(SeekFrom::Start(0))?;
        std::io::copy(&mut copy, &mut database)?;
        Ok(database.sync_all()?)
    }

    async fn restore_postgres(&self, file: &Path) -> Result<(), CopyError> {
        let db = Db::open(self).await?;
        let sql = "SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_schema = 'public'";
        let tables: i64 = db.opt(sql, vec![]).await?.ok_or(DbError::NotFound)?.get("n")?;
        db.close().await;
        if tables > 0 {
            return Err(CopyError::NotEmpty);
        }
        let (text, database) = (file.display().to_string(), self.postgres("database")?);
        let words = [
            "--single-transaction",
            "--exit-on-error",
            "--no-owner",
            "--no-privileges",
        ];
        self.run("pg_restore", &[&words[..], &["--dbname", &database, &text]].concat())
            .await
    }

    /// One of PostgreSQL's programs; address and password travel in its environment, which others cannot read.
    async fn run(&self, program: &'static str, words: &[&str]) -> Result<(), CopyError> {
        let failed = |problem: String| CopyError::Program { program, problem };
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::null()).kill_on_drop(true);
        for name in ["host", "port", "user", "password", "database", "sslmode", "sslrootcert"] {
            let value = self.postgres(name)?;
            if !value.is_empty() {
                command.env(format!("PG{}", name.to_uppercase()), value);
            }
        }
        let Output { status, stderr, .. } = command.output().await.map_err(|error| failed(error.to_string()))?;
        match status.success() {
            true => Ok(()),
            false => Err(failed(String::from_utf8_lossy(&stderr).trim().to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::os::unix::fs::PermissionsExt;

    use super::super::{CORE_MIGRATIONS, scratch};
    use super::*;
    use crate::params;

    const INSERT: &str = "INSERT INTO job_lease (name, holder, until) VALUES ($1, $2, $3)";

    async fn jobs(db: &Db) -> Vec<String> {
        let rows = db
            .all("SELECT name FROM job_lease ORDER BY name", vec![])
            .await
            .unwrap();
        rows.iter().map(|row| row.get("name").unwrap()).collect()
    }

    async fn put(db: &Db, job: &str) {
        let put = db.run::<_, DbError, _, _>(
            "put",
            |tx| async move { tx.exec(INSERT, params![job, [7; 16], 1]).await },
        );
        put.await.unwrap();
    }

    #[tokio::test]
    async fn a_copy_has_what_was_committed_before_it_and_becomes_a_database_again() {
        let dir = tempfile::tempdir().unwrap();
        let (url, file) = (
            scratch::url(&dir.path().join("a.sqlite")).await,
            dir.path().join("a.copy"),
        );
        let db = Db::open(&url).await.unwrap();
        db.migrate(CORE_MIGRATIONS).await.unwrap();
        put(&db, "before").await;
        url.copy_to(&file).await.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        put(&db, "after").await;
        let there = url.copy_to(&file).await;
        assert!(matches!(there, Err(CopyError::Exists(_))), "{there:?}");

        let other = scratch::url(&dir.path().join("b.sqlite")).await;
        other.restore_from(&file).await.unwrap();
        let restored = Db::open(&other).await.unwrap();
        assert_eq!(jobs(&restored).await, ["before"]);
        assert_eq!(jobs(&db).await, ["after", "before"]);
        // It is a database like any other.
        restored.migrate(CORE_MIGRATIONS).await.unwrap();
        put(&restored, "later").await;

        let again = other.restore_from(&file).await;
        assert!(matches!(again, Err(CopyError::NotEmpty)), "{again:?}");
        assert_eq!(jobs(&restored).await, ["before", "later"]);
        let strange = dir.path().join("strange");
        std::fs::write(&strange, "neither").unwrap();
        let refused = scratch::url(&dir.path().join("c.sqlite"))
            .await
            .restore_from(&strange)
            .await;
        assert!(matches!(refused, Err(CopyError::OtherEngine { .. })), "{refused:?}");
    }
}
