//! The CA as other services see it: the contracts of `signum_core::contract`.

use async_trait::async_trait;
use der::Decode;
use serde_json::json;
use signum_core::Timestamp;
use signum_core::audit::{self, Event};
use signum_core::contract::{
    CertificateAuthority, CertificateRequest, CertificateStatus, ContractError, IssuedCertificate, LeafProfile,
    StatusAt, StatusChange, TimeStamping,
};
use std::sync::Arc;
use x509_cert::Certificate;

use crate::Service;
use crate::caa::CaaError;
use crate::issue::{self, IssueError, LeafRequest, Request, Subject};
use crate::ocsp::{OcspError, Wanted};
use crate::profile::Profile;
use crate::status::StatusError;
use crate::tsa::TsaError;

#[async_trait]
impl CertificateAuthority for Service {
    async fn issue(&self, request: CertificateRequest) -> Result<IssuedCertificate, ContractError> {
        let subject = match request.profile {
            LeafProfile::CitizenAuthentication => Subject::Authentication(request.person),
            LeafProfile::CitizenSignature => Subject::Signature(request.person),
        };
        let request = LeafRequest {
            idempotency_key: request.idempotency_key,
            subject,
            pkcs10: request.pkcs10,
            key_origin: request.key_origin,
            ends_by: None,
            desk: None,
        };
        self.issue_leaf(&request).await.map_err(|error| issue_error(&error))
    }

    async fn change_status(&self, change: StatusChange) -> Result<(), ContractError> {
        self.change(&change).await.map_err(|error| status_error(&error))
    }
}

impl Service {
    /// Issues a leaf certificate of any profile; a refusal is recorded. The caller answers for what the subject is said to be.
    pub async fn issue_leaf(&self, request: &LeafRequest) -> Result<IssuedCertificate, IssueError> {
        self.issue_or_record(request, None).await
    }

    /// The same, as the successor of the certificate with that serial number: a renewal when the key is the same, else a rekey.
    /// Owner and profile must be the same.
    pub async fn issue_successor(
        &self,
        request: &LeafRequest,
        follows: &[u8],
    ) -> Result<IssuedCertificate, IssueError> {
        self.issue_or_record(request, Some(follows)).await
    }

    async fn issue_or_record(
        &self,
        request: &LeafRequest,
        follows: Option<&[u8]>,
    ) -> Result<IssuedCertificate, IssueError> {
        let issued = self.try_issue_leaf(request, follows).await;
        if let Err(error) = &issued {
            let key = hex::encode(request.idempotency_key);
            self.audit_refusal(error, &key, request.subject.profile()).await;
        }
        issued
    }

    async fn try_issue_leaf(
        &self,
        request: &LeafRequest,
        follows: Option<&[u8]>,
    ) -> Result<IssuedCertificate, IssueError> {
        let name = request.subject.issuer().of(self.config.algorithms);
        let root = self.authority(name.root()).await?;
        let authority = self.authority(name).await?;
        let issuer = Arc::new(authority.issuer.clone());
        let pinned = self.statement_key()?;
        let request = Request::for_leaf(&self.config, request, issuer, pinned.as_deref())?;
        let request = match follows {
            Some(serial) => request.following(serial),
            None => request,
        };
        let issued = issue::issue(self, request).await?;
        Ok(IssuedCertificate {
            certificate: issued.certificate,
            chain: vec![authority.certificate.clone(), root.certificate.clone()],
        })
    }

    /// The pinned public key of the signing module's statements. Read for each request (91 octets): it is pinned after the
    /// CA's own first start.
    fn statement_key(&self) -> Result<Option<Vec<u8>>, IssueError> {
        match std::fs::read(&self.config.statement_key_file) {
            Ok(key) => Ok(Some(key)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                let message = format!("ca.statement_key_file cannot be read: {error}");
                Err(IssueError::refused("key_origin_unproven", message))
            }
        }
    }

    /// A refusal is recorded under the idempotency key; what the linter refused has its own event already.
    async fn audit_refusal(&self, error: &IssueError, key: &str, profile: &Profile) {
        let (code, detail) = match error {
            IssueError::Refused { code, .. } => (*code, json!({ "code": code, "profile": profile.id })),
            IssueError::Caa(caa) => (caa.code(), caa_detail(caa, profile)),
            _ => {
                tracing::error!(%error, "issuance failed");
                return;
            }
        };
        tracing::warn!(code, "issuance refused");
        let (cx, detail) = (&self.cx, &detail);
        let recorded = cx.db.run("ca.refused", |tx| async move {
            audit::record(&tx, cx, &Event::new("certificate.refused", key, detail.clone())).await
        });
        if let Err(error) = recorded.await {
            tracing::error!(%error, "a refusal could not be recorded");
        }
    }
}

