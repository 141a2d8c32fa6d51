//! Third stage: octets that the linter accepted, and the HSM's signature over exactly them.

use der::asn1::{Any, BitString};
use der::{Decode, Encode};
use serde_json::json;
use sha2::{Digest, Sha256};
use signum_core::audit::{self, Event};
use signum_core::{Cx, params};
use signum_hsm_shim::Hsm;

use super::issued::Signed;
use super::{IssueError, Point, Prepared, Watch};
use crate::lint::Finding;
use crate::signing::{self, Signable};
use crate::tbs::SignedCertificate;

/// Proof that the linter accepted these octets. Its field is private: nothing else can make one.
pub(crate) struct Linted {
    prepared: Prepared,
}

impl Linted {
    pub(super) fn new(prepared: Prepared) -> Self {
        Self { prepared }
    }

    /// The octets the linter read.
    pub fn tbs(&self) -> &[u8] {
        &self.prepared.tbs
    }

    /// Has the issuer's key sign them; consumes the proof.
    pub async fn sign(self, hsm: &dyn Hsm, watch: &dyn Watch) -> Result<Signed, IssueError> {
        let key = &self.prepared.issuer.key;
        watch.reached(Point::BeforeHsm);
        let signature = signing::sign(hsm, key, &Signable::certificate(&self)).await?;
        watch.reached(Point::HsmSigned);
        let algorithm = key
            .algorithm_identifier()
            .ok_or(der::ErrorKind::Failed)
            .map_err(der::Error::from)?;
        let certificate = SignedCertificate {
            tbs: Any::from_der(self.tbs())?,
            algorithm,
            signature: BitString::from_bytes(&signature)?,
        };
        Ok(Signed {
            certificate: certificate.to_der()?,
            prepared: self.prepared,
        })
    }
}

/// What the linter did not accept: it ends here.
pub(crate) struct Rejected {
    prepared: Prepared,
    findings: Vec<Finding>,
}

impl Rejected {
    pub(super) fn new(prepared: Prepared, findings: Vec<Finding>) -> Self {
        Self { prepared, findings }
    }

    /// Stores the refusal under the request's idempotency key, audits it, and returns it.
    pub async fn store(self, cx: &Cx) -> IssueError {
        let rules = self.findings.iter().map(|f| f.rule).collect::<Vec<_>>().join(" ");
        for finding in &self.findings {
            tracing::error!(
                rule = finding.rule,
                requirement = finding.requirement,
                "the linter refused a certificate"
            );
        }
        let (prepared, rules_text) = (&self.prepared, &rules);
        let detail = &json!({
            "profile": prepared.profile.id,
            "rules": rules,
            "tbs_sha256": hex::encode(Sha256::digest(&prepared.tbs)),
        });
        let stored = cx.db.run("ca.refuse", |tx| async move {
            tx.exec(
                "UPDATE certificate SET refusal = $3 WHERE issuer = $1 AND serial = $2 AND certificate IS NULL",
                params![prepared.issuer.name.as_str(), &prepared.serial, rules_text],
            )
            .await?;
            let event = Event::new("certificate.lint_refused", prepared.subject_id(), detail.clone());
            audit::record(&tx, cx, &event).await?;
            Ok::<_, IssueError>(())
        });
        match stored.await {
            Ok(()) => IssueError::Lint(rules),
            Err(error) => error,
        }
    }
}
