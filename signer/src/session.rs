//! A browser's log-in at the signing desk: found by its cookie's secret, new at every log-in, ended by logout, idleness or age.

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError, Id, Timestamp, params};

use crate::config::Config;
use crate::person::{self, Person};
use crate::secret::{self, hashed};

/// Name of the session cookie.
pub(crate) const COOKIE: &str = "sid";

/// A live session and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub id: Id<Session>,
    pub person: Person,
    /// Hint for the logout at the identity provider.
    pub id_token: String,
    /// When the identity provider last saw the person's own gesture.
    pub authenticated_at: Timestamp,
}

/// Begins a session for a person who just logged in; the session of `old_cookie` ends. Returns the new cookie's secret.
pub(crate) async fn begin(
    cx: &Cx,
    person: &Person,
    id_token: &str,
    authenticated_at: Timestamp,
    old_cookie: Option<&str>,
) -> Result<String, DbError> {
    let (secret, hash) = secret::fresh(&*cx.random);
    let id: Id<Session> = Id::new(&*cx.random);
    let event = &Event::new("session.begun", id, json!({}));
    let old = old_cookie.map(hashed);
    cx.db
        .run::<_, DbError, _, _>("session.begin", |tx| async move {
            if let Some(old) = old {
                tx.exec(
                    "UPDATE session SET ended_at = $1 WHERE secret_hash = $2 AND ended_at IS NULL",
                    params![cx.now(), old],
                )
                .await?;
            }
            person::keep(&tx, cx, person).await?;
            tx.exec(
                "INSERT INTO session (id, secret_hash, person, id_token, began_at, last_seen_at, authenticated_at)
                 VALUES ($1, $2, $3, $4, $5, $5, $6)",
                params![id, hash, person.reference, id_token, cx.now(), authenticated_at],
            )
            .await?;
            audit::record(&tx, cx, event).await
        })
        .await?;
    Ok(secret)
}

/// The session of this cookie, if it is alive; using it keeps it alive.
pub(crate) async fn find(cx: &Cx, config: &Config, cookie: &str) -> Result<Option<Session>, DbError> {
    let (hash, now) = (hashed(cookie), cx.now());
    let idle = now.minus(config.session_idle());
    let oldest = now.minus(config.session_absolute());
    let row = cx
        .db
        .run::<_, DbError, _, _>("session.find", |tx| async move {
            tx.opt(
                "UPDATE session SET last_seen_at = $1
                 WHERE secret_hash = $2 AND ended_at IS NULL AND last_seen_at > $3 AND began_at > $4
                 RETURNING id, person, id_token, authenticated_at",
                params![now, hash, idle, oldest],
            )
            .await
        })
        .await?;
    let Some(row) = row else { return Ok(None) };
    let reference: person::Reference = row.get("person")?;
    Ok(Some(Session {
        id: row.get("id")?,
        person: person::find(cx, &reference).await?,
        id_token: row.get("id_token")?,
        authenticated_at: row.get("authenticated_at")?,
    }))
}

pub(crate) async fn end(cx: &Cx, session: Id<Session>) -> Result<(), DbError> {
    let event = &Event::new("session.ended", session, json!({"why": "logout"}));
    cx.db
        .run::<_, DbError, _, _>("session.end", |tx| async move {
            let ended = tx
                .exec(
                    "UPDATE session SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL",
                    params![cx.now(), session],
                )
                .await?;
            audit::record_changed(&tx, cx, ended, event).await
        })
        .await
}
