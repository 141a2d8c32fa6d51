//! An authorization request that waits for its person: log in, then consent, then one answer.

use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, Timestamp, Tx, params};
use subtle::ConstantTimeEq;

pub(crate) mod browser;

use crate::authorize::request::AuthorizeRequest;
use crate::config::Config;
use crate::people::Person;
use crate::secret::{self, Hashed};
use crate::session::Session;

/// Where an interaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nobody has logged in for it yet.
    AwaitsLogin,
    /// This session's person logged in for it, or was logged in before it began.
    AwaitsConsent { session: Id<Session> },
    /// Answered; it can never be answered again.
    Completed,
}

/// A stored authorization request.
#[derive(Clone, Debug)]
pub(crate) struct Interaction {
    pub id: Id<Interaction>,
    pub request: AuthorizeRequest,
    pub stage: Stage,
    pub created_at: Timestamp,
    /// The person whose session was too low for the request: nobody else can complete it.
    pub step_up_of: Option<Id<Person>>,
    cookie_hash: Hashed,
}

impl Interaction {
    /// Whether the browser that shows this cookie began the interaction.
    pub(crate) fn belongs_to(&self, cookie: &str) -> bool {
        secret::hashed(cookie).ct_eq(&self.cookie_hash).into()
    }

    /// Whether only a log-in will do for which the person did something now: `prompt=login`, `max_age`, or a step-up.
    pub(crate) fn wants_presence(&self) -> bool {
        self.request.prompt.login || self.request.max_age.is_some() || self.step_up_of.is_some()
    }
}

/// Stores a request; the returned secret goes into the browser's cookie for this interaction.
pub(crate) async fn begin(
    cx: &Cx,
    config: &Config,
    request: &AuthorizeRequest,
    session: Option<Id<Session>>,
    step_up_of: Option<Id<Person>>,
) -> Result<(Id<Interaction>, String), DbError> {
    let id = Id::new(&*cx.random);
    let (cookie, hash) = secret::fresh(&*cx.random);
    let expires = cx.now().plus(config.interaction_ttl());
    let json = &serde_json::json!(request).to_string();
    cx.db
        .run("interaction.begin", |tx| async move {
            tx.exec(
                "INSERT INTO interaction (id, cookie_hash, client_id, request, session, created_at, expires_at, step_up_of)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                params![id, hash, &request.client_id, json, session, cx.now(), expires, step_up_of],
            )
            .await
        })
        .await?;
    Ok((id, cookie))
}

/// The interaction, unless it has expired.
pub(crate) async fn find(cx: &Cx, id: Id<Interaction>) -> Result<Option<Interaction>, DbError> {
    let row = cx
        .db
        .opt(
            "SELECT id, cookie_hash, request, session, created_at, completed_at, step_up_of FROM interaction
             WHERE id = $1 AND expires_at > $2",
            params![id, cx.now()],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Interaction, DbError> {
    let request = serde_json::from_str(&row.get::<String>("request")?).map_err(|e| DbError::Column {
        column: "request".to_owned(),
        problem: e.to_string(),
    })?;
    let stage = match (row.get("session")?, row.get::<Option<Timestamp>>("completed_at")?) {
        (_, Some(_)) => Stage::Completed,
        (Some(session), None) => Stage::AwaitsConsent { session },
        (None, None) => Stage::AwaitsLogin,
    };
    Ok(Interaction {
        id: row.get("id")?,
        request,
        stage,
        created_at: row.get("created_at")?,
        step_up_of: row.get("step_up_of")?,
        cookie_hash: row.get("cookie_hash")?,
    })
}

/// Ties the interaction to the session that has just logged in, and tells the session its device; returns for which client.
pub(crate) async fn logged_in(tx: &Tx, id: Id<Interaction>, session: Id<Session>) -> Result<Option<String>, DbError> {
    let row = tx
        .opt(
            "UPDATE interaction SET session = $1 WHERE id = $2 AND completed_at IS NULL RETURNING client_id, device",
            params![session, id],
        )
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let device: String = row.get("device")?;
    tx.exec("UPDATE session SET device = $1 WHERE id = $2", params![device, session])
        .await?;
    row.get("client_id").map(Some)
}

/// The session that it was tied to is left: the person goes on with another account.
pub(crate) async fn forget_session(tx: &Tx, id: Id<Interaction>) -> Result<(), DbError> {
    tx.exec(
        "UPDATE interaction SET session = NULL WHERE id = $1 AND completed_at IS NULL",
        params![id],
    )
    .await?;
    Ok(())
}

/// Completes the interaction; `false` when it was completed or expired before.
pub(crate) async fn complete(tx: &Tx, cx: &Cx, id: Id<Interaction>) -> Result<bool, DbError> {
    let row = tx
        .opt(
            "UPDATE interaction SET completed_at = $1 WHERE id = $2 AND completed_at IS NULL AND expires_at > $1 RETURNING id",
            params![cx.now(), id],
        )
        .await?;
    Ok(row.is_some())
}
