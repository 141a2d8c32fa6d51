//! The device asks whether its person has answered (RFC 8628 sections 3.4 and 3.5).

use std::time::Duration;

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, Tx, params};

use super::{Device, store};
use crate::abuse::attempts;
use crate::binding::SenderConstraint;
use crate::code::{self, Grant, Redeemed};
use crate::entitlement::Entitlement;
use crate::level::Level;
use crate::scope::Scopes;
use crate::secret::Hashed;
use crate::session::{Amr, Authentication};

/// What a device must add to its interval when it asks too often (section 3.5).
const SLOWER: i64 = 5;

/// What a device is told.
#[derive(Debug)]
pub(crate) enum Polled {
    Granted(Box<Redeemed>),
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
        let polled = granted(tx, cx, &row, shown).await?;
        let kind = match polled {
            Polled::Granted(_) => "device.redeemed",
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

async fn granted(tx: &Tx, cx: &Cx, device: &Row, shown: Option<&SenderConstraint>) -> Result<Polled, DbError> {
    if let Some(named) = SenderConstraint::of_row(device)?
        && !SenderConstraint::fits(Some(&named), shown)
    {
        return Ok(Polled::Worthless("other key"));
    }
    let grant: Id<Grant> = device.get("grant_id")?;
    let row = tx
        .opt(
            "SELECT g.person AS person, g.scope AS scope, g.session AS session, c.sid AS sid, c.auth_time AS auth_time,
                c.acr AS acr, c.amr AS amr, g.claims AS claims, g.id_token_claims AS id_token_claims,
                g.authorization_details AS authorization_details, g.resource AS resource
             FROM authorization_grant g JOIN auth_code c ON c.grant_id = g.id JOIN session s ON s.id = g.session
             WHERE g.id = $1 AND g.revoked_at IS NULL AND s.ended_at IS NULL",
            params![grant],
        )
        .await?;
    let Some(row) = row else {
        return Ok(Polled::Worthless("session over"));
    };
    if attempts::bars(tx, cx, row.get("session")?).await? {
        return Ok(Polled::Worthless("locked out"));
    }
    let impossible = |column: &str| DbError::Column {
        column: column.to_owned(),
        problem: "has an impossible value".to_owned(),
    };
    Ok(Polled::Granted(Box::new(Redeemed {
        grant,
        person: row.get("person")?,
        scope: Scopes::parse(&row.get::<String>("scope")?).ok_or_else(|| impossible("scope"))?,
        entitlement: Entitlement::of_row(&row)?,
        nonce: None,
        sid: row.get("sid")?,
        authentication: Authentication {
            time: row.get("auth_time")?,
            acr: Level::parse(&row.get::<String>("acr")?).ok_or_else(|| impossible("acr"))?,
            amr: Amr::read(&row.get::<String>("amr")?),
        },
    })))
}
