//! The device asks whether its person has answered (RFC 8628 sections 3.4 and 3.5).

use std::time::Duration;

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, Timestamp, Tx, params};

use super::{Device, store};
use crate::binding::SenderConstraint;
use crate::code::{self, Redeemed};
use crate::secret::Hashed;

/// What a device must add to its interval when it asks too often (section 3.5).
const SLOWER: i64 = 5;

/// What a device is told.
#[derive(Debug)]
pub(crate) enum Polled {
    Granted,
    Pending,
    SlowDown,
    Denied,
    Expired,
    /// Unknown, another client's, used before, bound to another key, or its session has ended.
    Worthless(&'static str),
}

/// Spends a device code whose person has agreed; otherwise tells how it stands. A code that is shown again takes back everything.
pub(crate) async fn poll(
    tx: &Tx,
    cx: &Cx,
    hash: Hashed,
    client_id: &str,
    shown: Option<&SenderConstraint>,
) -> Result<Polled, DbError> {
    if let Some(row) = store::redeem(tx, cx, hash, client_id).await? {
        let id: Id<Device> = row.get("id")?;
        let whole = tx.opt(WHOLE, params![hash, client_id, cx.now()]).await?;
        let worth = whole.map_or(Ok(Err("session over")), |row| granted(&row, shown))?;
        let polled = match worth {
            Ok(_) => Polled::Granted,
            Err(reason) => Polled::Worthless(reason),
        };
        let kind = match polled {
            Polled::Granted => "device.redeemed",
            _ => "device.refused",
        };
        audit::record(tx, cx, &Event::new(kind, id, json!({"client": client_id}))).await?;
        return Ok(polled);
    }
    let Some(standing) = store::standing(tx, hash, client_id).await? else {
        return Ok(Polled::Worthless("unknown"));
    };
    if let (true, Some(grant)) = (standing.redeemed, standing.grant) {
        code::revoke(tx, cx, grant).await?;
        let detail = json!({"client": client_id});
        audit::record(tx, cx, &Event::new("device.reuse_refused", grant, detail)).await?;
        return Ok(Polled::Worthless("reused"));
    }
    if standing.denied {
        return Ok(Polled::Denied);
    }
    if standing.expires_at <= cx.now() {
        return Ok(Polled::Expired);
    }
    let wait = Duration::from_secs(u64::try_from(standing.poll_seconds).unwrap_or_default());
    let too_soon = standing.polled_at.is_some_and(|at| cx.now().since(at) < wait);
    let seconds = standing.poll_seconds + if too_soon { SLOWER } else { 0 };
    store::polled(tx, cx, hash, seconds).await?;
    Ok(if too_soon { Polled::SlowDown } else { Polled::Pending })
}

/// The grant that a person gave to a device, with its log-in and whether they are locked out where that began.
const WHOLE: &str = "SELECT d.cnf AS cnf, d.grant_id AS grant_id, g.person AS person, g.scope AS scope, c.sid AS sid,
        c.auth_time AS auth_time, c.acr AS acr, c.amr AS amr, g.claims AS claims, g.id_token_claims AS id_token_claims,
        g.authorization_details AS authorization_details, g.resource AS resource, g.revoked_at AS revoked_at,
        s.ended_at AS ended_at, a.locked_until AS locked_until, d.redeemed_at AS redeemed_at,
        d.expires_at AS expires_at
     FROM device_authorization d JOIN authorization_grant g ON g.id = d.grant_id JOIN auth_code c ON c.grant_id = g.id
        JOIN session s ON s.id = g.session LEFT JOIN login_attempt a ON a.who = s.login_key AND a.locked_until > $3
     WHERE d.device_hash = $1 AND d.client_id = $2";

/// What a device code is worth that its person has agreed to; it is not spent by that. `None`: [`poll`] tells how it stands.
pub(crate) async fn look(
    cx: &Cx,
    hash: Hashed,
    client_id: &str,
    shown: Option<&SenderConstraint>,
) -> Result<Option<Redeemed>, DbError> {
    let row = cx.db.opt(WHOLE, params![hash, client_id, cx.now()]).await?;
    let Some(row) = row else { return Ok(None) };
    let unused = row.get::<Option<Timestamp>>("redeemed_at")?.is_none();
    match unused && row.get::<Timestamp>("expires_at")? > cx.now() {
        true => Ok(granted(&row, shown)?.ok()),
        false => Ok(None),
    }
}

fn granted(row: &Row, shown: Option<&SenderConstraint>) -> Result<Result<Redeemed, &'static str>, DbError> {
    if let Some(named) = SenderConstraint::of_row(row)?
        && !SenderConstraint::fits(Some(&named), shown)
    {
        return Ok(Err("other key"));
    }
    let set = |column| Ok::<_, DbError>(row.get::<Option<Timestamp>>(column)?.is_some());
    if set("revoked_at")? || set("ended_at")? {
        return Ok(Err("session over"));
    }
    if set("locked_until")? {
        return Ok(Err("locked out"));
    }
    Redeemed::of_row(row, None).map(Ok)
}
