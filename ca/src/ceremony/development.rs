//! The development key ceremony: every key is made in the one token, every certificate goes through the linted path.
//!
//! EN 319 411-1 section 6.5.1 asks for much more of a real one (witnesses, m of n): that is the rest of this folder.
//! Each step first looks for what an earlier run left, so it may be repeated, and go on after a crash anywhere.

use std::sync::Arc;

use der::Decode;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use signum_core::DbError;
use signum_hsm_shim::{HsmError, KeyAlgorithm, KeyUri, PublicKey};
use x509_cert::Certificate;
use x509_cert::name::Name;

use crate::Service;
use crate::authority::{Authority, AuthorityName, Issuer, Role, SigningKey};
use crate::crl::CrlError;
use crate::issue::{self, Holder, IssueError, Request};
use crate::name;
use crate::profile::{self, DAY, Profile, ocsp_responder, tsu};
use crate::status::Status;

/// A responder's certificate is renewed when it has less than this left.
const RENEW_RESPONDER: i64 = 15 * DAY;
/// A time-stamping unit's key is replaced when its year has less than this left.
const RENEW_TSU: i64 = 30 * DAY;

/// Why the ceremony stopped; it may be held again.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    #[error("{step}: {source}")]
    Step {
        step: String,
        #[source]
        source: IssueError,
    },
    /// The token's key is not the one that the stored certificate names: another token, or a changed one.
    #[error("key {0} in the token is not the one of its certificate")]
    KeyMismatch(String),
    #[error("revocation list: {0}")]
    Crl(#[from] CrlError),
    /// With an offline root nothing is made here.
    #[error("{0} is not here: its key and certificate come of a ceremony (`signum ceremony import`)")]
    NotImported(&'static str),
}

/// One key with its certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// root, auth, qsig, tsa, ocsp-auth ... tsu
    pub holder: String,
    pub key: KeyUri,
    /// Hex SHA-256 of the SubjectPublicKeyInfo.
    pub spki_sha256: String,
    /// Hex SHA-256 of the certificate.
    pub certificate_sha256: String,
    /// Made in this run, not found.
    pub made: bool,
    /// DER.
    #[serde(skip)]
    pub certificate: Vec<u8>,
}

/// What a ceremony did; no secret is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// RFC 3339.
    pub at: String,
    pub steps: Vec<Step>,
}

impl Transcript {
    /// DER of the certificate of `holder`.
    pub fn certificate(&self, holder: &str) -> Option<&[u8]> {
        self.steps
            .iter()
            .find(|s| s.holder == holder)
            .map(|s| s.certificate.as_slice())
    }
}

impl Service {
    /// Makes what is missing of root, issuing CAs, OCSP responders, time-stamping unit and lists; checks what is there
    /// against the token.
    pub async fn ceremony(&self) -> Result<Transcript, CeremonyError> {
        let mut steps = Vec::new();
        if self.config.offline_root {
            steps.extend(self.imported_authorities().await?);
        } else {
            for role in Role::ALL {
                steps.push(self.authority_step(role.of(self.config.algorithms)).await?);
            }
        }
        steps.extend(self.renew_own_keys().await?);
        self.publish_due_crls().await?;
        Ok(Transcript {
            at: self.cx.now().to_string(),
            steps,
        })
    }

    /// Responders and the time-stamping unit: found, or replaced by a new key and certificate when due.
    pub async fn renew_own_keys(&self) -> Result<Vec<Step>, CeremonyError> {
        let mut steps = Vec::new();
        let prefix = &self.config.name_prefix;
        let mut units = Vec::new();
        for authority in self.own_authorities().await.map_err(not_held)? {
            let name = authority.issuer.name;
            if name.is_root() {
                continue;
            }
            let tenure = self.tenure(&authority.issuer).await.map_err(|e| not_held(e.into()))?;
            if !tenure.may_answer() {
                continue;
            }
            let common_name = format!("{prefix} OCSP Responder {name}");
            let holder = format!("ocsp-{name}");
            let step = self.unit_step(&holder, name, &ocsp_responder::PROFILE, &common_name, RENEW_RESPONDER);
            steps.push(step.await?);
            if name.role == Role::Tsa && tenure.is_in_force() {
                units.push(name);
            }
        }
        for name in units {
            let common_name = format!("{prefix} Time Stamping Unit{}", name.suffix().to_uppercase());
            let holder = tsu::holder(name);
            steps.push(
                self.unit_step(&holder, name, &tsu::PROFILE, &common_name, RENEW_TSU)
                    .await?,
            );
        }
        Ok(steps)
    }

