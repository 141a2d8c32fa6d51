//! Last stage: the signed certificate and the transaction that makes it an issued one.

use serde_json::json;
use sha2::{Digest, Sha256};
use signum_core::audit::{self, Event};
use signum_core::{Cx, params};

use super::{IssueError, Prepared};

/// Signed, not yet stored. A crash here leaves the intent, which is closed: its serial number counts as revoked.
pub(crate) struct Signed {
    pub(super) certificate: Vec<u8>,
    pub(super) prepared: Prepared,
}

/// An issued certificate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Issued {
    /// DER.
    pub certificate: Vec<u8>,
}

impl Signed {
    /// Stores certificate and audit event together; [`IssueError::Closed`] when the intent was closed meanwhile.
    pub async fn store(self, cx: &Cx) -> Result<Issued, IssueError> {
        let this = &self;
        let issued = cx
            .db
            .run("ca.issue", |tx| async move {
                let issuer = this.prepared.issuer.name.as_str();
                let stored = tx
                    .exec(
                        "UPDATE certificate SET certificate = $3, issued_at = $4
                         WHERE issuer = $1 AND serial = $2 AND certificate IS NULL AND abandoned_at IS NULL",
                        params![issuer, &this.prepared.serial, &this.certificate, cx.now()],
                    )
                    .await?;
                if stored == 0 {
                    return Err(IssueError::Closed);
                }
                let follows = this.prepared.row.request.follows.as_deref();
                let detail = json!({
                    "profile": this.prepared.profile.id,
                    "certificate_sha256": hex::encode(Sha256::digest(&this.certificate)),
                    "follows": follows.map(hex::encode),
                });
                let event = Event::new("certificate.issued", this.prepared.subject_id(), detail);
                audit::record(&tx, cx, &event).await?;
                Ok::<_, IssueError>(Issued {
                    certificate: this.certificate.clone(),
                })
            })
            .await?;
        metrics::counter!("ca_certificates_issued_total", "profile" => this.prepared.profile.id).increment(1);
        Ok(issued)
    }
}
