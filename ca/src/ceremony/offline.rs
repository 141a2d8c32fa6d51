//! The service while the root's key lies elsewhere: its authorities come by import, its root's list too, and both are watched.

use std::sync::Arc;
use std::time::Duration;

use signum_core::jobs::Job;
use signum_core::{DbError, Timestamp, params};

use super::development::{CeremonyError, Step, not_held};
use crate::Service;
use crate::authority::{AuthorityName, Role};
use crate::issue::IssueError;

/// An operator hears of the root's list when it holds for less than this.
const ALARM: Duration = Duration::from_secs(30 * 86_400);

/// A revoked CA or list entry, as a draft needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedAuthority {
    pub serial: Vec<u8>,
    pub at: Timestamp,
    pub reason: i64,
}

/// What a ceremony of the offline root must know of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootState {
    /// DER.
    pub certificate: Vec<u8>,
    pub common_name: String,
    pub label: String,
    pub next_list: i64,
    pub revoked: Vec<RevokedAuthority>,
    /// Authority and serial number of the issuing CAs in force.
    pub issuing: Vec<(&'static str, Vec<u8>, Vec<u8>)>,
}

impl Service {
    /// The start with an offline root: every authority was imported, and the token has the key of each but the root's.
    pub(super) async fn imported_authorities(&self) -> Result<Vec<Step>, CeremonyError> {
        let mut steps = Vec::new();
        for role in Role::ALL {
            let name = role.of(self.config.algorithms);
            let Some(known) = self.find_authority(name).await.map_err(not_held)? else {
                return Err(CeremonyError::NotImported(name.as_str()));
            };
            let (label, certificate) = (known.issuer.key.uri.object.clone(), known.certificate.clone());
            let has_ended = self
                .tenure(&known.issuer)
                .await
                .map_err(|e| not_held(e.into()))?
                .has_ended;
            // The key of an authority that has ended is destroyed, as it must be.
            steps.push(match name.is_root() || has_ended {
                true => self.step(name.as_str(), &label, &known.issuer.key.spki, certificate, false),
                false => self.found(name.as_str(), &label, certificate).await?,
            });
        }
        Ok(steps)
    }

    /// How long the root's newest list still holds; none before the first.
    pub async fn root_list_left(&self) -> Result<Option<Duration>, DbError> {
        let root = Role::Root.of(self.config.algorithms);
        let newest = self.newest_crl(root, 0).await?;
        Ok(newest.map(|list| list.next_update.since(self.cx.now())))
    }

    /// For core's job runner.
    pub(crate) fn root_list_job(self: &Arc<Self>) -> Job {
        let service = Arc::clone(self);
        Job::new("ca.root_list", Duration::from_secs(6 * 3600), move || {
            let service = Arc::clone(&service);
            async move { service.watch_root_list().await }
        })
    }

    /// Tells the operator in time; relying parties refuse every certificate once the list has ended.
    pub async fn watch_root_list(&self) -> Result<(), DbError> {
        let Some(left) = self.root_list_left().await? else {
            return Ok(());
        };
        metrics::gauge!("ca_root_list_seconds_left").set(left.as_secs_f64());
        if left < ALARM {
            let days = left.as_secs() / 86_400;
            tracing::error!(days, "the root's list ends: hold a ceremony of kind root-list");
        }
        Ok(())
    }

    /// For a draft on the online side.
    pub async fn root_state(&self) -> Result<RootState, IssueError> {
        let root = self.authority(Role::Root.of(self.config.algorithms)).await?;
        let name = root.issuer.name;
        let rows = self
            .cx
            .db
            .all(
                "SELECT serial, reason, at FROM certificate_status WHERE issuer = $1 AND state = 'revoked' ORDER BY serial",
                params![name.as_str()],
            )
            .await?;
        let mut revoked = Vec::new();
        for row in rows {
            revoked.push(RevokedAuthority {
                serial: row.get("serial")?,
                at: row.get("at")?,
                reason: row.get("reason")?,
            });
        }
        let number = self
            .cx
            .db
            .opt(
                "SELECT number FROM crl_number WHERE issuer = $1 AND shard = 0",
                params![name.as_str()],
            )
            .await?;
        let number: i64 = number.map_or(Ok(0), |row| row.get("number"))?;
        let mut issuing = Vec::new();
        for other in AuthorityName::all().filter(|other| !other.is_root() && other.root() == name) {
            if let Some(found) = self.find_authority(other).await? {
                let serial = found.parsed.tbs_certificate().serial_number().as_bytes().to_vec();
                issuing.push((other.as_str(), serial, found.certificate.clone()));
            }
        }
        Ok(RootState {
            common_name: common_name(&root.issuer.subject),
            certificate: root.certificate.clone(),
            label: root.issuer.key.uri.object.clone(),
            next_list: number + 1,
            revoked,
            issuing,
        })
    }
}

pub(super) fn common_name(name: &x509_cert::name::Name) -> String {
    let text = |value: &der::asn1::Any| String::from_utf8(value.value().to_vec()).unwrap_or_default();
    name.iter()
        .find(|attribute| attribute.oid == signum_pki::oid::COMMON_NAME)
        .map(|attribute| text(&attribute.value))
        .unwrap_or_default()
}