#[async_trait]
impl CertificateStatus for Service {
    async fn ocsp(&self, certificate: &[u8], issuer: &[u8]) -> Result<Vec<u8>, ContractError> {
        let malformed = |_| ContractError::Refused {
            code: "certificate_malformed".to_owned(),
            message: "certificate or issuer is not a certificate".to_owned(),
        };
        let request = signum_pki::ocsp_request(certificate, issuer).map_err(malformed)?;
        let issuer = Certificate::from_der(issuer).map_err(malformed)?;
        for known in self.own_authorities().await.map_err(|e| issue_error(&e))? {
            if known.parsed == issuer && !known.issuer.name.is_root() {
                return self
                    .ocsp_answer(known.issuer.name, &request, Wanted::Fresh)
                    .await
                    .map(|a| a.der)
                    .map_err(|e| ocsp_error(&e));
            }
        }
        Err(ContractError::NotFound)
    }

    async fn status_at(&self, serial: &[u8], at: Timestamp) -> Result<StatusAt, ContractError> {
        if at > self.cx.now() {
            return Err(ContractError::Refused {
                code: "not_yet".to_owned(),
                message: "a status is known of the past alone".to_owned(),
            });
        }
        self.state_at(None, serial, at)
            .await
            .map_err(|error| status_error(&error))
    }
}

#[async_trait]
impl TimeStamping for Service {
    async fn time_stamp(&self, request: &[u8]) -> Result<Vec<u8>, ContractError> {
        self.time_stamp_answer(request).await.map_err(|error| match error {
            TsaError::Issue(error) => issue_error(&error),
            TsaError::Hsm(error) => ContractError::Unavailable(error.to_string()),
            TsaError::Db(error) => unavailable(&error),
            TsaError::Encoding(_) => ContractError::Internal,
        })
    }
}

/// What CAA records prevented is told in full (CA/B Forum Baseline Requirements section 3.2.2.8).
fn caa_detail(error: &CaaError, profile: &Profile) -> serde_json::Value {
    let (name, at, why, records) = match error {
        CaaError::Forbidden { name, at, why, records } => (name, at, *why, records.as_slice()),
        CaaError::Unknown { name, at, why } => (name, at, why.as_str(), [].as_slice()),
    };
    let caa = json!({ "name": name, "at": at, "why": why, "records": records });
    json!({ "code": error.code(), "profile": profile.id, "caa": caa })
}

fn unavailable(error: &signum_core::DbError) -> ContractError {
    tracing::error!(%error, "database");
    ContractError::Unavailable("the CA's database".to_owned())
}

fn status_error(error: &StatusError) -> ContractError {
    match error {
        StatusError::NotIssued => ContractError::NotFound,
        StatusError::Reason(_)
        | StatusError::Ambiguous
        | StatusError::Transition
        | StatusError::NeedsApproval
        | StatusError::Approval(_)
        | StatusError::Root
        | StatusError::Decided
        | StatusError::AskedBy
        | StatusError::InvalidSince => ContractError::Refused {
            code: "status_refused".to_owned(),
            message: error.to_string(),
        },
        StatusError::Audit(error) | StatusError::Db(error) => unavailable(error),
    }
}

fn issue_error(error: &IssueError) -> ContractError {
    match error {
        IssueError::Refused { code, message } => ContractError::Refused {
            code: (*code).to_owned(),
            message: message.clone(),
        },
        IssueError::Lint(rules) => ContractError::Refused {
            code: "lint".to_owned(),
            message: rules.clone(),
        },
        IssueError::Caa(caa @ CaaError::Forbidden { .. }) => ContractError::Refused {
            code: caa.code().to_owned(),
            message: caa.to_string(),
        },
        IssueError::Caa(CaaError::Unknown { .. }) => ContractError::Unavailable(error.to_string()),
        IssueError::NoCeremony | IssueError::UnderWay | IssueError::Closed => {
            ContractError::Unavailable(error.to_string())
        }
        IssueError::Hsm(error) => ContractError::Unavailable(error.to_string()),
        IssueError::Db(error) => unavailable(error),
        IssueError::Encoding(_) => ContractError::Internal,
    }
}

fn ocsp_error(error: &OcspError) -> ContractError {
    match error {
        OcspError::Issue(error) => issue_error(error),
        OcspError::Hsm(error) => ContractError::Unavailable(error.to_string()),
        OcspError::Db(error) => ContractError::Unavailable(error.to_string()),
        OcspError::NoResponder(_) => ContractError::Unavailable(error.to_string()),
        OcspError::Encoding(_) => ContractError::Internal,
    }
}
