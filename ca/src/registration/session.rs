//! An officer's log-in at a desk: a gesture of the log-in key over a single-use challenge, then a short bearer token.
//!
//! The token lets read and hand in; it asks for nothing by itself (see [`super::envelope`]). As the signer's desk, on the
//! lists of the CA.

use std::time::Duration;

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use signum_core::audit::{self, Event};
use signum_core::{Cx, Tx, params};
use signum_gesture::officer::Key;
use signum_gesture::options::request_options;
use signum_gesture::{Assertion, assertion};

use super::RegistrationError;
use crate::Service;
use crate::officer::{ListedOfficer, Officers};

const PATIENCE: Duration = Duration::from_secs(120);
/// How long a token is good for.
pub(super) const LIFETIME: Duration = Duration::from_secs(600);

/// A logged-in officer with the list in force.
pub(super) struct AtDesk {
    pub officers: Officers,
    pub officer: ListedOfficer,
}

/// Request options for an officer's log-in key. Whether an id is an officer's shows: ids are no secret, and an honest desk
/// must be told.
pub(super) async fn options(service: &Service, officer: &str) -> Result<Json, RegistrationError> {
    let cx = &service.cx;
    let officers = service.officers().await?;
    let key = log_in_key(&officers, officer)?;
    let challenge: [u8; 32] = cx.random.bytes();
    let until = cx.now().plus(PATIENCE);
    cx.db
        .run::<_, RegistrationError, _, _>("desk.challenge", |tx| async move {
            tx.exec(
                "INSERT INTO desk_challenge (challenge, officer, expires_at) VALUES ($1, $2, $3)",
                params![challenge, officer, until],
            )
            .await?;
            Ok(())
        })
        .await?;
    let ids = [key.authenticator.credential_id.clone()];
    Ok(request_options(&challenge, &key.relying_party, &ids))
}

/// Logs an officer in; returns the token.
pub(super) async fn log_in(service: &Service, officer: &str, credential: &Json) -> Result<String, RegistrationError> {
    let cx = &service.cx;
    let officers = service.officers().await?;
    let entered = match log_in_key(&officers, officer) {
        Ok(key) => enter(cx, officer, key, credential).await,
        Err(error) => return Err(error),
    };
    if let Err(RegistrationError::LogIn(why)) = &entered {
        let event = &Event::new("desk.login_refused", officer, json!({ "why": why }));
        cx.db
            .run::<_, RegistrationError, _, _>("desk.login_refused", |tx| async move {
                Ok(audit::record(&tx, cx, event).await?)
            })
            .await?;
    }
    entered
}

fn log_in_key<'a>(officers: &'a Officers, id: &str) -> Result<&'a Key, RegistrationError> {
    let key = officers.list().find(id).and_then(|officer| officer.log_in.as_ref());
    key.ok_or(RegistrationError::LogIn("no such officer, or none of a desk"))
}

async fn enter(cx: &Cx, officer: &str, key: &Key, credential: &Json) -> Result<String, RegistrationError> {
    let refused = |_| RegistrationError::LogIn("the gesture does not fit");
    let made = Assertion::from_json(credential).map_err(refused)?;
    let challenge = made.challenge().map_err(refused)?;
    let authenticator = &key.authenticator;
    let row = cx
        .db
        .run::<_, RegistrationError, _, _>("desk.take_challenge", |tx| async move {
            Ok(tx
                .opt(
                    "UPDATE desk_challenge SET used_at = $1
                     WHERE challenge = $2 AND officer = $3 AND used_at IS NULL AND expires_at > $1
                     RETURNING COALESCE((SELECT counter FROM desk_counter WHERE credential_id = $4), $5) AS last",
                    params![
                        cx.now(),
                        challenge,
                        officer,
                        &authenticator.credential_id,
                        authenticator.counter
                    ],
                )
                .await?)
        })
        .await?
        .ok_or(RegistrationError::LogIn("the challenge was used or is over"))?;
    let last: u32 = row.get("last")?;
    let verified = assertion::verify(&made, authenticator, &key.relying_party, &challenge, last).map_err(refused)?;
    let token = cx.random.token();
    let (hash, until) = (hashed(&token), cx.now().plus(LIFETIME));
    cx.db
        .run("desk.session", |tx| async move {
            if !raise_counter(&tx, &authenticator.credential_id, verified.counter).await? {
                return Err(RegistrationError::LogIn("the counter went backwards"));
            }
            tx.exec(
                "INSERT INTO desk_session (token_hash, officer, expires_at) VALUES ($1, $2, $3)",
                params![hash, officer, until],
            )
            .await?;
            let event = Event::new("desk.logged_in", officer, json!({}));
            Ok(audit::record(&tx, cx, &event).await?)
        })
        .await?;
    Ok(token)
}

/// One statement: of two log-ins at the same time the later gesture wins. Zero again is an authenticator that keeps none.
async fn raise_counter(tx: &Tx, credential_id: &[u8], counter: u32) -> Result<bool, RegistrationError> {
    let raised = tx
        .exec(
            "INSERT INTO desk_counter (credential_id, counter) VALUES ($1, $2)
             ON CONFLICT (credential_id) DO UPDATE SET counter = excluded.counter
             WHERE excluded.counter > desk_counter.counter OR (excluded.counter = 0 AND desk_counter.counter = 0)",
            params![credential_id, counter],
        )
        .await?;
    Ok(raised == 1)
}

fn hashed(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The officer of a token, who is still on the list.
pub(super) async fn officer(service: &Service, token: Option<&str>) -> Result<AtDesk, RegistrationError> {
    let hash = hashed(token.ok_or(RegistrationError::NotLoggedIn)?);
    let row = service
        .cx
        .db
        .opt(
            "SELECT officer FROM desk_session WHERE token_hash = $1 AND expires_at > $2",
            params![hash, service.cx.now()],
        )
        .await?
        .ok_or(RegistrationError::NotLoggedIn)?;
    let id: String = row.get("officer")?;
    let officers = service.officers().await?;
    // Who was taken off the list is out at once.
    let officer = officers
        .list()
        .find(&id)
        .cloned()
        .ok_or(RegistrationError::NotLoggedIn)?;
    Ok(AtDesk { officers, officer })
}

/// Ends a session.
pub(super) async fn log_out(service: &Service, token: Option<&str>) -> Result<(), RegistrationError> {
    let hash = hashed(token.ok_or(RegistrationError::NotLoggedIn)?);
    service
        .cx
        .db
        .run("desk.log_out", |tx| async move {
            tx.exec("DELETE FROM desk_session WHERE token_hash = $1", params![hash])
                .await?;
            Ok(())
        })
        .await
}