    async fn authority_step(&self, name: AuthorityName) -> Result<Step, CeremonyError> {
        let holder = name.as_str();
        let failed = |source: IssueError| CeremonyError::Step {
            step: holder.to_owned(),
            source,
        };
        let label = format!("{holder}-g{}", self.config.generation);
        if let Some(known) = self.find_authority(name).await.map_err(failed)? {
            let tenure = self.tenure(&known.issuer).await.map_err(|e| failed(e.into()))?;
            let (label, certificate) = (&known.issuer.key.uri.object, known.certificate.clone());
            // The key of an authority that has ended is destroyed, as it must be.
            return match tenure.has_ended {
                true => Ok(self.step(holder, label, &known.issuer.key.spki, certificate, false)),
                false => self.found(holder, label, certificate).await,
            };
        }
        let subject = name::authority(&self.config, name).map_err(|e| failed(e.into()))?;
        let key = self
            .key(&label, name.key_algorithm())
            .await
            .map_err(|e| failed(e.into()))?;
        let issuer = if name.is_root() {
            self.root_to_be(name, &label, &subject, &key)
        } else {
            self.authority(name.root()).await.map_err(failed)?.issuer.clone()
        };
        let (profile, issuer) = (profile::of_authority(name.role), Arc::new(issuer));
        self.certify(profile, issuer, subject, key, holder, label).await
    }

    fn root_to_be(&self, name: AuthorityName, label: &str, subject: &Name, key: &PublicKey) -> Issuer {
        Issuer {
            name,
            subject: subject.clone(),
            key: SigningKey {
                uri: KeyUri::new(&self.config.token, label),
                algorithm: key.algorithm,
                spki: key.spki.clone(),
            },
            validity: None,
            serial: None,
        }
    }

    /// A key that is replaced in time: each has its own label, number and common name.
    async fn unit_step(
        &self,
        holder: &str,
        authority: AuthorityName,
        profile: &'static Profile,
        common_name: &str,
        renew: i64,
    ) -> Result<Step, CeremonyError> {
        let failed = |source: IssueError| CeremonyError::Step {
            step: holder.to_owned(),
            source,
        };
        let db_failed = |e: DbError| failed(IssueError::Db(e));
        if let Some((label, certificate)) = self.current_own(holder).await.map_err(db_failed)? {
            let parsed = Certificate::from_der(&certificate).map_err(|e| failed(e.into()))?;
            let (from, to) = signum_pki::certificate::validity_seconds(&parsed);
            let end = profile.private_key_usage.map_or(to, |seconds| from + seconds);
            let serial = parsed.tbs_certificate().serial_number().as_bytes();
            let status = self
                .status_at(authority, serial, self.cx.now())
                .await
                .map_err(db_failed)?;
            // What an authority before this one certified is none of its own.
            let own = self.authority(authority).await.map_err(failed)?;
            let is_own = parsed.tbs_certificate().issuer() == &own.issuer.subject;
            if is_own && status == Status::Good && end - self.cx.now().seconds() > renew {
                return self.found(holder, &label, certificate).await;
            }
        }
        let issuer = self.authority(authority).await.map_err(failed)?;
        let number = self.count_own(holder).await.map_err(db_failed)? + 1;
        let label = format!("{holder}-g{}-{number}", self.config.generation);
        let common_name = format!("{common_name} {number}");
        let subject = name::organization(&self.config, &common_name).map_err(|e| failed(e.into()))?;
        let key = self
            .key(&label, authority.unit_algorithm())
            .await
            .map_err(|e| failed(e.into()))?;
        self.certify(profile, Arc::new(issuer.issuer.clone()), subject, key, holder, label)
            .await
    }

