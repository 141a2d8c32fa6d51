//! What a second look found, and how everybody hears of it.

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError, Timestamp, params};

/// Events of one look; the metric counts them all.
const TOLD_SINGLY: usize = 1_000;

/// One rule that one certificate breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelintFinding {
    /// Issuer and serial number, as the audit log calls the certificate; the whole look where the count is wrong.
    pub subject: String,
    pub rule: &'static str,
}

/// What was looked at, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relint {
    pub since: Timestamp,
    pub until: Timestamp,
    /// Certificates read.
    pub read: u64,
    /// Certificates of that time in the database.
    pub stored: u64,
    pub findings: Vec<RelintFinding>,
}

impl Relint {
    pub(super) fn new(since: Timestamp, until: Timestamp) -> Self {
        Self {
            since,
            until,
            read: 0,
            stored: 0,
            findings: Vec::new(),
        }
    }

    pub(super) fn read(&mut self, subject: &str, broken: Vec<&'static str>) {
        self.read += 1;
        for rule in broken {
            self.add(subject.to_owned(), rule);
        }
    }

    pub(super) fn add(&mut self, subject: String, rule: &'static str) {
        self.findings.push(RelintFinding { subject, rule });
    }

    /// Log, metrics and audit; the count itself is the last finding.
    pub(super) async fn publish(&mut self, cx: &Cx) -> Result<(), DbError> {
        if self.read != self.stored {
            self.add("relint".to_owned(), "count");
        }
        for finding in &self.findings {
            tracing::error!(
                subject = finding.subject,
                rule = finding.rule,
                "a stored certificate is not right"
            );
            metrics::counter!("ca_relint_findings_total", "rule" => finding.rule).increment(1);
        }
        metrics::counter!("ca_relint_certificates_total").increment(self.read);
        metrics::gauge!("ca_relint_last_findings").set(self.findings.len() as f64);
        let this = &*self;
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let (read, stored, findings) = (count(this.read), count(this.stored), count(this.findings.len() as u64));
        cx.db
            .run("ca.relint", |tx| async move {
                tx.exec(
                    "INSERT INTO relint_look (at, since, until, read, stored, findings) VALUES ($1, $2, $3, $4, $5, $6)
                     ON CONFLICT (at) DO UPDATE SET findings = relint_look.findings + excluded.findings",
                    params![cx.now(), this.since, this.until, read, stored, findings],
                )
                .await?;
                for finding in this.findings.iter().take(TOLD_SINGLY) {
                    let detail = json!({ "rule": finding.rule });
                    audit::record(&tx, cx, &Event::new("certificate.relint_finding", &finding.subject, detail)).await?;
                }
                let detail = json!({ "since": this.since.to_string(), "until": this.until.to_string(), "read": this.read,
                    "stored": this.stored, "findings": this.findings.len() });
                audit::record(&tx, cx, &Event::new("certificate.relinted", "relint", detail)).await
            })
            .await
    }
}
