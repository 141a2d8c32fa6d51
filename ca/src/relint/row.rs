//! One certificate as it is stored, and what its own octets must be.

use der::{Decode, Encode};
use openssl::x509::X509;
use sha2::{Digest, Sha256};
use signum_core::db::Row;
use signum_core::{DbError, Timestamp};

use super::issuers::Known;
use crate::config::{Config, Qscd};
use crate::lint::{self, Context};
use crate::profile;
use crate::tbs::SignedCertificate;

pub(super) struct StoredCertificate {
    pub issuer: String,
    serial: Vec<u8>,
    profile: String,
    /// The time by which the linter judged it.
    linted_at: Timestamp,
    issued_at: Timestamp,
    tbs: Vec<u8>,
    certificate: Vec<u8>,
    /// NULL in rows older than the column: then the key's statement tells.
    in_qscd: Option<bool>,
    has_statement: bool,
}

impl StoredCertificate {
    pub fn read(row: &Row) -> Result<Self, DbError> {
        // One that was imported was made elsewhere, at a time that only its notBefore tells.
        let was_reserved = row.get::<Option<Vec<u8>>>("intent_of")?.is_some();
        let linted_at = if was_reserved { "reserved_at" } else { "not_before" };
        Ok(Self {
            issuer: row.get("issuer")?,
            serial: row.get("serial")?,
            profile: row.get("profile")?,
            linted_at: row.get(linted_at)?,
            issued_at: row.get("issued_at")?,
            tbs: row.get("tbs")?,
            certificate: row.get("certificate")?,
            in_qscd: row.get("in_qscd")?,
            has_statement: row.get::<Option<Vec<u8>>>("key_statement")?.is_some(),
        })
    }

    /// As the audit log calls it.
    pub fn subject(&self) -> String {
        format!("{}:{}", self.issuer, hex::encode(&self.serial))
    }

    /// Its place in the order of reading.
    pub fn place(&self) -> (Timestamp, String, Vec<u8>) {
        (self.issued_at, self.issuer.clone(), self.serial.clone())
    }

    pub fn sha256(&self) -> String {
        hex::encode(Sha256::digest(&self.certificate))
    }

    /// Every rule that it breaks, ours of the record first.
    pub fn broken_rules(&self, config: &Config, issuers: &[Known]) -> Vec<&'static str> {
        let Some(tbs) = self.octets() else {
            return vec!["certificate_malformed"];
        };
        let mut broken = Vec::new();
        if tbs != self.tbs {
            broken.push("octets_other_than_linted");
        }
        let parsed = X509::from_der(&self.certificate).ok();
        let serial = parsed.as_ref().and_then(|c| c.serial_number().to_bn().ok());
        if serial.is_none_or(|serial| serial.to_vec() != self.serial) {
            broken.push("serial_other_than_reserved");
        }
        let signed_by = |known: &&Known| parsed.as_ref().is_some_and(|c| c.verify(&known.key).unwrap_or(false));
        let signer = issuers.iter().find(signed_by);
        if signer.is_none() {
            broken.push("signature");
        }
        let (Some(known), Some(profile)) = (signer.or(issuers.first()), profile::by_id(&self.profile)) else {
            broken.push("issuer_or_profile_unknown");
            return broken;
        };
        let context = Context {
            config,
            issuer: known.judging(profile),
            profile,
            in_qscd: self.in_qscd.unwrap_or(self.has_statement && config.qscd != Qscd::None),
            now: self.linted_at,
        };
        if let Err(findings) = lint::lint(&tbs, &context) {
            broken.extend(findings.iter().map(|finding| finding.rule));
        }
        broken
    }

    /// The TBSCertificate inside, in its own octets.
    fn octets(&self) -> Option<Vec<u8>> {
        SignedCertificate::from_der(&self.certificate).ok()?.tbs.to_der().ok()
    }
}