    async fn certify(
        &self,
        profile: &'static Profile,
        issuer: Arc<Issuer>,
        subject: Name,
        key: PublicKey,
        holder: &str,
        label: String,
    ) -> Result<Step, CeremonyError> {
        let own = Holder {
            purpose: holder.to_owned(),
            key_label: label.clone(),
        };
        let request = Request::for_own_key(profile, issuer, subject, key.spki.clone(), own);
        let issued = issue::issue(self, request)
            .await
            .map_err(|source| CeremonyError::Step {
                step: holder.to_owned(),
                source,
            })?;
        tracing::info!(holder, key = %label, "certificate made");
        Ok(self.step(holder, &label, &key.spki, issued.certificate, true))
    }

    /// The key with that label, made when it is not there: a crash after making it left it uncertified.
    async fn key(&self, label: &str, algorithm: KeyAlgorithm) -> Result<PublicKey, HsmError> {
        let uri = KeyUri::new(&self.config.token, label);
        match self.hsm.public_key(&uri).await {
            Err(HsmError::KeyNotFound(_)) => match self.hsm.generate(&uri, algorithm).await {
                // Another replica made it meanwhile.
                Err(HsmError::AlreadyExists(_)) => self.hsm.public_key(&uri).await,
                made => made,
            },
            found => found,
        }
    }

    pub(super) async fn found(&self, holder: &str, label: &str, certificate: Vec<u8>) -> Result<Step, CeremonyError> {
        let failed = |source: IssueError| CeremonyError::Step {
            step: holder.to_owned(),
            source,
        };
        let uri = KeyUri::new(&self.config.token, label);
        let in_token = self.hsm.public_key(&uri).await.map_err(|e| failed(e.into()))?;
        let parsed = Certificate::from_der(&certificate).map_err(|e| failed(e.into()))?;
        if signum_pki::certificate::spki(&parsed).map_err(|e| failed(e.into()))? != in_token.spki {
            return Err(CeremonyError::KeyMismatch(label.to_owned()));
        }
        Ok(self.step(holder, label, &in_token.spki, certificate, false))
    }

    pub(super) fn step(&self, holder: &str, label: &str, spki: &[u8], certificate: Vec<u8>, made: bool) -> Step {
        Step {
            holder: holder.to_owned(),
            key: KeyUri::new(&self.config.token, label),
            spki_sha256: hex::encode(Sha256::digest(spki)),
            certificate_sha256: hex::encode(Sha256::digest(&certificate)),
            made,
            certificate,
        }
    }

    async fn count_own(&self, holder: &str) -> Result<i64, DbError> {
        let row = self
            .cx
            .db
            .opt(
                "SELECT COUNT(*) AS n FROM certificate WHERE holder = $1 AND certificate IS NOT NULL",
                signum_core::params![holder],
            )
            .await?;
        row.map_or(Ok(0), |row| row.get("n"))
    }

    /// The authorities of every generation that were made; a ceremony has made the root that issues now.
    pub(crate) async fn own_authorities(&self) -> Result<Vec<Arc<Authority>>, IssueError> {
        let mut out = vec![self.authority(Role::Root.of(self.config.algorithms)).await?];
        for name in AuthorityName::all() {
            match self.find_authority(name).await? {
                Some(found) if found.issuer.name != Role::Root.of(self.config.algorithms) => out.push(found),
                _ => {}
            }
        }
        Ok(out)
    }
}

pub(super) fn not_held(source: IssueError) -> CeremonyError {
    CeremonyError::Step {
        step: "root".to_owned(),
        source,
    }
}
