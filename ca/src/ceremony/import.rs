//! What the offline machine made comes to the service: verified whole, held against the service's own settings, stored in one
//! transaction, published from there.

mod list;

use std::sync::Arc;

use der::{Decode, Encode};
use serde_json::json;
use sha2::{Digest, Sha256};
use signum_core::audit::{self, Event};
use signum_core::{DbError, Timestamp, Tx, params};
use signum_hsm_shim::{HsmError, KeyUri};
use signum_pki::chain::{Purpose, verify_chain};
use x509_cert::Certificate;

use super::folder::{Folder, sha256};
use super::plan::Plan;
use super::verify::{Report, verify};
use crate::Service;
use crate::authority::{Authority, AuthorityName, Issuer, Role};
use crate::issue::{Holder, IssueError, Request};
use crate::officer::ListHash;
use crate::profile;
use list::read_list;

/// Why nothing was taken over.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("the folder cannot be read: {0}")]
    Unreadable(String),
    #[error("{}", .0.join("\n"))]
    Problems(Vec<String>),
    #[error("the ceremony file says another ca.{0} than this service's settings")]
    Setting(&'static str),
    #[error("a ceremony of kind {0} brings nothing to the service")]
    Nothing(&'static str),
    #[error("this service has another root")]
    AnotherRoot,
    #[error("the root of this ceremony is not here: import its own ceremony first")]
    NoRoot,
    #[error("the token of this service has no key {0}, or another one")]
    Key(String),
    #[error("the root's list number {given} is not newer than {here}")]
    OldList { given: i64, here: i64 },
    #[error("the root's list does not name {0}, which is revoked here")]
    Forgets(String),
    #[error(
        "{authority} has {certificates} certificates in force under its old key, for which it must go on answering"
    )]
    StillAnswers { authority: &'static str, certificates: i64 },
    #[error("certificate of {0}: {1}")]
    Chain(String, String),
    #[error(transparent)]
    Issue(#[from] IssueError),
    #[error(transparent)]
    Hsm(#[from] HsmError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("encoding: {0}")]
    Encoding(#[from] der::Error),
}

signum_core::retry_on_db_conflict!(ImportError);

/// What was taken over.
#[derive(Debug)]
pub struct Imported {
    pub report: Report,
    /// Authorities that are new here.
    pub authorities: Vec<&'static str>,
    /// Number of the root's list, and when the next is due.
    pub list: Option<(i64, Timestamp)>,
}

/// A certificate on its way into the database.
struct Arrival {
    name: AuthorityName,
    label: String,
    der: Vec<u8>,
    serial: Vec<u8>,
    tbs: Vec<u8>,
    validity: (Timestamp, Timestamp),
    request: Request,
    fingerprint: [u8; 32],
}

impl Service {
    /// Verifies the folder offline first; then takes over its certificates and the root's list, or nothing at all.
    pub async fn import_ceremony(&self, folder: &Folder, genesis: ListHash) -> Result<Imported, ImportError> {
        // Step 1. Everything that can be verified without us.
        let report = verify(folder, genesis).map_err(ImportError::Unreadable)?;
        if !report.problems.is_empty() {
            return Err(ImportError::Problems(report.problems));
        }
        // Step 2. It was made for this service.
        self.same_settings(&report.plan)?;
        if !report.plan.kind().is_of_root() {
            return Err(ImportError::Nothing(report.plan.kind().name()));
        }
        let root = self.root_of(&report).await?;
        let mut arrivals = Vec::new();
        for (name, der) in &report.certificates {
            arrivals.push(self.arrival(*name, der.clone(), &root, &report).await?);
        }
        let list = report.list.as_deref().map(read_list).transpose()?;
        // Step 3. All of it or nothing.
        let (arriving, coming, told) = (&arrivals, &list, &report);
        let authorities = self
            .cx
            .db
            .run("ca.ceremony_import", |tx| async move {
                let mut new = Vec::new();
                for arrival in arriving {
                    if self.store_arrival(&tx, arrival).await? {
                        new.push(arrival.name.as_str());
                    }
                }
                if let Some(list) = coming {
                    self.store_list(&tx, root_name(told), list).await?;
                }
                let detail = json!({
                    "kind": told.plan.kind().name(),
                    "file_sha256": hex::encode(told.plan.hash),
                    "transcript_sha256": hex::encode(told.transcript.head),
                    "lines": told.transcript.entries.len(),
                    "authorities": &new,
                });
                let subject = hex::encode(told.plan.nonce);
                audit::record(&tx, &self.cx, &Event::new("ceremony.imported", subject, detail)).await?;
                Ok::<_, ImportError>(new)
            })
            .await?;
        Ok(Imported {
            authorities,
            list: list.map(|list| (list.number, list.next_update)),
            report,
        })
    }

    fn same_settings(&self, plan: &Plan) -> Result<(), ImportError> {
        let (here, there) = (&self.config, &plan.config);
        let same = [
            ("public_url", here.public_url == there.public_url),
            ("cps_url", here.cps() == there.cps()),
            ("country", here.country == there.country),
            ("tls_country", here.server_country() == there.server_country()),
            ("organization", here.organization == there.organization),
            (
                "organization_identifier",
                here.organization_identifier == there.organization_identifier,
            ),
            ("name_prefix", here.name_prefix == there.name_prefix),
            ("algorithms", here.algorithms == there.algorithms),
        ];
        match same.into_iter().find(|(_, same)| !same) {
            None => Ok(()),
            Some((field, _)) => Err(ImportError::Setting(field)),
        }
    }

    /// The root that signed, which is ours, or becomes so by its own ceremony.
    async fn root_of(&self, report: &Report) -> Result<Issuer, ImportError> {
        let name = root_name(report);
        let der = report.root.clone().ok_or(ImportError::NoRoot)?;
        match self.find_authority(name).await? {
            Some(known) if known.certificate == der => Ok(known.issuer.clone()),
            Some(_) => Err(ImportError::AnotherRoot),
            None if report.plan.kind() == super::Kind::Root => {
                let label = label_of(report, name);
                Ok(Authority::from_stored(name, &self.config, &label, der)?.issuer)
            }
            None => Err(ImportError::NoRoot),
        }
    }

    async fn arrival(
        &self,
        name: AuthorityName,
        der: Vec<u8>,
        root: &Issuer,
        report: &Report,
    ) -> Result<Arrival, ImportError> {
        let parsed = Certificate::from_der(&der)?;
        let tbs = parsed.tbs_certificate();
        let spki = signum_pki::certificate::spki(&parsed)?;
        let label = label_of(report, name);
        if !name.is_root() {
            let uri = KeyUri::new(&self.config.token, &label);
            match self.hsm.public_key(&uri).await {
                Ok(public) if public.spki == spki => {}
                Ok(_) | Err(HsmError::KeyNotFound(_)) => return Err(ImportError::Key(label)),
                Err(error) => return Err(error.into()),
            }
            let roots = report.root.clone().into_iter().collect::<Vec<_>>();
            verify_chain(&der, &[], &roots, Purpose::Any, self.cx.now().seconds())
                .map_err(|error| ImportError::Chain(name.to_string(), error.to_string()))?;
        }
        let (from, to) = signum_pki::certificate::validity_seconds(&parsed);
        let holder = Holder {
            purpose: name.as_str().to_owned(),
            key_label: label.clone(),
        };
        let profile = profile::of_authority(name.role);
        let request = Request::for_own_key(profile, Arc::new(root.clone()), tbs.subject().clone(), spki, holder);
        Ok(Arrival {
            name,
            label,
            serial: tbs.serial_number().as_bytes().to_vec(),
            tbs: tbs.to_der()?,
            validity: (Timestamp::from_seconds(from), Timestamp::from_seconds(to)),
            fingerprint: request.fingerprint()?,
            request,
            der,
        })
    }

    /// False if it was here already.
    async fn store_arrival(&self, tx: &Tx, arrival: &Arrival) -> Result<bool, ImportError> {
        let now = self.cx.now();
        let root = arrival.name.root();
        let known = tx
            .opt(
                "SELECT certificate FROM certificate WHERE issuer = $1 AND serial = $2",
                params![root.as_str(), &arrival.serial],
            )
            .await?;
        if let Some(row) = known {
            let there: Option<Vec<u8>> = row.get("certificate")?;
            let name = arrival.name.to_string();
            return match there.as_ref() == Some(&arrival.der) {
                true => Ok(false),
                false => Err(ImportError::Chain(name, "another one has its serial number".to_owned())),
            };
        }
        self.may_follow(tx, arrival).await?;
        let spki = Sha256::digest(&arrival.request.spki).to_vec();
        let profile = arrival.request.profile.id;
        tx.exec(
            "INSERT INTO subject_key (spki_sha256, owner, profile) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            params![&spki, arrival.request.owner, profile],
        )
        .await?;
        tx.exec(
            "INSERT INTO certificate (issuer, serial, profile, shard, idempotency_key, fingerprint, spki_sha256, holder,
                 key_label, tbs, tbs_sha256, not_before, not_after, reserved_at, certificate, issued_at)
             VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $13)",
            params![
                root.as_str(),
                &arrival.serial,
                profile,
                arrival.request.idempotency_key,
                arrival.fingerprint,
                &spki,
                arrival.name.as_str(),
                &arrival.label,
                &arrival.tbs,
                Sha256::digest(&arrival.tbs).to_vec(),
                arrival.validity.0,
                arrival.validity.1,
                now,
                &arrival.der,
            ],
        )
        .await?;
        let subject = format!("{root}:{}", hex::encode(&arrival.serial));
        let detail = json!({ "profile": profile, "certificate_sha256": sha256(&arrival.der) });
        audit::record(tx, &self.cx, &Event::new("certificate.imported", subject, detail)).await?;
        Ok(true)
    }

    /// An authority answers with one key: a new one follows when nothing is in force under the old one, or that one is revoked.
    async fn may_follow(&self, tx: &Tx, arrival: &Arrival) -> Result<(), ImportError> {
        let (root, authority) = (arrival.name.root(), arrival.name.as_str());
        let before = tx
            .opt(
                "SELECT c.serial FROM certificate c WHERE c.issuer = $1 AND c.holder = $2 AND c.certificate IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM certificate_status s
                     WHERE s.issuer = c.issuer AND s.serial = c.serial AND s.state = 'revoked') LIMIT 1",
                params![root.as_str(), authority],
            )
            .await?;
        if before.is_none() {
            return Ok(());
        }
        let row = tx
            .one(
                "SELECT COUNT(*) AS n FROM certificate
                 WHERE issuer = $1 AND holder IS NULL AND certificate IS NOT NULL AND not_after > $2",
                params![authority, self.cx.now()],
            )
            .await?;
        match row.get::<i64>("n")? {
            0 => Ok(()),
            certificates => Err(ImportError::StillAnswers {
                authority,
                certificates,
            }),
        }
    }
}

fn root_name(report: &Report) -> AuthorityName {
    Role::Root.of(report.plan.config.algorithms)
}

/// The key's label that the file gives or implies.
fn label_of(report: &Report, name: AuthorityName) -> String {
    format!("{name}-g{}", report.plan.config.generation)
}
