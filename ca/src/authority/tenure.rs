//! Whether an authority may certify: neither it nor its root is revoked, and its end is not decided (RFC 5280 section 6.3,
//! EN 319 411-1 section 6.4.9). Asked in the transaction of every intent: who is revoked a moment later certifies nobody.

use signum_core::db::{Row, Value};
use signum_core::{DbError, Timestamp, Tx, params};
use x509_cert::ext::pkix::CrlReason;

use super::Issuer;
use crate::Service;
use crate::crl::NO_END;
use crate::issue::IssueError;
use crate::profile::{Profile, ocsp_responder};

/// How an authority stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tenure {
    /// It or its root: since when, and what that means for each of its certificates.
    pub revoked: Option<(Timestamp, CrlReason)>,
    /// Two officers decided its end.
    pub is_ending: bool,
    /// Its last list is published.
    pub has_ended: bool,
}

/// $1 its issuer, $2 its certificate's serial number, $3 its name, $4 the end that last lists have.
const SQL: &str = "SELECT
    (SELECT COUNT(*) FROM authority_end e WHERE e.issuer = $1 AND e.serial = $2) AS ending,
    (SELECT COUNT(*) FROM crl l WHERE l.issuer = $3 AND l.next_update >= $4) AS ended,
    (SELECT MIN(s.at) FROM certificate_status s WHERE s.issuer = $1 AND s.state = 'revoked' AND s.serial IN ($2,
        (SELECT c.serial FROM certificate c WHERE c.holder = $1 AND c.certificate IS NOT NULL
         ORDER BY c.not_before DESC, c.issued_at DESC LIMIT 1))) AS revoked_at,
    (SELECT COUNT(*) FROM certificate_status s WHERE s.issuer = $1 AND s.state = 'revoked' AND s.reason IN (1, 2)
        AND s.serial IN ($2, (SELECT c.serial FROM certificate c WHERE c.holder = $1 AND c.certificate IS NOT NULL
         ORDER BY c.not_before DESC, c.issued_at DESC LIMIT 1))) AS compromised";

fn parameters(issuer: &Issuer, serial: &[u8]) -> Vec<Value> {
    params![issuer.name.root().as_str(), serial, issuer.name.as_str(), NO_END]
}

impl Tenure {
    fn read(row: &Row) -> Result<Self, DbError> {
        let some = |column: &str| Ok::<_, DbError>(row.get::<i64>(column)? > 0);
        let reason = match some("compromised")? {
            true => CrlReason::CaCompromise,
            false => CrlReason::CessationOfOperation,
        };
        let revoked_at: Option<Timestamp> = row.get("revoked_at")?;
        Ok(Self {
            revoked: revoked_at.map(|at| (at, reason)),
            is_ending: some("ending")?,
            has_ended: some("ended")?,
        })
    }

    /// Whether it certifies its own responders: as long as somebody asks about its certificates.
    pub fn may_answer(self) -> bool {
        self.revoked.is_none() && !self.has_ended
    }

    /// Whether it certifies anybody else.
    pub fn is_in_force(self) -> bool {
        self.may_answer() && !self.is_ending
    }

    fn refuse(self, issuer: &Issuer, profile: &Profile) -> Result<(), IssueError> {
        let may = match profile.id == ocsp_responder::PROFILE.id {
            true => self.may_answer(),
            false => self.is_in_force(),
        };
        if may {
            return Ok(());
        }
        let (code, what) = if self.revoked.is_some() {
            ("authority_revoked", "it, or its root, is revoked")
        } else if self.has_ended {
            ("authority_ended", "its last list is published")
        } else {
            ("authority_ending", "two officers decided its end")
        };
        let message = format!("{} certifies nobody any more: {what}", issuer.name);
        Err(IssueError::refused(code, message))
    }
}

/// Refuses what an authority that is not in force would certify. A root that makes its own certificate has no past.
pub(crate) async fn require(tx: &Tx, issuer: &Issuer, profile: &Profile) -> Result<(), IssueError> {
    read(tx, issuer).await?.refuse(issuer, profile)
}

/// As the transaction sees it.
pub(crate) async fn read(tx: &Tx, issuer: &Issuer) -> Result<Tenure, DbError> {
    match &issuer.serial {
        None => Ok(Tenure::default()),
        Some(serial) => Tenure::read(&tx.one(SQL, parameters(issuer, serial)).await?),
    }
}

impl Service {
    /// As the database says now.
    pub(crate) async fn tenure(&self, issuer: &Issuer) -> Result<Tenure, DbError> {
        let Some(serial) = &issuer.serial else {
            return Ok(Tenure::default());
        };
        let row = self.cx.db.opt(SQL, parameters(issuer, serial)).await?;
        Tenure::read(&row.ok_or(DbError::NotFound)?)
    }
}
