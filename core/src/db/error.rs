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
    Other(#[source] sqlx::Error),
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::error::ErrorKind;
        match error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
                Self::Unavailable(error.to_string())
            }
            sqlx::Error::Database(db) => {
                let code = db.code().map(|c| c.to_string()).unwrap_or_default();
                if is_conflict(&code) {
                    return Self::Conflict {
                        message: db.message().to_owned(),
                    };
                }
                if db.kind() == ErrorKind::UniqueViolation {
                    let constraint = db.constraint().unwrap_or_else(|| db.message()).to_owned();
                    return Self::Duplicate { constraint };
                }
                Self::Other(sqlx::Error::Database(db))
            }
            other => Self::Other(other),
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
