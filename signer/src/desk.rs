//! The registration officers' desk: log-in by a gesture over a single-use challenge, a short bearer token.
//!
//! The key that logs in is another one than the key that vouches, and for another relying party: whatever somebody passes off
//! as a log-in challenge, the answer is no voucher (docs/API.md "The officers' desk").

use std::time::Duration;

use serde_json::{Value as Json, json};
use signum_core::audit::{self, Event};
use signum_core::{DbError, Tx, params, retry_on_db_conflict};
use signum_gesture::options::request_options;
use signum_gesture::{Assertion, GestureError, assertion};

use crate::officers::Officer;
use crate::secret::{self, hashed};
use crate::service::Signer;

const PATIENCE: Duration = Duration::from_secs(120);

/// Why an officer is not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeskError {
    #[error("not logged in")]
    NotLoggedIn,
    #[error("officer's log-in: {0}")]
    Gesture(#[from] GestureError),
    #[error("no such officer")]
    UnknownOfficer,
    #[error("the challenge was used or is over")]
    Challenge,
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(DeskError);

/// Request options for an officer's log-in.
pub(crate) async fn options(signer: &Signer, officer: &str) -> Result<Json, DeskError> {
    let cx = &signer.cx;
    let officer = signer.officers.find(officer).ok_or(DeskError::UnknownOfficer)?;
    let challenge: [u8; 32] = cx.random.bytes();
    let until = cx.now().plus(PATIENCE);
    cx.db
        .run::<_, DbError, _, _>("desk.challenge", |tx| async move {
            tx.exec(
                "INSERT INTO officer_challenge (challenge, officer, expires_at) VALUES ($1, $2, $3)",
                params![challenge, &officer.id, until],
            )
            .await
        })
        .await?;
    Ok(request_options(
        &challenge,
        &officer.log_in.rp,
        std::slice::from_ref(&officer.log_in.authenticator.credential_id),
    ))
}

/// Logs an officer in; returns the bearer token.
pub(crate) async fn log_in(signer: &Signer, officer: &str, credential: &Json) -> Result<String, DeskError> {
    let officer = signer.officers.find(officer).ok_or(DeskError::UnknownOfficer)?;
    let entered = enter(signer, officer, credential).await;
    if let Err(error) = &entered
        && !matches!(error, DeskError::Db(_))
    {
        let detail = json!({"why": error.to_string()});
        signer
            .record(&Event::new("officer.login_refused", &officer.id, detail))
            .await?;
    }
    entered
}

async fn enter(signer: &Signer, officer: &Officer, credential: &Json) -> Result<String, DeskError> {
    let cx = &signer.cx;
    let key = &officer.log_in.authenticator;
    let assertion = Assertion::from_json(credential)?;
    let challenge = assertion.challenge()?;
    let row = cx
        .db
        .run::<_, DbError, _, _>("desk.take_challenge", |tx| async move {
            tx.opt(
                "UPDATE officer_challenge SET used_at = $1
                 WHERE challenge = $2 AND officer = $3 AND used_at IS NULL AND expires_at > $1
                 RETURNING COALESCE((SELECT counter FROM officer_log_in_counter WHERE credential_id = $4), $5) AS last",
                params![cx.now(), challenge, &officer.id, &key.credential_id, key.counter],
            )
            .await
        })
        .await?
        .ok_or(DeskError::Challenge)?;
    let last: u32 = row.get("last")?;
    let verified = assertion::verify(&assertion, key, &officer.log_in.rp, &challenge, last)?;
    let (token, hash) = secret::fresh(&*cx.random);
    let until = cx.now().plus(signer.config.officer_ttl());
    let event = &Event::new("officer.logged_in", &officer.id, json!({}));
    cx.db
        .run::<_, DeskError, _, _>("desk.session", |tx| async move {
            if !raise_counter(&tx, &key.credential_id, verified.counter).await? {
                return Err(GestureError::CounterWentBackwards.into());
            }
            tx.exec(
                "INSERT INTO officer_session (token_hash, officer, expires_at) VALUES ($1, $2, $3)",
                params![hash, &officer.id, until],
            )
            .await?;
            Ok(audit::record(&tx, cx, event).await?)
        })
        .await?;
    Ok(token)
}

/// Keeps a counter that is higher than the one kept, in one statement: of two log-ins at the same time the later gesture wins.
/// False when it is not higher; zero again is an authenticator that keeps none.
pub(crate) async fn raise_counter(tx: &Tx, credential_id: &[u8], counter: u32) -> Result<bool, DbError> {
    let raised = tx
        .exec(
            "INSERT INTO officer_log_in_counter (credential_id, counter) VALUES ($1, $2)
             ON CONFLICT (credential_id) DO UPDATE SET counter = excluded.counter
             WHERE excluded.counter > officer_log_in_counter.counter
                OR (excluded.counter = 0 AND officer_log_in_counter.counter = 0)",
            params![credential_id, counter],
        )
        .await?;
    Ok(raised == 1)
}

/// The officer of a bearer token.
pub(crate) async fn officer<'a>(signer: &'a Signer, token: Option<&str>) -> Result<&'a Officer, DeskError> {
    let hash = hashed(token.ok_or(DeskError::NotLoggedIn)?);
    let row = signer
        .cx
        .db
        .opt(
            "SELECT officer FROM officer_session WHERE token_hash = $1 AND expires_at > $2",
            params![hash, signer.cx.now()],
        )
        .await?
        .ok_or(DeskError::NotLoggedIn)?;
    let id: String = row.get("officer")?;
    // An officer who was taken off the list is out at once.
    signer.officers.find(&id).ok_or(DeskError::NotLoggedIn)
}

#[cfg(test)]
mod tests;
