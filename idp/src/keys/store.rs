//! Rows of signing keys.

use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, DbError, Timestamp, Tx, params};

use super::{KeyError, KeyStatus};
use crate::jose::Algorithm;
use crate::jws::Jwk;

/// A key as it is recorded.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub jwk: Jwk,
    /// Label in the token.
    pub object: String,
    pub status: KeyStatus,
    pub created_at: Timestamp,
    pub activated_at: Option<Timestamp>,
    pub retired_at: Option<Timestamp>,
}

/// Every key there ever was, oldest first.
pub(super) async fn all(cx: &Cx) -> Result<Vec<Recorded>, KeyError> {
    let rows = cx
        .db
        .all(
            "SELECT kid, object, spki, status, algorithm, created_at, activated_at, retired_at FROM signing_key
             ORDER BY created_at, kid",
            vec![],
        )
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Recorded, KeyError> {
    let jwk = Jwk::from_spki(&row.get::<Vec<u8>>("spki")?)?;
    if jwk.kid != row.get::<String>("kid")? {
        return Err(KeyError::Rows("a kid is not its key's thumbprint"));
    }
    if jwk.algorithm.name() != row.get::<String>("algorithm")? {
        return Err(KeyError::Rows("a key is not of its algorithm"));
    }
    Ok(Recorded {
        jwk,
        object: row.get("object")?,
        status: KeyStatus::parse(&row.get::<String>("status")?).ok_or(KeyError::Rows("unknown status"))?,
        created_at: row.get("created_at")?,
        activated_at: row.get("activated_at")?,
        retired_at: row.get("retired_at")?,
    })
}

/// Records a new key; one that another replica recorded meanwhile stays as it is.
pub(super) async fn add(
    tx: &Tx,
    cx: &Cx,
    jwk: &Jwk,
    object: &str,
    spki: &[u8],
    status: KeyStatus,
) -> Result<(), DbError> {
    let activated = (status == KeyStatus::Active).then(|| cx.now());
    let added = tx
        .exec(
            "INSERT INTO signing_key (kid, object, spki, status, algorithm, created_at, activated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            params![
                &jwk.kid,
                object,
                spki,
                status.name(),
                jwk.algorithm.name(),
                cx.now(),
                activated
            ],
        )
        .await?;
    if added == 1 && activated.is_some() {
        forget_wish(tx, jwk.algorithm.name()).await?;
    }
    if added == 1 {
        let detail = serde_json::json!({"algorithm": jwk.algorithm.name(), "status": status.name()});
        audit::record(tx, cx, &Event::new("signing_key.made", &jwk.kid, detail)).await?;
    }
    Ok(())
}

/// The pending key signs from now on, and the active one no more; what was wished for has come.
pub(super) async fn activate(tx: &Tx, cx: &Cx, pending: &Jwk) -> Result<(), DbError> {
    let algorithm = pending.algorithm.name();
    tx.exec(
        "UPDATE signing_key SET status = 'retired', retired_at = $1 WHERE algorithm = $2 AND status = 'active'",
        params![cx.now(), algorithm],
    )
    .await?;
    let activated = tx
        .exec(
            "UPDATE signing_key SET status = 'active', activated_at = $1 WHERE kid = $2 AND status = 'pending'",
            params![cx.now(), &pending.kid],
        )
        .await?;
    if activated != 1 {
        // Another replica was first; without this the algorithm would be left without a key.
        return Err(DbError::NotFound);
    }
    forget_wish(tx, algorithm).await?;
    let detail = serde_json::json!({ "algorithm": algorithm });
    audit::record(tx, cx, &Event::new("signing_key.activated", &pending.kid, detail)).await
}

async fn forget_wish(tx: &Tx, algorithm: &str) -> Result<(), DbError> {
    tx.exec("DELETE FROM signing_key_wish WHERE algorithm = $1", params![algorithm])
        .await
        .map(drop)
}

/// What the withdrawal of a key means for the signing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withdrawn {
    /// It did not sign, or did so no more.
    NotSigning,
    /// The pending key of this kid signs in its place.
    Replaced(String),
    /// Nothing is signed with its algorithm until the service has made another key.
    NothingSigns,
}

