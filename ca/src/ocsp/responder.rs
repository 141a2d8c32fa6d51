//! The delegated keys of an authority, and what is asked of them all the time (RFC 6960 section 4.2.2.2).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use der::{Decode, Encode};
use signum_core::{DbError, Timestamp, params};
use signum_pki::certificate::{is_valid_at, validity_seconds};
use signum_pki::ocsp::verify::key_hash;
use x509_cert::Certificate;
use x509_cert::ext::pkix::CrlReason;

use super::OcspError;
use super::question::Plain;
use crate::Service;
use crate::authority::{Authority, AuthorityName, SigningKey, Tenure, own_key};
use crate::issue::IssueError;
use crate::status::Status;
use crate::tlv;

/// A new responder is in use everywhere after this time.
const REMEMBERED: Duration = Duration::from_secs(60);

/// A replica may sign for so long after an authority's revocation as if it did not know of it.
pub(super) const LEARNT: Duration = Duration::from_secs(5);

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
    pub tenure: Tenure,
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

    /// What a certificate's own status means under an authority that may be revoked itself: RFC 6960 section 2.7, and nothing
    /// that such an authority certified is good any more.
    pub fn judged(&self, own: Status) -> Status {
        match (self.tenure.revoked, own) {
            (Some((since, reason)), Status::Good) => Status::Revoked { since, reason },
            (
                Some((_, reason)),
                Status::Revoked {
                    since,
                    reason: CrlReason::CertificateHold,
                },
            ) => Status::Revoked { since, reason },
            (_, own) => own,
        }
    }

    /// Whether an answer that was signed before may still be told: it must know what became of the authority.
    pub fn knows(&self, this_update: Timestamp) -> bool {
        self.tenure
            .revoked
            .is_none_or(|(since, _)| this_update > since.plus(LEARNT))
    }

    /// Nobody answers for an authority whose last list is published.
    pub fn is_closed(&self, now: Timestamp) -> bool {
        self.tenure.has_ended && self.signer(now).is_none()
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

    /// Says whether the authority stands otherwise than it was known to.
    fn keep(&self, office: &Arc<Office>) -> bool {
        let mut offices = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = offices.insert(office.authority.issuer.name, Arc::clone(office));
        before.is_some_and(|before| before.tenure != office.tenure)
    }

    /// After a change of a responder's own status, or of an authority's, which a root has issued. Says whether there was one.
    pub fn forget(&self, serial: &[u8], is_of_root: bool) -> bool {
        let mut offices = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = offices.len();
        offices.retain(|_, office| {
            !is_of_root
                && office.authority.issuer.serial.as_deref() != Some(serial)
                && office.responders.iter().all(|responder| responder.serial != serial)
        });
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
        self.read_office(name, now).await
    }

    /// As the database says now.
    pub(super) async fn read_office(&self, name: AuthorityName, now: Timestamp) -> Result<Arc<Office>, OcspError> {
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
            let responder = self.read_responder(row.get("serial")?, &label, &certificate)?;
            // Its predecessor's were certified by another key (RFC 6960 section 4.2.2.2).
            if responder.parsed.tbs_certificate().issuer() == &authority.issuer.subject {
                responders.push(Arc::new(responder));
            }
        }
        let office = Arc::new(Office {
            tenure: self.tenure(&authority.issuer).await?,
            plain: Arc::new(Plain::of(&authority.parsed)?),
            authority,
            responders,
            read_at: now,
        });
        if self.ocsp.offices.keep(&office) {
            self.ocsp.cache.clear();
        }
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
