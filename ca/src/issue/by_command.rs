//! Issuance at the command line: nobody certifies alone (S-02, CA key use). Where the CA has officers, two of them agreed to
//! exactly this request: profile, names, key, what it follows.

use sha2::{Digest, Sha256};
use signum_core::contract::IssuedCertificate;
use signum_gesture::fields::Fields;

use super::{IssueError, LeafRequest};
use crate::Service;
use crate::approval::{ApprovalError, Kind, spend::spend};

const DOMAIN: &[u8] = b"signum-ca-issue-by-command-v1";

/// Why a command has no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CommandIssueError {
    #[error(transparent)]
    Issue(#[from] IssueError),
    #[error(transparent)]
    Approval(#[from] ApprovalError),
}

impl Service {
    /// What two officers agree to: SHA-256 of everything that the certificate will say because of `request`, and one line
    /// without personal data. Whoever agrees computes it anew from the papers.
    pub fn command_subject(
        &self,
        request: &LeafRequest,
        follows: Option<&[u8]>,
    ) -> Result<([u8; 32], String), IssueError> {
        let profile = request.subject.profile().id;
        let subject = request.subject.name(&self.config)?;
        let names = request.subject.alternative_names()?;
        let ends_by = request.ends_by.map(|end| end.seconds().to_be_bytes());
        let octets = Fields::of(DOMAIN)
            .field(profile.as_bytes())
            .field(&der::Encode::to_der(&subject)?)
            .field(&der::Encode::to_der(&names)?)
            .field(&Sha256::digest(&request.pkcs10))
            .field(ends_by.as_ref().map_or(&[], |end| end.as_slice()))
            .field(follows.unwrap_or_default());
        let hash: [u8; 32] = Sha256::digest(octets.bytes()).into();
        let summary = format!("issue one certificate, {profile}: {}", hex::encode(hash));
        Ok((hash, summary))
    }

    /// Issues what was agreed to, once. A CA without officers, which is a demonstration, asks nobody and says so in its log.
    ///
    /// The certificate's idempotency key is the approval's: should the answer be lost, nothing is certified a second time.
    pub async fn issue_by_command(
        &self,
        request: &LeafRequest,
        follows: Option<&[u8]>,
    ) -> Result<IssuedCertificate, CommandIssueError> {
        let mut request = request.clone();
        if let Some(pin) = &self.config.officers() {
            let (subject, _) = self.command_subject(&request, follows)?;
            let (cx, subject) = (&self.cx, &subject);
            let spent = cx.db.run("ca.issue_by_command", |tx| async move {
                spend(&tx, cx, Some(pin), Kind::CaKeyUse, subject).await
            });
            let approved = spent.await?;
            if let Some((key, _)) = approved.request().split_first_chunk() {
                request.idempotency_key = *key;
            }
        } else {
            tracing::warn!("a certificate by command, agreed to by nobody: this CA has no officers");
        }
        Ok(match follows {
            Some(serial) => self.issue_successor(&request, serial).await?,
            None => self.issue_leaf(&request).await?,
        })
    }
}
