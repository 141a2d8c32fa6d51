//! Full CRLs of the issuing CAs and the root's list of CAs: RFC 5280 section 5, EN 319 411-1 section 6.3.9, C-01, C-02.

use std::collections::BTreeMap;
use std::time::Duration;

use der::asn1::{BitString, OctetString, Uint};
use der::{Decode, Encode};
use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{DbError, Timestamp, Tx, params};
use signum_hsm_shim::HsmError;
use signum_pki::certificate::key_identifier;
use signum_pki::oid;
use x509_cert::certificate::Version;
use x509_cert::crl::{CertificateList, RevokedCert, TbsCertList};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlReason, IssuingDistributionPoint};
use x509_cert::serial_number::SerialNumber;

use crate::Service;
use crate::authority::{Authority, AuthorityName, address};
use crate::issue::IssueError;
use crate::signing::{self, Signable};
use crate::status::Status;
use crate::tbs::{extension, full_name, time};

/// Why a list was not made.
#[derive(Debug, thiserror::Error)]
pub enum CrlError {
    #[error(transparent)]
    Issue(#[from] IssueError),
    #[error(transparent)]
    Hsm(#[from] HsmError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("encoding: {0}")]
    Encoding(#[from] der::Error),
}

signum_core::retry_on_db_conflict!(CrlError);

/// A change may be committed this much after the time it bears, and so be missing from a list of that time.
const COMMITTED_LATER: Duration = Duration::from_secs(30);

/// A published list.
pub(crate) struct Published {
    pub der: Vec<u8>,
    pub this_update: Timestamp,
    pub next_update: Timestamp,
}

/// What one list says, read in one transaction together with its number.
struct Snapshot {
    number: i64,
    entries: BTreeMap<Vec<u8>, (Timestamp, CrlReason)>,
}

impl Service {
    /// Publishes every list that has news, or has lived half its time. Returns how many were made.
    pub async fn publish_due_crls(&self) -> Result<u32, CrlError> {
        let mut made = 0;
        for authority in self.own_authorities().await? {
            // An offline root's list is signed in a ceremony and imported.
            if self.config.offline_root && authority.issuer.name.is_root() {
                continue;
            }
            let shards = if authority.issuer.name.is_root() {
                1
            } else {
                self.config.crl_shards
            };
            for shard in 0..shards {
                if self.is_due(authority.issuer.name, shard).await? {
                    self.publish(&authority, shard).await?;
                    made += 1;
                }
            }
        }
        Ok(made)
    }

    /// The newest list of that part.
    pub(crate) async fn newest_crl(&self, issuer: AuthorityName, shard: u32) -> Result<Option<Published>, DbError> {
        let row = self
            .cx
            .db
            .opt(
                "SELECT der, this_update, next_update FROM crl WHERE issuer = $1 AND shard = $2 ORDER BY number DESC LIMIT 1",
                params![issuer.as_str(), shard],
            )
            .await?;
        let read = |row: Row| {
            Ok(Published {
                der: row.get("der")?,
                this_update: row.get("this_update")?,
                next_update: row.get("next_update")?,
            })
        };
        row.map(read).transpose()
    }

    async fn is_due(&self, issuer: AuthorityName, shard: u32) -> Result<bool, DbError> {
        let Some(newest) = self.newest_crl(issuer, shard).await? else {
            return Ok(true);
        };
        let half = newest.next_update.since(newest.this_update) / 2;
        if self.cx.now().since(newest.this_update) >= half {
            return Ok(true);
        }
        let news = self
            .cx
            .db
            .opt(
                "SELECT s.serial FROM certificate_status s JOIN certificate c ON c.issuer = s.issuer AND c.serial = s.serial
                 WHERE s.issuer = $1 AND c.shard = $2 AND s.at >= $3 LIMIT 1",
                params![issuer.as_str(), shard, newest.this_update.minus(COMMITTED_LATER)],
            )
            .await?;
        Ok(news.is_some())
    }

    async fn publish(&self, authority: &Authority, shard: u32) -> Result<(), CrlError> {
        let name = authority.issuer.name;
        // Lists have whole seconds; an event of this very second is on it, and on the next one.
        let this_update = Timestamp::from_seconds(self.cx.now().seconds());
        let lives = Duration::from_secs(if name.is_root() {
            u64::from(self.config.arl_days) * 86_400
        } else {
            u64::from(self.config.crl_hours) * 3_600
        });
        let next_update = this_update.plus(lives);
        let snapshot = self
            .cx
            .db
            .run("ca.crl_snapshot", |tx| async move { snapshot(&tx, name, shard).await })
            .await?;
        let number = snapshot.number;
        let der = self
            .signed_list(authority, shard, snapshot, this_update, next_update)
            .await?;
        let (cx, der) = (&self.cx, &der);
        cx.db
            .run("ca.crl_publish", |tx| async move {
                tx.exec(
                    "INSERT INTO crl (issuer, shard, number, this_update, next_update, der) VALUES ($1, $2, $3, $4, $5, $6)",
                    params![name.as_str(), shard, number, this_update, next_update, der],
                )
                .await?;
                let event = Event::new("crl.published", format!("{name}/{shard}"), json!({ "number": number }));
                audit::record(&tx, cx, &event).await?;
                Ok::<_, CrlError>(())
            })
            .await
    }

    async fn signed_list(
        &self,
        authority: &Authority,
        shard: u32,
        snapshot: Snapshot,
        this_update: Timestamp,
        next_update: Timestamp,
    ) -> Result<Vec<u8>, CrlError> {
        let issuer = &authority.issuer;
        let signature = issuer
            .key
            .algorithm_identifier()
            .ok_or(der::Error::from(der::ErrorKind::Failed))?;
        let is_root = issuer.name.is_root();
        let scope = IssuingDistributionPoint {
            distribution_point: Some(full_name(&address::crl(&self.config, issuer.name, shard))?),
            only_contains_user_certs: !is_root,
            only_contains_ca_certs: is_root,
            only_some_reasons: None,
            indirect_crl: false,
            only_contains_attribute_certs: false,
        };
        let authority_key = AuthorityKeyIdentifier {
            key_identifier: Some(OctetString::new(key_identifier(&issuer.key.spki)?)?),
            ..Default::default()
        };
        let number = Uint::new(&snapshot.number.to_be_bytes())?;
        let entries = snapshot
            .entries
            .iter()
            .map(|(serial, entry)| revoked(serial, *entry))
            .collect::<der::Result<Vec<_>>>()?;
        let list = TbsCertList {
            version: Version::V2,
            signature: signature.clone(),
            issuer: issuer.subject.clone(),
            this_update: time(this_update)?,
            next_update: Some(time(next_update)?),
            // Absent rather than empty (RFC 5280 section 5.1.2.6).
            revoked_certificates: (!entries.is_empty()).then_some(entries),
            crl_extensions: Some(vec![
                extension(oid::AUTHORITY_KEY_IDENTIFIER, false, &authority_key)?,
                extension(oid::CRL_NUMBER, false, &number)?,
                extension(oid::ISSUING_DISTRIBUTION_POINT, true, &scope)?,
            ]),
        };
        let tbs = Signable::list(&list)?;
        let octets = signing::sign(self.hsm.as_ref(), &issuer.key, &tbs).await?;
        let signed: CertificateList = CertificateList {
            tbs_cert_list: TbsCertList::from_der(tbs.der())?,
            signature_algorithm: signature,
            signature: BitString::from_bytes(&octets)?,
        };
        Ok(signed.to_der()?)
    }
}

fn revoked(serial: &[u8], (since, reason): (Timestamp, CrlReason)) -> der::Result<RevokedCert> {
    // Unspecified is told by silence (RFC 5280 section 5.3.1).
    let extensions = (reason != CrlReason::Unspecified)
        .then(|| extension(oid::CRL_REASON, false, &reason))
        .transpose()?;
    Ok(RevokedCert {
        serial_number: SerialNumber::new(serial)?,
        revocation_date: time(since)?,
        crl_entry_extensions: extensions.map(|e| vec![e]),
    })
}

/// Number and contents in one transaction: a later number never says less. Entries stay for good, past expiry too.
async fn snapshot(tx: &Tx, issuer: AuthorityName, shard: u32) -> Result<Snapshot, DbError> {
    let row = tx
        .one(
            "INSERT INTO crl_number (issuer, shard, number) VALUES ($1, $2, 1)
             ON CONFLICT (issuer, shard) DO UPDATE SET number = crl_number.number + 1 RETURNING number",
            params![issuer.as_str(), shard],
        )
        .await?;
    let rows = tx
        .all(
            "SELECT s.serial, s.state, s.reason, s.at FROM certificate_status s
             JOIN certificate c ON c.issuer = s.issuer AND c.serial = s.serial
             WHERE s.issuer = $1 AND c.shard = $2 ORDER BY s.serial, s.sequence",
            params![issuer.as_str(), shard],
        )
        .await?;
    let mut histories: BTreeMap<Vec<u8>, Vec<Row>> = BTreeMap::new();
    for row in rows {
        histories.entry(row.get("serial")?).or_default().push(row);
    }
    let mut entries = BTreeMap::new();
    for (serial, history) in histories {
        if let Status::Revoked { since, reason } = Status::after(&history)? {
            entries.insert(serial, (since, reason));
        }
    }
    Ok(Snapshot {
        number: row.get("number")?,
        entries,
    })
}
