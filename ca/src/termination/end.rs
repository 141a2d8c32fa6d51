//! Decisions that an authority ends, as stored: one row each, with the two officers who agreed.

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, DbError, Tx, params};
use x509_cert::ext::pkix::CrlReason;

use super::TerminationError;
use crate::approval::Approved;
use crate::authority::AuthorityName;
use crate::status::subject_id;

/// How an authority ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Everything it certified is revoked now.
    Revoke,
    /// What it certified lives to its end.
    Expire,
    /// The offline root's list names it.
    Ceremony,
}

impl Manner {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Expire => "expire",
            Self::Ceremony => "ceremony",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Revoke, Self::Expire, Self::Ceremony]
            .into_iter()
            .find(|manner| manner.as_str() == text)
    }
}

/// A decision that waits for its end.
pub(super) struct Decided {
    pub authority: AuthorityName,
    pub issuer: String,
    pub serial: Vec<u8>,
    pub manner: Manner,
    pub requester: String,
}

impl Decided {
    pub fn read(row: &Row) -> Result<Self, TerminationError> {
        let impossible = |column: &str| DbError::Column {
            column: column.to_owned(),
            problem: "has an impossible value".to_owned(),
        };
        let (authority, manner): (String, String) = (row.get("authority")?, row.get("manner")?);
        Ok(Self {
            authority: AuthorityName::parse(&authority).ok_or_else(|| impossible("authority"))?,
            issuer: row.get("issuer")?,
            serial: row.get("serial")?,
            manner: Manner::parse(&manner).ok_or_else(|| impossible("manner"))?,
            requester: row.get("requester")?,
        })
    }
}

/// Stores a decision with its audit event; false when it was made before.
pub(crate) async fn decide(
    tx: &Tx,
    cx: &Cx,
    (issuer, serial): (&str, &[u8]),
    authority: &str,
    (manner, reason): (Manner, CrlReason),
    approved: &Approved,
) -> Result<bool, DbError> {
    let new = tx
        .exec(
            "INSERT INTO authority_end (issuer, serial, manner, authority, reason, request, requester, approver, decided_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (issuer, serial, manner) DO NOTHING",
            params![
                issuer,
                serial,
                manner.as_str(),
                authority,
                reason as i64,
                approved.request(),
                approved.requester(),
                approved.approver(),
                cx.now()
            ],
        )
        .await?;
    if new == 0 {
        return Ok(false);
    }
    let detail = json!({ "authority": authority, "manner": manner.as_str(), "reason": reason as i64,
        "request": hex::encode(approved.request()) });
    audit::record(
        tx,
        cx,
        &Event::new("authority.end_decided", subject_id(issuer, serial), detail),
    )
    .await?;
    Ok(true)
}

/// Ends it; false when it has ended already.
pub(super) async fn finish(tx: &Tx, cx: &Cx, decided: &Decided, lists: u32) -> Result<bool, DbError> {
    let now = tx
        .exec(
            "UPDATE authority_end SET ended_at = $4 WHERE issuer = $1 AND serial = $2 AND manner = $3 AND ended_at IS NULL",
            params![&decided.issuer, &decided.serial, decided.manner.as_str(), cx.now()],
        )
        .await?;
    if now == 0 {
        return Ok(false);
    }
    let detail =
        json!({ "authority": decided.authority.as_str(), "manner": decided.manner.as_str(), "last_lists": lists });
    let subject = subject_id(&decided.issuer, &decided.serial);
    audit::record(tx, cx, &Event::new("authority.ended", subject, detail)).await?;
    Ok(true)
}
