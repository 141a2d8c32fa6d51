//! Full CRLs of the issuing CAs and the root's list of CAs: RFC 5280 section 5, EN 319 411-1 section 6.3.9, C-01, C-02.

mod last;
mod list;
mod snapshot;
mod store;

use std::time::Duration;

use der::asn1::{OctetString, Uint};
use signum_core::{DbError, Timestamp, params};
use signum_hsm_shim::HsmError;
use signum_pki::certificate::{key_identifier, validity_seconds};
use signum_pki::oid;
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, IssuingDistributionPoint};

use crate::Service;
use crate::authority::{Authority, AuthorityName, Role, address};
use crate::issue::IssueError;
use crate::signing;
use crate::tbs::{extension, full_name, generalized_time};
use list::Frame;
use store::New;

pub(crate) use list::ToBeSigned;
pub(crate) use store::Published;

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
    /// A last list waits for the end of every certificate.
    #[error("{0} certificates are neither expired nor revoked")]
    StillValid(i64),
    #[error("{0} has no part {1}, or its last list is published")]
    NoPart(AuthorityName, u32),
}

signum_core::retry_on_db_conflict!(CrlError);

/// A change may be committed this much after the time it bears, and so be missing from a list of that time.
const COMMITTED_LATER: Duration = Duration::from_secs(30);

/// 99991231235959Z.
pub(crate) const NO_END: Timestamp = Timestamp::from_seconds(253_402_300_799);

impl Service {
    /// Publishes every list that has news, or has lived half its time. Returns how many were made.
    pub async fn publish_due_crls(&self) -> Result<u32, CrlError> {
        let mut made = 0;
        for authority in self.own_authorities().await? {
            // An offline root's list is signed in a ceremony and imported.
            if self.config.offline_root && authority.issuer.name.is_root() {
                continue;
            }
            for shard in 0..self.shards_of(authority.issuer.name) {
                if self.is_due(authority.issuer.name, shard).await? {
                    self.publish(&authority, shard, None).await?;
                    made += 1;
                }
            }
        }
        Ok(made)
    }

    /// Publishes one list now, due or not. Returns its number.
    pub async fn publish_crl(&self, issuer: AuthorityName, shard: u32) -> Result<i64, CrlError> {
        let ended = self
            .newest_crl(issuer, shard)
            .await?
            .is_some_and(|newest| newest.is_last());
        if ended || shard >= self.shards_of(issuer) {
            return Err(CrlError::NoPart(issuer, shard));
        }
        let authority = self.authority(issuer).await?;
        self.publish(&authority, shard, None).await
    }

    fn shards_of(&self, issuer: AuthorityName) -> u32 {
        if issuer.is_root() { 1 } else { self.config.crl_shards }
    }

    async fn is_due(&self, issuer: AuthorityName, shard: u32) -> Result<bool, DbError> {
        let Some(newest) = self.newest_crl(issuer, shard).await? else {
            return Ok(true);
        };
        if newest.is_last() {
            return Ok(false);
        }
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

    async fn publish(&self, authority: &Authority, shard: u32, until: Option<Timestamp>) -> Result<i64, CrlError> {
        let name = authority.issuer.name;
        // Lists have whole seconds; an event of this very second is on it, and on the next one.
        let this_update = Timestamp::from_seconds(self.cx.now().seconds());
        let lives = Duration::from_secs(if name.is_root() {
            u64::from(self.config.arl_days) * 86_400
        } else {
            u64::from(self.config.crl_hours) * 3_600
        });
        let next_update = until.unwrap_or_else(|| this_update.plus(lives));
        let ended_before = self.dropped(name, shard).await?;
        let snapshot = self
            .cx
            .db
            .run("ca.crl_snapshot", |tx| async move {
                snapshot::read(&tx, name, shard, ended_before).await
            })
            .await?;
        let (number, entries) = (snapshot.number, snapshot.entries.count);
        let algorithm = authority.issuer.key.algorithm_identifier();
        let frame = Frame {
            algorithm: &algorithm.ok_or(der::Error::from(der::ErrorKind::Failed))?,
            issuer: &authority.issuer.subject,
            this_update,
            next_update,
            extensions: self.list_extensions(authority, shard, number)?,
        };
        let list = ToBeSigned::new(&frame, snapshot.entries)?;
        let signature = signing::sign_list(self.hsm.as_ref(), &authority.issuer.key, &list).await?;
        let new = New {
            issuer: name,
            shard,
            number,
            this_update,
            next_update,
            entries,
            parts: list.signed(&signature),
        };
        self.store_crl(&new).await?;
        metrics::counter!("ca_crls_published_total", "ca" => name.as_str()).increment(1);
        Ok(number)
    }

    /// Certificates that ended before this moment are left out of the next list: they were on one that was published after
    /// their end (RFC 5280 section 3.3). The authorities of signatures, seals and time stamps never leave any out.
    async fn dropped(&self, issuer: AuthorityName, shard: u32) -> Result<Timestamp, DbError> {
        if keeps_expired(issuer) {
            return Ok(Timestamp(i64::MIN));
        }
        let newest = self.newest_crl(issuer, shard).await?;
        Ok(newest.map_or(Timestamp(i64::MIN), |newest| newest.this_update))
    }

    fn list_extensions(&self, authority: &Authority, shard: u32, number: i64) -> der::Result<Extensions> {
        let issuer = &authority.issuer;
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
        let mut extensions = vec![
            extension(oid::AUTHORITY_KEY_IDENTIFIER, false, &authority_key)?,
            extension(oid::CRL_NUMBER, false, &Uint::new(&number.to_be_bytes())?)?,
            extension(oid::ISSUING_DISTRIBUTION_POINT, true, &scope)?,
        ];
        if keeps_expired(issuer.name) {
            let since = Timestamp::from_seconds(validity_seconds(&authority.parsed).0);
            extensions.push(extension(oid::EXPIRED_CERTS_ON_CRL, false, &generalized_time(since)?)?);
        }
        Ok(extensions)
    }
}

/// EN 319 411-2 section 6.3.9: what was relied upon outlives the certificate, and so does its revocation (expiredCertsOnCRL,
/// ITU-T X.509 section 9.5.2.8). Log-ins and TLS connections are over with theirs.
fn keeps_expired(issuer: AuthorityName) -> bool {
    !matches!(issuer.role, Role::Auth | Role::Tls)
}
