//! What the database knows of a serial number: its history, and the answer signed in advance, read by one statement.

use signum_core::{DbError, Timestamp, params};

use super::question::Form;
use crate::Service;
use crate::authority::AuthorityName;
use crate::status::{Status, doubtful_since};

/// An answer signed in advance.
pub(super) struct Stored {
    pub responder: Vec<u8>,
    pub this_update: Timestamp,
    pub next_update: Timestamp,
    /// What [`Kept`](super::cache::Kept) has.
    pub content: Vec<u8>,
}

/// The status of one serial number as the newest committed transaction left it, whatever this machine's clock says: a
/// replica that lags behind tells a revocation no later than the others.
pub(super) struct Standing {
    pub status: Status,
    /// The last sequence of its history, 0 without one.
    pub sequence: i64,
    /// Since when it was doubtful, once it is revoked.
    pub doubtful_since: Option<Timestamp>,
    /// `None` for what was never issued.
    pub not_after: Option<Timestamp>,
    /// Only when it tells of exactly this history.
    pub stored: Option<Stored>,
}

impl Standing {
    const UNISSUED: Self = Self {
        status: Status::Unissued,
        sequence: 0,
        doubtful_since: None,
        not_after: None,
        stored: None,
    };

    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.not_after.is_some_and(|end| end < now)
    }
}

const WITH_SHA1: &str =
    "SELECT c.certificate IS NOT NULL AS issued, c.not_after, s.sequence, s.state, s.reason, s.at, s.invalid_since,
        a.sequence AS told, a.responder, a.this_update, a.next_update, a.sha1 AS content
     FROM certificate c
     LEFT JOIN certificate_status s ON s.issuer = c.issuer AND s.serial = c.serial
     LEFT JOIN ocsp_answer a ON a.issuer = c.issuer AND a.serial = c.serial
     WHERE c.issuer = $1 AND c.serial = $2 ORDER BY s.sequence";

const WITH_SHA256: &str =
    "SELECT c.certificate IS NOT NULL AS issued, c.not_after, s.sequence, s.state, s.reason, s.at, s.invalid_since,
        a.sequence AS told, a.responder, a.this_update, a.next_update, a.sha256 AS content
     FROM certificate c
     LEFT JOIN certificate_status s ON s.issuer = c.issuer AND s.serial = c.serial
     LEFT JOIN ocsp_answer a ON a.issuer = c.issuer AND a.serial = c.serial
     WHERE c.issuer = $1 AND c.serial = $2 ORDER BY s.sequence";

impl Service {
    pub(super) async fn standing(&self, issuer: AuthorityName, serial: &[u8], form: Form) -> Result<Standing, DbError> {
        let sql = match form {
            Form::Sha1 => WITH_SHA1,
            Form::Sha256 => WITH_SHA256,
        };
        let rows = self.cx.db.all(sql, params![issuer.as_str(), serial]).await?;
        let Some(last) = rows.last() else {
            // A history outlives its certificate's row.
            let status = self.status_at(issuer, serial, Timestamp(i64::MAX)).await?;
            return Ok(Standing {
                status,
                ..Standing::UNISSUED
            });
        };
        let sequence: Option<i64> = last.get("sequence")?;
        let issued: bool = last.get("issued")?;
        // An intent that was given up counts as revoked since then; one that is under way does not exist yet.
        if !issued && sequence.is_none() {
            return Ok(Standing::UNISSUED);
        }
        let status = match sequence {
            None => Status::Good,
            Some(_) => Status::after(&rows)?,
        };
        if !issued && status == Status::Good {
            return Ok(Standing::UNISSUED);
        }
        let sequence = sequence.unwrap_or_default();
        let told: Option<i64> = last.get("told")?;
        let stored = match told {
            Some(told) if told == sequence => Some(Stored {
                responder: last.get("responder")?,
                this_update: last.get("this_update")?,
                next_update: last.get("next_update")?,
                content: last.get("content")?,
            }),
            _ => None,
        };
        Ok(Standing {
            doubtful_since: match status.is_final() {
                true => doubtful_since(&rows)?,
                false => None,
            },
            status,
            sequence,
            not_after: issued.then(|| last.get("not_after")).transpose()?,
            stored,
        })
    }
}
