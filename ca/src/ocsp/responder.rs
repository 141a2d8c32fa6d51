//! The delegated keys of an authority, and what is asked of them all the time (RFC 6960 section 4.2.2.2).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use der::{Decode, Encode};
use signum_core::{DbError, Timestamp, params};
use signum_pki::certificate::{is_valid_at, validity_seconds};
use signum_pki::ocsp::verify::key_hash;
use x509_cert::Certificate;

use super::OcspError;
use super::question::Plain;
use crate::Service;
use crate::authority::{Authority, AuthorityName, SigningKey, own_key};
use crate::issue::IssueError;
use crate::tlv;

/// A new responder is in use everywhere after this time.
const REMEMBERED: Duration = Duration::from_secs(60);

/// One responder.
pub(super) struct Responder {
    /// Of its certificate.
    pub serial: Vec<u8>,
    pub key: SigningKey,
    /// KeyHash of RFC 6960 section 4.2.1.
    pub key_hash: Vec<u8>,
    pub not_after: Timestamp,
    parsed: Certificate,
    /// The certificates of its answers: [0] EXPLICIT SEQUENCE OF, as it stands there.
    pub certificates: Vec<u8>,
    /// DER AlgorithmIdentifier of its signatures.
    pub algorithm: Vec<u8>,
}

/// An authority with its responders, newest first; all are valid, and none has been revoked.
pub(super) struct Office {
    pub authority: Arc<Authority>,
    pub plain: Arc<Plain>,
    pub responders: Vec<Arc<Responder>>,
    read_at: Timestamp,
}

impl Office {
    /// Who signs now.
    pub fn signer(&self, now: Timestamp) -> Option<&Arc<Responder>> {
        self.responders.iter().find(|responder| responder.is_valid(now))
    }

    /// The responder whose answers may still be given.
    pub fn by_serial(&self, serial: &[u8], now: Timestamp) -> Option<&Arc<Responder>> {
        let known = self.responders.iter().find(|responder| responder.serial == serial);
        known.filter(|responder| responder.is_valid(now))
    }
}

/// The offices of this process, as last read.
#[derive(Default)]
pub(super) struct Offices {
    known: Mutex<BTreeMap<AuthorityName, Arc<Office>>>,
    /// Held by the one who reads: the others wait for what that one finds.
    turn: tokio::sync::Mutex<()>,
}

impl Offices {
    pub fn known(&self, name: AuthorityName, now: Timestamp) -> Option<Arc<Office>> {
        let offices = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let office = offices.get(&name)?;
        let young = office.read_at <= now && now.since(office.read_at) < REMEMBERED;
        // Without a valid one the next may be there any moment.
        (young && office.signer(now).is_some()).then(|| Arc::clone(office))
    }

    fn keep(&self, office: &Arc<Office>) {
        let mut offices = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        offices.insert(office.authority.issuer.name, Arc::clone(office));
    }

    /// After a change of a responder's own status. Says whether there was one.
    pub fn forget_responder(&self, serial: &[u8]) -> bool {
        let mut offices = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = offices.len();
        offices.retain(|_, office| office.responders.iter().all(|responder| responder.serial != serial));
        offices.len() < before
    }
}

impl Service {
    pub(super) async fn office(&self, name: AuthorityName, now: Timestamp) -> Result<Arc<Office>, OcspError> {
        if let Some(office) = self.ocsp.offices.known(name, now) {
            return Ok(office);
        }
        let _turn = self.ocsp.offices.turn.lock().await;
        if let Some(office) = self.ocsp.offices.known(name, now) {
            return Ok(office);
        }
        let authority = self.authority(name).await?;
        let rows = self
            .cx
            .db
            .all(
                "SELECT c.serial, c.key_label, c.certificate FROM certificate c WHERE c.holder = $1 AND c.certificate IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM certificate_status s WHERE s.issuer = c.issuer AND s.serial = c.serial)
                 ORDER BY c.not_before DESC, c.issued_at DESC LIMIT 4",
                params![format!("ocsp-{name}")],
            )
            .await?;
        let mut responders = Vec::new();
        for row in rows {
            let certificate: Vec<u8> = row.get("certificate")?;
            let label: String = row.get("key_label")?;
            responders.push(Arc::new(self.read_responder(
                row.get("serial")?,
                &label,
                &certificate,
            )?));
        }
        let office = Arc::new(Office {
            plain: Arc::new(Plain::of(&authority.parsed)?),
            authority,
            responders,
            read_at: now,
        });
        self.ocsp.offices.keep(&office);
        Ok(office)
    }

    fn read_responder(&self, serial: Vec<u8>, label: &str, certificate: &[u8]) -> Result<Responder, OcspError> {
        let parsed = Certificate::from_der(certificate)?;
        let key = own_key(&self.config, label, &parsed)?;
        let algorithm = key
            .algorithm_identifier()
            .ok_or(der::Error::from(der::ErrorKind::Failed))?;
        let mut list = Vec::new();
        tlv::value(&mut list, tlv::SEQUENCE, certificate);
        let mut certificates = Vec::new();
        tlv::value(&mut certificates, tlv::CONTEXT_0, &list);
        let unreadable = DbError::Column {
            column: "certificate".to_owned(),
            problem: "a responder's key has no hash".to_owned(),
        };
        Ok(Responder {
            serial,
            key,
            key_hash: key_hash(&parsed).ok_or(IssueError::Db(unreadable))?,
            not_after: Timestamp::from_seconds(validity_seconds(&parsed).1),
            algorithm: algorithm.to_der()?,
            parsed,
            certificates,
        })
    }
}

impl Responder {
    fn is_valid(&self, now: Timestamp) -> bool {
        is_valid_at(&self.parsed, now.seconds())
    }
}
