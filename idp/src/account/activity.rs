//! The person's own log: written in the transaction that does what it says, read by that person alone.
//!
//! It names services, levels, means and kinds of data, never values, and nobody but the person it is about.

use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, Timestamp, Tx, params};

use crate::level::Level;
use crate::people::Person;
use crate::session::Session;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    LoggedIn,
    LoginRefused,
    TokensIssued,
    DataReleased,
    ConsentGiven,
    ConsentWithdrawn,
    MandateUsed,
    LoggedOut,
    /// Ended otherwise than by a log-out: another log-in, another device, "this wasn't me".
    SessionEnded,
    Disowned,
    MeansAdded,
    MeansRemoved,
}

impl Kind {
    const ALL: [Self; 12] = [
        Self::LoggedIn,
        Self::LoginRefused,
        Self::TokensIssued,
        Self::DataReleased,
        Self::ConsentGiven,
        Self::ConsentWithdrawn,
        Self::MandateUsed,
        Self::LoggedOut,
        Self::SessionEnded,
        Self::Disowned,
        Self::MeansAdded,
        Self::MeansRemoved,
    ];

    /// As stored, and as the words' keys end.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::LoggedIn => "logged_in",
            Self::LoginRefused => "login_refused",
            Self::TokensIssued => "tokens_issued",
            Self::DataReleased => "data_released",
            Self::ConsentGiven => "consent_given",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::MandateUsed => "mandate_used",
            Self::LoggedOut => "logged_out",
            Self::SessionEnded => "session_ended",
            Self::Disowned => "disowned",
            Self::MeansAdded => "means_added",
            Self::MeansRemoved => "means_removed",
        }
    }
}

/// The same with the circumstances that are known; the rest stays empty.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub kind: Kind,
    pub client: Option<&'a str>,
    pub session: Option<Id<Session>>,
    pub acr: Option<Level>,
    pub means: Option<&'a str>,
    pub credential: Option<&'a [u8]>,
    /// Scopes or claim names, never values.
    pub scope: Option<&'a str>,
}

impl Entry<'_> {
    pub(crate) const fn of(kind: Kind) -> Self {
        Self {
            kind,
            client: None,
            session: None,
            acr: None,
            means: None,
            credential: None,
            scope: None,
        }
    }
}

/// Inserts an entry in the transaction that does what it says.
pub(crate) async fn record(tx: &Tx, cx: &Cx, person: Id<Person>, entry: &Entry<'_>) -> Result<(), DbError> {
    let id: Id<Stored> = Id::new(&*cx.random);
    tx.exec(
        "INSERT INTO activity (id, person, at, kind, client_id, session, acr, means, credential, scope)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            id,
            person,
            cx.now(),
            entry.kind.name(),
            entry.client,
            entry.session,
            entry.acr.map(Level::name),
            entry.means,
            entry.credential.map(<[u8]>::to_vec),
            entry.scope
        ],
    )
    .await?;
    Ok(())
}

/// An entry that names nothing but a means, if there is such a person at all.
pub(crate) async fn record_if_known(
    tx: &Tx,
    cx: &Cx,
    person: Id<Person>,
    kind: Kind,
    means: &str,
) -> Result<(), DbError> {
    let id: Id<Stored> = Id::new(&*cx.random);
    tx.exec(
        "INSERT INTO activity (id, person, at, kind, means) SELECT $1, id, $2, $3, $4 FROM person WHERE id = $5",
        params![id, cx.now(), kind.name(), means, person],
    )
    .await?;
    Ok(())
}

/// An entry as it was stored.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub id: Id<Stored>,
    pub at: Timestamp,
    pub kind: Kind,
    pub client: Option<String>,
    pub acr: Option<String>,
    pub means: Option<String>,
    pub scope: Option<String>,
    pub disowned_at: Option<Timestamp>,
}

/// Entries of `person` before `until`, the latest first.
pub(crate) async fn before(cx: &Cx, person: Id<Person>, until: Timestamp, most: i64) -> Result<Vec<Stored>, DbError> {
    let rows = cx
        .db
        .all(
            "SELECT id, at, kind, client_id, acr, means, scope, disowned_at FROM activity
             WHERE person = $1 AND at < $2 ORDER BY at DESC, id LIMIT $3",
            params![person, until, most],
        )
        .await?;
    rows.iter().map(read).collect()
}

/// One entry, whoever's it is.
pub(crate) async fn find(cx: &Cx, id: Id<Stored>) -> Result<Option<Stored>, DbError> {
    let row = cx
        .db
        .opt(
            "SELECT id, at, kind, client_id, acr, means, scope, disowned_at FROM activity WHERE id = $1",
            params![id],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Stored, DbError> {
    let kind: String = row.get("kind")?;
    let kind = Kind::ALL
        .into_iter()
        .find(|known| known.name() == kind)
        .ok_or_else(|| DbError::Column {
            column: "kind".to_owned(),
            problem: "unknown kind of activity".to_owned(),
        })?;
    Ok(Stored {
        id: row.get("id")?,
        at: row.get("at")?,
        kind,
        client: row.get("client_id")?,
        acr: row.get("acr")?,
        means: row.get("means")?,
        scope: row.get("scope")?,
        disowned_at: row.get("disowned_at")?,
    })
}
