//! The unit that stamps now, and what all its stamps have in common.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use der::{Decode, Encode};
use signum_core::{Timestamp, params};
use signum_pki::certificate::{is_valid_at, validity_seconds};
use signum_pki::oid;
use signum_pki::tsp::signing_certificate::SigningCertificateV2;
use x509_cert::Certificate;

use super::{TsaError, token};
use crate::Service;
use crate::authority::{AuthorityName, SigningKey, own_key};
use crate::profile::tsu;
use crate::tlv;

/// A new unit is in use, and a revoked one no longer, after this time.
const REMEMBERED: Duration = Duration::from_secs(5);

/// A time-stamping unit.
pub(super) struct Unit {
    pub key: SigningKey,
    pub parsed: Certificate,
    /// DER of the attribute signingCertificateV2.
    pub named: Vec<u8>,
    /// certificates of the SignedData: unit and authority, [0] IMPLICIT SET OF in DER's order.
    pub chain: Vec<u8>,
    /// DER AlgorithmIdentifier of its signatures.
    pub algorithm: Vec<u8>,
    /// DER IssuerAndSerialNumber.
    pub signer: Vec<u8>,
    read_at: Timestamp,
}

/// The unit as last read.
#[derive(Default)]
pub(crate) struct Units {
    last: Mutex<Option<Arc<Unit>>>,
    /// Held by the one who reads: the others wait for what that one finds.
    turn: tokio::sync::Mutex<()>,
}

impl Units {
    fn known(&self, now: Timestamp) -> Option<Arc<Unit>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let young = |unit: &&Arc<Unit>| unit.read_at <= now && now.since(unit.read_at) < REMEMBERED;
        last.as_ref().filter(young).filter(|unit| unit.is_usable(now)).cloned()
    }
}

impl Unit {
    /// Whether certificate and the key's period of use cover `now`.
    fn is_usable(&self, now: Timestamp) -> bool {
        let (from, _) = validity_seconds(&self.parsed);
        let used_for = tsu::PROFILE.private_key_usage.unwrap_or(tsu::PROFILE.longest);
        is_valid_at(&self.parsed, now.seconds()) && now.seconds() < from.saturating_add(used_for)
    }
}

impl Service {
    /// The newest unit that was not revoked, when its certificate is valid and its key's year is not over.
    pub(super) async fn unit(&self, stamping: AuthorityName, now: Timestamp) -> Result<Option<Arc<Unit>>, TsaError> {
        if let Some(unit) = self.units.known(now) {
            return Ok(Some(unit));
        }
        let _turn = self.units.turn.lock().await;
        if let Some(unit) = self.units.known(now) {
            return Ok(Some(unit));
        }
        let row = self
            .cx
            .db
            .opt(
                "SELECT c.key_label, c.certificate FROM certificate c WHERE c.holder = $1 AND c.certificate IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM certificate_status s WHERE s.issuer = c.issuer AND s.serial = c.serial)
                 ORDER BY c.not_before DESC, c.issued_at DESC LIMIT 1",
                params![tsu::holder(stamping)],
            )
            .await?;
        let authority = self.authority(stamping).await?;
        let tenure = self.tenure(&authority.issuer).await?;
        let Some(row) = row.filter(|_| tenure.may_answer()) else {
            return Ok(None);
        };
        let (label, certificate): (String, Vec<u8>) = (row.get("key_label")?, row.get("certificate")?);
        let unit = Arc::new(self.read_unit(&label, &certificate, &authority.certificate, now)?);
        // One that an authority before this one certified is none of its own.
        if unit.parsed.tbs_certificate().issuer() != &authority.issuer.subject {
            return Ok(None);
        }
        *self.units.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&unit));
        Ok(Some(unit).filter(|unit| unit.is_usable(now)))
    }

    fn read_unit(&self, label: &str, der: &[u8], authority: &[u8], now: Timestamp) -> Result<Unit, TsaError> {
        let parsed = Certificate::from_der(der)?;
        let key = own_key(&self.config, label, &parsed)?;
        let tbs = parsed.tbs_certificate();
        let named = SigningCertificateV2::sha256(der, tbs.issuer().clone(), tbs.serial_number().clone())?;
        let algorithm = key
            .algorithm_identifier()
            .ok_or(der::Error::from(der::ErrorKind::Failed))?;
        let mut issuer_and_serial = tbs.issuer().to_der()?;
        issuer_and_serial.extend(tbs.serial_number().to_der()?);
        let mut signer = Vec::new();
        tlv::value(&mut signer, tlv::SEQUENCE, &issuer_and_serial);
        Ok(Unit {
            named: token::attribute(oid::SIGNING_CERTIFICATE_V2, &named.to_der()?)?,
            chain: token::set(tlv::CONTEXT_0, vec![der.to_vec(), authority.to_vec()]),
            algorithm: algorithm.to_der()?,
            signer,
            key,
            parsed,
            read_at: now,
        })
    }
}
