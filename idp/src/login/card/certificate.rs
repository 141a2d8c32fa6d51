//! What an authentication certificate must be (RFC 5280 sections 4.2.1.3, 4.2.1.4 and 4.2.1.12): a key that signs challenges and
//! no documents, for clients, under an accepted policy, within its dates, issued by a configured authority.

use sha2::{Digest, Sha256};
use signum_core::Timestamp;
use signum_pki::certificate::{spki, validity_seconds};
use signum_pki::chain::{ChainError, Purpose, Validation};
use signum_pki::oid;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::{CertificatePolicies, ExtendedKeyUsage, KeyUsage};

use super::refusal::Refusal;
use super::settings::{Issuer, Policies};
use crate::level::Level;

/// An authentication certificate by its own words; who issued it is not yet known.
pub(crate) struct Authentic {
    pub der: Vec<u8>,
    pub parsed: Certificate,
    /// SubjectPublicKeyInfo, DER.
    pub spki: Vec<u8>,
    /// What its policies stand for.
    pub level: Level,
    pub not_after: Timestamp,
}

impl Authentic {
    pub(super) fn read(der: &[u8], policies: &Policies, now: i64) -> Result<Self, Refusal> {
        let parsed = Certificate::from_der(der).map_err(|_| Refusal::CertificateMalformed)?;
        let spki = spki(&parsed).map_err(|_| Refusal::CertificateMalformed)?;
        check_usage(&parsed)?;
        let level = policy_level(&parsed, policies)?;
        let (from, to) = validity_seconds(&parsed);
        if now < from {
            return Err(Refusal::NotYetValid);
        }
        if now > to {
            return Err(Refusal::Expired);
        }
        Ok(Self {
            der: der.to_vec(),
            parsed,
            spki,
            level,
            not_after: Timestamp::from_seconds(to),
        })
    }

    /// Under which the card is remembered, and suspended: SHA-256 of SubjectPublicKeyInfo. Anybody can make another certificate of
    /// this one, (r, n - s) being as good an ECDSA signature as (r, s); of its key nobody can. (Migration 0012, which cannot be
    /// edited any more, speaks of the certificate.)
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.spki).into()
    }

    /// Of these very octets, for what the responder said of them.
    pub(super) fn octets_hash(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }
}

/// digitalSignature, and nothing by which the key's holder would be bound: the other certificate of the card is for that.
fn check_usage(certificate: &Certificate) -> Result<(), Refusal> {
    let tbs = certificate.tbs_certificate();
    match tbs.get_extension::<KeyUsage>() {
        Ok(Some((_, usage))) if usage.non_repudiation() => return Err(Refusal::SigningCertificate),
        Ok(Some((_, usage))) if usage.digital_signature() && !usage.key_cert_sign() => {}
        _ => return Err(Refusal::KeyUsage),
    }
    match tbs.get_extension::<ExtendedKeyUsage>() {
        Ok(None) => Ok(()),
        Ok(Some((_, purposes))) if purposes.0.contains(&oid::CLIENT_AUTH) => Ok(()),
        _ => Err(Refusal::ExtendedKeyUsage),
    }
}

/// The lowest level that an accepted policy of the certificate stands for.
fn policy_level(certificate: &Certificate, policies: &Policies) -> Result<Level, Refusal> {
    let found = certificate.tbs_certificate().get_extension::<CertificatePolicies>();
    let Ok(Some((_, found))) = found else {
        return Err(Refusal::Policies);
    };
    let named: Vec<_> = found.0.iter().map(|policy| policy.policy_identifier).collect();
    if named.iter().any(|policy| policies.disallowed.contains(policy)) {
        return Err(Refusal::PolicyDisallowed);
    }
    let accepted = policies.accepted.iter().filter(|(policy, _)| named.contains(policy));
    accepted.map(|(_, level)| *level).min().ok_or(Refusal::PolicyUnknown)
}

/// The authority that issued this certificate, which has to be issued directly and for clients.
pub(super) fn issuer_of<'i>(der: &[u8], issuers: &'i [Issuer], now: i64) -> Result<&'i Issuer, Refusal> {
    let mut nearest = ChainError::NoPath;
    for issuer in issuers {
        match chain(der, &issuer.certificate, Purpose::ClientAuth, now) {
            Ok(()) => return Ok(issuer),
            Err(error) => nearest = nearest.max(error),
        }
    }
    Err(match nearest {
        ChainError::Expired => Refusal::Expired,
        ChainError::NotYetValid => Refusal::NotYetValid,
        _ => Refusal::Untrusted,
    })
}

/// The same for whatever purpose.
pub(super) fn is_issued_by(der: &[u8], authority: &[u8], now: i64) -> bool {
    chain(der, authority, Purpose::Any, now).is_ok()
}

fn chain(der: &[u8], authority: &[u8], purpose: Purpose, now: i64) -> Result<(), ChainError> {
    Validation::new(purpose, now).check(der, &[], &[authority.to_vec()])
}
