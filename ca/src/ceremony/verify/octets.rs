//! Certificates and the root's list, octet for octet: what was announced, what the file asks for, what the issuer signed.

use der::asn1::BitString;
use der::{Decode, Encode};
use signum_core::Timestamp;
use signum_pki::signature::verifies;
use x509_cert::Certificate;
use x509_cert::crl::{CertificateList, TbsCertList};

use super::Report;
use crate::authority::{AuthorityName, Issuer, SigningKey, own_key};
use crate::ceremony::linted::LintedAuthority;
use crate::ceremony::root_list;
use crate::ceremony::transcript::Deed;
use crate::profile;

pub(super) fn key_of(spki: &[u8]) -> Option<SigningKey> {
    let parsed = spki::SubjectPublicKeyInfoOwned::from_der(spki).ok()?;
    crate::authority::key_of(&crate::config::Config::default(), "", &parsed).ok()
}

pub(super) fn certificate_holds(
    report: &Report,
    issuer: Option<&Issuer>,
    name: AuthorityName,
    subject: &x509_cert::name::Name,
    days: i64,
    der: &[u8],
) -> Result<Vec<u8>, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let (tbs, at) = report
        .transcript
        .entries
        .iter()
        .find_map(|entry| match &entry.deed {
            Deed::CertificateLinted { authority, tbs, .. } if authority == name.as_str() => {
                Some((hex::decode(tbs).ok()?, entry.at.clone()))
            }
            _ => None,
        })
        .ok_or("the transcript does not tell of it")?;
    let parsed = Certificate::from_der(der).map_err(|e| said(&e))?;
    if parsed.tbs_certificate().to_der().map_err(|e| said(&e))? != tbs {
        return Err("not the octets that were linted".to_owned());
    }
    let spki = signum_pki::certificate::spki(&parsed).map_err(|e| said(&e))?;
    let own;
    let issuer = match issuer {
        Some(issuer) => issuer,
        None => {
            let config = &report.plan.config;
            own = Issuer {
                name,
                subject: parsed.tbs_certificate().subject().clone(),
                key: own_key(config, "", &parsed).map_err(|e| said(&e))?,
                validity: None,
                serial: None,
            };
            &own
        }
    };
    let when: der::DateTime = at.parse().map_err(|_| "its time")?;
    let when = Timestamp::from_seconds(i64::try_from(when.unix_duration().as_secs()).unwrap_or_default());
    let profile = profile::of_authority(name.role);
    LintedAuthority::lint(tbs.clone(), &report.plan.config, issuer, profile, when).map_err(|e| said(&e))?;
    let signature = parsed.signature().raw_bytes();
    if !verifies(&issuer.key.spki, parsed.signature_algorithm(), &tbs, signature) {
        return Err("its signature does not verify".to_owned());
    }
    let (from, to) = signum_pki::certificate::validity_seconds(&parsed);
    if parsed.tbs_certificate().subject() != subject || to - from + 1 != days * profile::DAY {
        return Err("not the name or the validity that the file asks for".to_owned());
    }
    Ok(spki)
}

pub(super) fn list_holds(report: &Report, issuer: &Issuer, der: &[u8]) -> Result<(), String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let list: CertificateList = CertificateList::from_der(der).map_err(|e| said(&e))?;
    let octets = list.tbs_cert_list.to_der().map_err(|e| said(&e))?;
    let (tbs, at) = report
        .transcript
        .entries
        .iter()
        .find_map(|entry| match &entry.deed {
            Deed::ListIntended { tbs, this_update, .. } => Some((tbs.clone(), this_update.clone())),
            _ => None,
        })
        .ok_or("the transcript does not tell of it")?;
    let planned = report.plan.work.list().ok_or("the file asks for none")?;
    let when: der::DateTime = at.parse().map_err(|_| "its time")?;
    let when = Timestamp::from_seconds(i64::try_from(when.unix_duration().as_secs()).unwrap_or_default());
    let (expected, _): (TbsCertList, _) =
        root_list::build(&report.plan.config, issuer, planned, when).map_err(|e| said(&e))?;
    if hex::encode(&octets) != tbs || expected.to_der().map_err(|e| said(&e))? != octets {
        return Err("does not say what the file asks for".to_owned());
    }
    let raw: BitString = list.signature.clone();
    match verifies(&issuer.key.spki, &list.signature_algorithm, &octets, raw.raw_bytes()) {
        true => Ok(()),
        false => Err("its signature does not verify".to_owned()),
    }
}
