//! The kill switch of one client. It works at once and everywhere, since each request asks the database for its client; and what
//! was issued before does not come back to life when the client does.

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError, Timestamp, Tx, params};

/// Stops or starts a client. `Ok(false)`: it is not there, or is so already.
async fn set(cx: &Cx, client_id: &str, on: bool, by: &str, why: &str) -> Result<bool, DbError> {
    let (kind, from, to) = match on {
        true => ("client.started", "disabled", "active"),
        false => ("client.stopped", "active", "disabled"),
    };
    cx.db
        .run("client.switch", |tx| async move {
            let sql = "UPDATE client SET status = $1 WHERE client_id = $2 AND status = $3";
            if tx.exec(sql, params![to, client_id, from]).await? == 0 {
                return Ok(false);
            }
            if !on {
                revoke_everything(&tx, client_id, cx.now()).await?;
            }
            let event = Event::new(kind, client_id, json!({"by": by, "reason": why}));
            audit::record(&tx, cx, &event).await?;
            Ok(true)
        })
        .await
}

/// Nothing is done for the client from now on, and its tokens, codes and consents under way are worth nothing.
pub async fn stop(cx: &Cx, client_id: &str, by: &str, why: &str) -> Result<bool, DbError> {
    set(cx, client_id, false, by, why).await
}

/// The client may begin anew; what was issued before it was stopped stays worthless.
pub async fn start(cx: &Cx, client_id: &str, by: &str, why: &str) -> Result<bool, DbError> {
    set(cx, client_id, true, by, why).await
}

/// Grants with their codes and refresh tokens, the client's own access tokens, requests under way, and its part in sessions.
pub(super) async fn revoke_everything(tx: &Tx, client_id: &str, now: Timestamp) -> Result<(), DbError> {
    for sql in [
        "UPDATE authorization_grant SET revoked_at = $1 WHERE client_id = $2 AND revoked_at IS NULL",
        "UPDATE access_token SET revoked_at = $1 WHERE client_id = $2 AND revoked_at IS NULL",
        "UPDATE interaction SET completed_at = $1 WHERE client_id = $2 AND completed_at IS NULL",
        "UPDATE device_authorization SET denied_at = $1 WHERE client_id = $2 AND denied_at IS NULL AND redeemed_at IS NULL",
    ] {
        tx.exec(sql, params![now, client_id]).await?;
    }
    for sql in [
        "DELETE FROM session_client WHERE client_id = $1",
        "DELETE FROM pushed_request WHERE client_id = $1",
    ] {
        tx.exec(sql, params![client_id]).await?;
    }
    Ok(())
}
