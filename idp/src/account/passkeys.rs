//! A person's passkeys: several, with names; added and removed only by whoever has just logged in.
//!
//! What a log-in is worth can never grow by adding a means: a new passkey counts for no more than the log-in in which it is made.
//! Nor can anybody lock themselves out of their level: the last means of a person's highest level stays.

use std::time::Duration;

use serde_json::{Value as Json, json};
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, Timestamp, Tx, params, retry_on_db_conflict};
use webauthn_rs::prelude::{CreationChallengeResponse, PasskeyRegistration};

use super::activity::{self, Entry, Kind};
use crate::activate::{self, ActivateError};
use crate::level::Level;
use crate::login::{card, passkey as means};
use crate::people::Person;
use crate::service::Idp;
use crate::session::Session;
use crate::worth::Authenticator;

/// How long after a log-in its person may change means.
const FRESH: Duration = Duration::from_secs(120);
const LONGEST_NAME: usize = 60;

/// A passkey as its person sees it.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub credential_id: Vec<u8>,
    /// May be empty.
    pub name: String,
    pub kind: Authenticator,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    /// Its person said that it was used by somebody else.
    pub suspended: bool,
}

/// Why a person's passkeys stay as they are.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasskeysError {
    #[error("the log-in is too long ago")]
    NotFresh,
    #[error("the new passkey is worth more than the log-in")]
    AboveSession,
    #[error("the last means of the person's level")]
    LastMeans,
    #[error("no such passkey of this person")]
    NotFound,
    #[error("a name has at most 60 characters and no control characters")]
    Name,
    #[error(transparent)]
    Registration(#[from] ActivateError),
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(PasskeysError);

/// Whether the session's person has just logged in, and was there.
pub(crate) fn is_fresh(cx: &Cx, session: &Session) -> bool {
    session.authentication.amr.says_present() && cx.now().since(session.authentication.time) <= FRESH
}

fn fresh(cx: &Cx, session: &Session) -> Result<(), PasskeysError> {
    is_fresh(cx, session).then_some(()).ok_or(PasskeysError::NotFresh)
}

const fn kind(backup_eligible: bool) -> Authenticator {
    match backup_eligible {
        true => Authenticator::PasskeySynced,
        false => Authenticator::PasskeyDeviceBound,
    }
}

/// The oldest first.
pub(crate) async fn list(cx: &Cx, person: Id<Person>) -> Result<Vec<Listed>, DbError> {
    let rows = cx
        .db
        .all(
            "SELECT credential_id, name, backup_eligible, created_at, last_used_at, suspended_at FROM passkey
             WHERE person = $1 ORDER BY created_at, credential_id",
            params![person],
        )
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Listed, DbError> {
    Ok(Listed {
        credential_id: row.get("credential_id")?,
        name: row.get("name")?,
        kind: kind(row.get("backup_eligible")?),
        created_at: row.get("created_at")?,
        last_used_at: row.get("last_used_at")?,
        suspended: row.get::<Option<Timestamp>>("suspended_at")?.is_some(),
    })
}

/// Begins to add one: creation options, their challenge stored with the session.
pub(crate) async fn options(
    idp: &Idp,
    session: &Session,
    person: &Person,
) -> Result<CreationChallengeResponse, PasskeysError> {
    let cx = &idp.cx;
    fresh(cx, session)?;
    let (options, state) = activate::creation(idp, person).await?;
    let (id, state, expires) = (session.id, &state, cx.now().plus(FRESH));
    cx.db
        .run::<_, DbError, _, _>("passkey.options", |tx| async move {
            tx.exec(
                "INSERT INTO passkey_challenge (session, state, expires_at) VALUES ($1, $2, $3)
                 ON CONFLICT (session) DO UPDATE SET state = excluded.state, expires_at = excluded.expires_at",
                params![id, state, expires],
            )
            .await
        })
        .await?;
    Ok(options)
}

/// Verifies the new credential and stores it under this name.
pub(crate) async fn add(idp: &Idp, session: &Session, name: &str, credential: Json) -> Result<(), PasskeysError> {
    let (cx, person) = (&idp.cx, session.person);
    let state = take_challenge(cx, session.id).await?;
    fresh(cx, session)?;
    let stored = &activate::verified(idp, person, &state, credential)?;
    if idp.config.levels.worth(kind(stored.backup_eligible)).level > session.authentication.acr {
        return Err(PasskeysError::AboveSession);
    }
    cx.db
        .run("passkey.add", |tx| async move {
            activate::store(&tx, cx, stored, name).await?;
            let entry = &Entry {
                session: Some(session.id),
                means: Some(means::NAME),
                credential: Some(&stored.credential_id),
                ..Entry::of(Kind::MeansAdded)
            };
            activity::record(&tx, cx, person, entry).await?;
            Ok(())
        })
        .await
}

async fn take_challenge(cx: &Cx, session: Id<Session>) -> Result<PasskeyRegistration, PasskeysError> {
    let row = cx
        .db
        .run::<_, DbError, _, _>("passkey.challenge", |tx| async move {
            tx.opt(
                "DELETE FROM passkey_challenge WHERE session = $1 RETURNING state, expires_at",
                params![session],
            )
            .await
        })
        .await?;
    let row = row.ok_or(ActivateError::NoChallenge)?;
    if row.get::<Timestamp>("expires_at")? <= cx.now() {
        return Err(ActivateError::NoChallenge.into());
    }
    let state = serde_json::from_str(&row.get::<String>("state")?);
    Ok(state.map_err(|e| ActivateError::Internal(e.to_string()))?)
}

/// Gives one another name; an empty one takes the name away.
pub(crate) async fn rename(cx: &Cx, person: Id<Person>, id: &[u8], name: &str) -> Result<(), PasskeysError> {
    let name = name.trim();
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(PasskeysError::Name);
    }
    let renamed = cx
        .db
        .run::<_, DbError, _, _>("passkey.rename", |tx| async move {
            tx.exec(
                "UPDATE passkey SET name = $1 WHERE credential_id = $2 AND person = $3",
                params![name, id, person],
            )
            .await
        })
        .await?;
    (renamed == 1).then_some(()).ok_or(PasskeysError::NotFound)
}

/// Removes one for good, unless it is the last means of its person's highest level.
pub(crate) async fn remove(idp: &Idp, session: &Session, id: &[u8]) -> Result<(), PasskeysError> {
    let (cx, person) = (&idp.cx, session.person);
    fresh(cx, session)?;
    cx.db
        .run("passkey.remove", |tx| async move {
            // Two removals at a time would each see the other's passkey stay: the person's row makes them wait for one another.
            tx.exec("UPDATE person SET standing = standing WHERE id = $1", params![person])
                .await?;
            let before = best(&tx, idp, person).await?;
            let gone = tx
                .exec(
                    "DELETE FROM passkey WHERE credential_id = $1 AND person = $2",
                    params![id, person],
                )
                .await?;
            if gone != 1 {
                return Err(PasskeysError::NotFound);
            }
            // An error undoes the deletion.
            if best(&tx, idp, person).await? < before {
                return Err(PasskeysError::LastMeans);
            }
            let entry = &Entry {
                session: Some(session.id),
                means: Some(means::NAME),
                ..Entry::of(Kind::MeansRemoved)
            };
            activity::record(&tx, cx, person, entry).await?;
            let detail = json!({"means": means::NAME});
            audit::record(&tx, cx, &Event::new("passkey.removed", person, detail)).await?;
            Ok(())
        })
        .await
}

/// The best level that one of the person's means reaches now; `None`: they have none.
async fn best(tx: &Tx, idp: &Idp, person: Id<Person>) -> Result<Option<Level>, DbError> {
    let rows = tx
        .all(
            "SELECT backup_eligible FROM passkey WHERE person = $1 AND suspended_at IS NULL",
            params![person],
        )
        .await?;
    let mut held = Vec::new();
    for row in &rows {
        held.push(kind(row.get("backup_eligible")?));
    }
    if idp.cards.is_some() && card::used::has_one(tx, person, idp.cx.now()).await? {
        held.push(Authenticator::Card);
    }
    Ok(held.iter().map(|held| idp.config.levels.worth(*held).level).max())
}
