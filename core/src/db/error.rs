//! What can go wrong in the database, told apart by what the caller should do.

/// An error of the database layer; none carries a parameter's value.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Another transaction was first; trying again is right.
    #[error("transaction lost a race: {message}")]
    Conflict { message: String },
    /// A UNIQUE or PRIMARY KEY constraint said no. The transaction is over: return this, or avoid it by
    /// `ON CONFLICT DO NOTHING`.
    #[error("already there ({constraint})")]
    Duplicate { constraint: String },
    /// `one` found nothing.
    #[error("no such row")]
    NotFound,
    /// A column is missing or has an impossible value: the schema and the code disagree, or somebody wrote to the database.
    #[error("column {column}: {problem}")]
    Column { column: String, problem: String },
    /// A parameter's text has the character U+0000, which PostgreSQL cannot store. Our own texts never do: it came from outside
    /// and is the caller's fault (status 400).
    #[error("a text with the character U+0000 cannot be stored")]
    NulInText,
    /// The engine is away or refuses connections.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// A migration that was applied has since been edited, or cannot be applied.
    #[error("migration {name}: {problem}")]
    Migration { name: String, problem: String },
    #[error("database: {0}")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// SQLite. The library's own errors are the caller's fault: a statement that is wrong.
impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(failure, message) = &error else {
            return Self::Other(error.into());
        };
        let code = failure.extended_code.to_string();
        let message = message.clone().unwrap_or_else(|| failure.to_string());
        match failure.extended_code {
            _ if is_conflict(&code) => Self::Conflict { message },
            _ if is_away(&code) => Self::Unavailable(format!("{code}: {message}")),
            rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
                Self::Duplicate { constraint: message }
            }
            _ => Self::Other(error.into()),
        }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::error::ErrorKind;
        match error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_) => Self::Unavailable(error.to_string()),
            sqlx::Error::Database(db) => {
                let code = db.code().map(|c| c.to_string()).unwrap_or_default();
                if is_conflict(&code) {
                    return Self::Conflict {
                        message: db.message().to_owned(),
                    };
                }
                if is_away(&code) {
                    return Self::Unavailable(format!("{code}: {}", db.message()));
                }
                if db.kind() == ErrorKind::UniqueViolation {
                    let constraint = db.constraint().unwrap_or_else(|| db.message()).to_owned();
                    return Self::Duplicate { constraint };
                }
                Self::Other(sqlx::Error::Database(db).into())
            }
            other => Self::Other(other.into()),
        }
    }
}

/// PostgreSQL: serialization failure, deadlock, lock timeout. SQLite: BUSY, LOCKED and their extended codes.
fn is_conflict(code: &str) -> bool {
    matches!(
        code,
        "40001" | "40P01" | "55P03" | "5" | "6" | "261" | "262" | "517" | "773"
    )
}

/// The engine cannot do its work now. PostgreSQL: lost connections (class 08), no disk, memory or connections left (53), shutting
/// down or starting (57P0), its disk fails (58), a standby after a switch (25006). SQLite: no writing, the disk fails or is full,
/// the file cannot be opened, each with its extended codes.
fn is_away(code: &str) -> bool {
    if let Ok(sqlite) = code.parse::<u32>()
        && code.len() < 5
    {
        return matches!(sqlite & 0xff, 8 | 10 | 13 | 14);
    }
    code == "25006" || ["08", "53", "57P0", "58"].iter().any(|class| code.starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_is_away_is_told_apart_from_a_statement_that_is_wrong() {
        let away = [
            "08006", "53300", "57P01", "57P02", "57P03", "58030", "25006", "8", "10", "13", "14", "778", "1032",
        ];
        for code in away {
            assert!(is_away(code) && !is_conflict(code), "{code}");
        }
        // Cancelled, unique, syntax; SQLite's constraint, BUSY, LOCKED, "no such table".
        for code in ["57014", "23505", "42601", "00000", "", "19", "2067", "5", "6", "1"] {
            assert!(!is_away(code), "{code}");
        }
    }
}
