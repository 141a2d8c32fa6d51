//! The nightly second look (L-05): every certificate of the last day is read again, by the rules of today, from the database.
//!
//! Beside the linter's rules each certificate must carry its issuer's signature over the octets that were linted, and must
//! have exactly one audit event; each audit event must have its certificate; and what was read must be all there is. A finding
//! is an alarm: an error in the log, a metric and an audit event.

mod issuers;
mod report;
mod row;

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value as Json;
use signum_core::{Timestamp, params};

use crate::Service;
use crate::issue::IssueError;
use issuers::Issuers;
pub use report::{Relint, RelintFinding};
use row::StoredCertificate;

/// Transactions of this age are committed: younger certificates are for the next look.
const COMMITTED: Duration = Duration::from_secs(30);
/// Certificates read at a time.
const PAGE: i64 = 500;

/// SHA-256 (hex) that the audit event of a certificate names; `None` where the detail was erased.
type Recorded = HashMap<String, (Timestamp, Option<String>)>;

impl Service {
    /// Reads every certificate stored from `since` on until half a minute ago, and reports what is wrong with any.
    pub async fn relint(&self, since: Timestamp) -> Result<Relint, IssueError> {
        let until = self.cx.now().minus(COMMITTED);
        let mut recorded = self.recorded(since).await?;
        let mut issuers = Issuers::default();
        let mut report = Relint::new(since, until);
        let mut last = (Timestamp(i64::MIN), String::new(), Vec::new());
        loop {
            let page = self.page(&report, &last).await?;
            let Some(end) = page.last() else { break };
            last = end.place();
            for stored in page {
                let broken = self.broken_rules(&stored, &mut issuers, &mut recorded).await?;
                report.read(&stored.subject(), broken);
            }
        }
        for (subject, (at, _)) in recorded {
            if at < until {
                report.add(subject, "audit_event_without_certificate");
            }
        }
        report.stored = self.count(since, until).await?;
        report.publish(&self.cx).await?;
        Ok(report)
    }

    async fn broken_rules(
        &self,
        stored: &StoredCertificate,
        issuers: &mut Issuers,
        recorded: &mut Recorded,
    ) -> Result<Vec<&'static str>, IssueError> {
        let known = issuers.of(self, &stored.issuer).await?;
        let mut broken = stored.broken_rules(&self.config, known);
        match recorded.remove(&stored.subject()) {
            None => broken.push("certificate_without_audit_event"),
            Some((_, Some(sha256))) if sha256 != stored.sha256() => broken.push("audit_event_of_another_certificate"),
            Some(_) => {}
        }
        Ok(broken)
    }

    async fn page(
        &self,
        report: &Relint,
        (at, issuer, serial): &(Timestamp, String, Vec<u8>),
    ) -> Result<Vec<StoredCertificate>, IssueError> {
        let rows = self
            .cx
            .db
            .all(
                "SELECT issuer, serial, profile, not_before, reserved_at, issued_at, tbs, certificate, in_qscd, intent_of,
                     key_statement FROM certificate
                 WHERE certificate IS NOT NULL AND issued_at >= $1 AND issued_at < $2
                     AND (issued_at, issuer, serial) > ($3, $4, $5)
                 ORDER BY issued_at, issuer, serial LIMIT $6",
                params![report.since, report.until, *at, issuer, serial, PAGE],
            )
            .await?;
        Ok(rows.iter().map(StoredCertificate::read).collect::<Result<_, _>>()?)
    }

    /// The audit events of certificates from `since` on; an event is never earlier than its certificate.
    async fn recorded(&self, since: Timestamp) -> Result<Recorded, IssueError> {
        let rows = self
            .cx
            .db
            .all(
                "SELECT subject, at, detail FROM audit_event
                 WHERE at >= $1 AND kind IN ('certificate.issued', 'certificate.imported')",
                params![since],
            )
            .await?;
        let mut recorded = Recorded::new();
        for row in rows {
            let detail: Option<String> = row.get("detail")?;
            let detail = detail.and_then(|text| serde_json::from_str::<Json>(&text).ok());
            let sha256 = detail.and_then(|d| Some(d.get("certificate_sha256")?.as_str()?.to_owned()));
            recorded.insert(row.get("subject")?, (row.get("at")?, sha256));
        }
        Ok(recorded)
    }

    async fn count(&self, since: Timestamp, until: Timestamp) -> Result<u64, IssueError> {
        let row = self
            .cx
            .db
            .opt(
                "SELECT COUNT(*) AS n FROM certificate WHERE certificate IS NOT NULL AND issued_at >= $1 AND issued_at < $2",
                params![since, until],
            )
            .await?;
        let count: i64 = row.map_or(Ok(0), |row| row.get("n"))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}
