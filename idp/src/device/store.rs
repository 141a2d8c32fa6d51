//! Rows of devices' wishes. Each step is one statement that says from where it goes on.

use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, Timestamp, Tx, params};

use super::{Device, INTERVAL, LIFE, Waiting};
use crate::binding::SenderConstraint;
use crate::code::Grant;
use crate::scope::Scopes;
use crate::secret::Hashed;

/// A wish to be stored.
pub(super) struct Wish<'a> {
    pub id: Id<Device>,
    /// Of the device code.
    pub hash: Hashed,
    pub client_id: &'a str,
    pub scope: &'a Scopes,
    pub resources: &'a [String],
    pub cnf: Option<&'a SenderConstraint>,
}

impl Wish<'_> {
    /// `false` when the user code is another device's.
    pub(super) async fn store(&self, tx: &Tx, cx: &Cx, user_code: Hashed) -> Result<bool, DbError> {
        let rows = tx
            .exec(
                "INSERT INTO device_authorization (id, device_hash, user_hash, client_id, scope, cnf, created_at, expires_at,
                    poll_seconds, resource) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
                params![
                    self.id,
                    self.hash,
                    user_code,
                    self.client_id,
                    self.scope.to_string(),
                    self.cnf.map(SenderConstraint::stored),
                    cx.now(),
                    cx.now().plus(LIFE),
                    INTERVAL,
                    self.resources.join(" ")
                ],
            )
            .await?;
        Ok(rows == 1)
    }
}

/// The browser in which the user code was typed has this wish, and no other; `false` when there is no such wish.
pub(super) async fn claim(tx: &Tx, cx: &Cx, user_code: Hashed, browser: Hashed) -> Result<bool, DbError> {
    let claimed = tx
        .exec(
            "UPDATE device_authorization SET browser_hash = $1
             WHERE user_hash = $2 AND expires_at > $3 AND grant_id IS NULL AND denied_at IS NULL AND redeemed_at IS NULL",
            params![browser, user_code, cx.now()],
        )
        .await?;
    if claimed == 1 {
        tx.exec(
            "UPDATE device_authorization SET browser_hash = NULL
             WHERE browser_hash = $1 AND user_hash <> $2 AND grant_id IS NULL",
            params![browser, user_code],
        )
        .await?;
    }
    Ok(claimed == 1)
}

/// The wish that waits in this browser.
pub(super) async fn waiting(cx: &Cx, browser: Hashed) -> Result<Option<Waiting>, DbError> {
    let row = cx
        .db
        .opt(
            "SELECT id, client_id, scope, resource FROM device_authorization
             WHERE browser_hash = $1 AND expires_at > $2 AND grant_id IS NULL AND denied_at IS NULL AND redeemed_at IS NULL",
            params![browser, cx.now()],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Waiting, DbError> {
    let scope: String = row.get("scope")?;
    let resource: String = row.get("resource")?;
    Ok(Waiting {
        id: row.get("id")?,
        client_id: row.get("client_id")?,
        resources: resource.split_ascii_whitespace().map(str::to_owned).collect(),
        scope: Scopes::parse(&scope).ok_or_else(|| DbError::Column {
            column: "scope".to_owned(),
            problem: "has an impossible value".to_owned(),
        })?,
    })
}

/// The person has agreed; `false` when the wish expired or was answered before.
pub(super) async fn grant(
    tx: &Tx,
    cx: &Cx,
    id: Id<Device>,
    browser: Hashed,
    grant: Id<Grant>,
) -> Result<bool, DbError> {
    let rows = tx
        .exec(
            "UPDATE device_authorization SET grant_id = $1
             WHERE id = $2 AND browser_hash = $3 AND expires_at > $4 AND grant_id IS NULL AND denied_at IS NULL",
            params![grant, id, browser, cx.now()],
        )
        .await?;
    Ok(rows == 1)
}

/// The person has not agreed; `false` when the wish was answered before.
pub(super) async fn deny(tx: &Tx, cx: &Cx, id: Id<Device>, browser: Hashed) -> Result<bool, DbError> {
    let rows = tx
        .exec(
            "UPDATE device_authorization SET denied_at = $1
             WHERE id = $2 AND browser_hash = $3 AND grant_id IS NULL AND denied_at IS NULL",
            params![cx.now(), id, browser],
        )
        .await?;
    Ok(rows == 1)
}

/// Takes what the person has granted to this client's device; `None` when there is nothing to take.
pub(super) async fn redeem(tx: &Tx, cx: &Cx, hash: Hashed, client_id: &str) -> Result<Option<Row>, DbError> {
    tx.opt(
        "UPDATE device_authorization SET redeemed_at = $1
         WHERE device_hash = $2 AND client_id = $3 AND grant_id IS NOT NULL AND redeemed_at IS NULL AND expires_at > $1
         RETURNING id",
        params![cx.now(), hash, client_id],
    )
    .await
}

/// Why there is nothing to take.
pub(super) struct Standing {
    pub grant: Option<Id<Grant>>,
    pub redeemed: bool,
    pub denied: bool,
    pub expires_at: Timestamp,
    pub polled_at: Option<Timestamp>,
    pub poll_seconds: i64,
}

pub(super) async fn standing(tx: &Tx, hash: Hashed, client_id: &str) -> Result<Option<Standing>, DbError> {
    let row = tx
        .opt(
            "SELECT grant_id, redeemed_at, denied_at, expires_at, polled_at, poll_seconds FROM device_authorization
             WHERE device_hash = $1 AND client_id = $2",
            params![hash, client_id],
        )
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let set = |column| Ok::<_, DbError>(row.get::<Option<Timestamp>>(column)?.is_some());
    Ok(Some(Standing {
        grant: row.get("grant_id")?,
        redeemed: set("redeemed_at")?,
        denied: set("denied_at")?,
        expires_at: row.get("expires_at")?,
        polled_at: row.get("polled_at")?,
        poll_seconds: row.get("poll_seconds")?,
    }))
}

/// Notes that the device has asked, and how long it waits from now on.
pub(super) async fn polled(tx: &Tx, cx: &Cx, hash: Hashed, poll_seconds: i64) -> Result<(), DbError> {
    tx.exec(
        "UPDATE device_authorization SET polled_at = $1, poll_seconds = $2 WHERE device_hash = $3",
        params![cx.now(), poll_seconds, hash],
    )
    .await
    .map(drop)
}
