//! Our authorities as the certificates of a day may have been signed by them: every generation under a name.

use std::collections::HashMap;

use openssl::pkey::{PKey, Public};
use signum_core::params;

use crate::Service;
use crate::authority::{Authority, AuthorityName, Issuer};
use crate::issue::IssueError;
use crate::profile::{self, Profile};

/// One authority's certificate.
pub(super) struct Known {
    issuer: Issuer,
    /// The same before it had a certificate, as it judged its own.
    self_issued: Issuer,
    pub key: PKey<Public>,
}

impl Known {
    /// The issuer as the linter saw it: a root that makes its own certificate has no period yet.
    pub fn judging(&self, profile: &Profile) -> &Issuer {
        match profile.id == profile::root::PROFILE.id {
            true => &self.self_issued,
            false => &self.issuer,
        }
    }
}

/// Read once each.
#[derive(Default)]
pub(super) struct Issuers(HashMap<String, Vec<Known>>);

impl Issuers {
    /// The newest first.
    pub async fn of(&mut self, service: &Service, name: &str) -> Result<&[Known], IssueError> {
        if !self.0.contains_key(name) {
            let read = read(service, name).await?;
            self.0.insert(name.to_owned(), read);
        }
        Ok(self.0.get(name).map(Vec::as_slice).unwrap_or_default())
    }
}

async fn read(service: &Service, name: &str) -> Result<Vec<Known>, IssueError> {
    let Some(authority) = AuthorityName::parse(name) else {
        return Ok(Vec::new());
    };
    let rows = service
        .cx
        .db
        .all(
            "SELECT key_label, certificate FROM certificate WHERE holder = $1 AND certificate IS NOT NULL
             ORDER BY not_before DESC, issued_at DESC",
            params![name],
        )
        .await?;
    let mut known = Vec::new();
    for row in rows {
        let label: String = row.get("key_label")?;
        let issuer = Authority::from_stored(authority, &service.config, &label, row.get("certificate")?)?.issuer;
        let Ok(key) = PKey::public_key_from_der(&issuer.key.spki) else {
            continue;
        };
        let self_issued = Issuer {
            validity: None,
            ..issuer.clone()
        };
        known.push(Known {
            issuer,
            self_issued,
            key,
        });
    }
    Ok(known)
}