/// A key is published no more from now on, whatever it was; `None` when it is not known or was withdrawn before.
pub(super) async fn withdraw_at_once(tx: &Tx, cx: &Cx, kid: &str) -> Result<Option<Withdrawn>, DbError> {
    let sql = "SELECT status, algorithm FROM signing_key WHERE kid = $1 AND status <> 'withdrawn'";
    let Some(row) = tx.opt(sql, params![kid]).await? else {
        return Ok(None);
    };
    let (status, algorithm): (String, String) = (row.get("status")?, row.get("algorithm")?);
    let changed = tx
        .exec(
            "UPDATE signing_key SET status = 'withdrawn', retired_at = $1 WHERE kid = $2 AND status = $3",
            params![cx.now(), kid, &status],
        )
        .await?;
    if changed != 1 {
        return Ok(None);
    }
    let event = Event::new(
        "signing_key.withdrawn",
        kid,
        serde_json::json!({"at_once": true, "was": status}),
    );
    audit::record(tx, cx, &event).await?;
    if status != KeyStatus::Active.name() {
        return Ok(Some(Withdrawn::NotSigning));
    }
    let next = tx
        .opt(
            "UPDATE signing_key SET status = 'active', activated_at = $1 WHERE algorithm = $2 AND status = 'pending' RETURNING kid",
            params![cx.now(), &algorithm],
        )
        .await?;
    if let Some(next) = next {
        let next: String = next.get("kid")?;
        let detail = serde_json::json!({ "algorithm": algorithm });
        audit::record(tx, cx, &Event::new("signing_key.activated", &next, detail)).await?;
        forget_wish(tx, &algorithm).await?;
        return Ok(Some(Withdrawn::Replaced(next)));
    }
    wish(tx, cx, &algorithm, true).await?;
    Ok(Some(Withdrawn::NothingSigns))
}

/// The service makes another key when its job runs next.
pub(super) async fn wish(tx: &Tx, cx: &Cx, algorithm: &str, urgent: bool) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO signing_key_wish (algorithm, urgent, wished_at) VALUES ($1, $2, $3)
         ON CONFLICT (algorithm) DO UPDATE SET urgent = excluded.urgent, wished_at = excluded.wished_at",
        params![algorithm, urgent, cx.now()],
    )
    .await?;
    let detail = serde_json::json!({"algorithm": algorithm, "urgent": urgent});
    audit::record(tx, cx, &Event::new("signing_key.wished", "signing keys", detail)).await
}

/// A retired key is published no more.
pub(super) async fn withdraw(tx: &Tx, cx: &Cx, retired: &Jwk) -> Result<(), DbError> {
    let changed = tx
        .exec(
            "UPDATE signing_key SET status = 'withdrawn' WHERE kid = $1 AND status = 'retired'",
            params![&retired.kid],
        )
        .await?;
    if changed == 1 {
        let event = Event::new("signing_key.withdrawn", &retired.kid, serde_json::json!({}));
        audit::record(tx, cx, &event).await?;
    }
    Ok(())
}

/// Whether an operator wished for another key; `Some(true)`: at once.
pub(super) async fn wished(cx: &Cx, algorithm: Algorithm) -> Result<Option<bool>, DbError> {
    let row = cx
        .db
        .opt(
            "SELECT urgent FROM signing_key_wish WHERE algorithm = $1",
            params![algorithm.name()],
        )
        .await?;
    row.map(|row| row.get("urgent")).transpose()
}

/// The algorithms for which clients may register, and which the metadata tell: the default one, which has a key from the first
/// start on, and each other whose key signs now.
pub(crate) async fn offered(cx: &Cx) -> Result<Vec<Algorithm>, DbError> {
    let sql = "SELECT DISTINCT algorithm FROM signing_key WHERE status = 'active' AND algorithm <> 'ES256'";
    let mut offered = vec![Algorithm::Es256];
    for row in &cx.db.all(sql, params![]).await? {
        offered.extend(Algorithm::parse(&row.get::<String>("algorithm")?));
    }
    Ok(offered)
}
