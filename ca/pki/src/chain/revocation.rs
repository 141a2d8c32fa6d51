//! Revocation by complete lists of the issuer itself (RFC 5280 section 6.3); indirect, partial-reason and delta lists are
//! not processed and count as absent.

use der::{Decode, Encode};
use spki::ObjectIdentifier;
use x509_cert::crl::CertificateList;
use x509_cert::ext::pkix::crl::CrlNumber;
use x509_cert::ext::pkix::crl::dp::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::{Extension, Extensions};
use x509_cert::time::Time;

use super::ChainError;
use super::budget::Budget;
use super::build::Path;
use super::member::{Member, Signed};
use crate::oid;

/// Every certificate but the root must be on no list, and on the subject matter of one that is valid now.
pub(super) fn check(path: &Path<'_>, lists: &[Vec<u8>], now: i64, budget: &mut Budget) -> Result<(), ChainError> {
    for pair in path.windows(2) {
        let [member, issuer] = pair else {
            continue;
        };
        let mut covered = false;
        for list in lists {
            match covers(list, member, issuer, now, budget) {
                Ok(list) => {
                    if is_listed(&list, member)? {
                        return Err(ChainError::Revoked);
                    }
                    covered = true;
                }
                Err(fatal @ ChainError::Budget(_)) => return Err(fatal),
                Err(_) => {}
            }
        }
        if !covered {
            return Err(ChainError::RevocationUnknown);
        }
    }
    Ok(())
}

/// The list, when it is the issuer's, valid, and about such certificates.
fn covers(
    der: &[u8],
    member: &Member,
    issuer: &Member,
    now: i64,
    budget: &mut Budget,
) -> Result<CertificateList, ChainError> {
    let unfit = ChainError::RevocationUnknown;
    let signed = Signed::from_der(der).map_err(|_| unfit)?;
    let list = CertificateList::<x509_cert::certificate::Rfc5280>::from_der(der).map_err(|_| unfit)?;
    let tbs = &list.tbs_cert_list;
    if tbs.issuer.to_der().map_err(|_| unfit)? != member.issuer {
        return Err(unfit);
    }
    // Section 6.3.3 (f): absent, keyUsage forbids nothing.
    if issuer.extensions()?.key_usage.is_some_and(|usage| !usage.crl_sign()) {
        return Err(unfit);
    }
    let next_update = tbs.next_update.ok_or(unfit)?;
    if !(seconds(tbs.this_update)..seconds(next_update)).contains(&now) {
        return Err(unfit);
    }
    check_extensions(tbs.crl_extensions.as_ref(), member)?;
    signed.verify(&tbs.signature, issuer, budget)?;
    Ok(list)
}

fn is_listed(list: &CertificateList, member: &Member) -> Result<bool, ChainError> {
    let serial = member.certificate.tbs_certificate().serial_number();
    let entry = list.tbs_cert_list.revoked_certificates.iter().flatten();
    for entry in entry {
        let extensions = entry.crl_entry_extensions.iter().flatten();
        // A critical entry extension that is not understood changes what the list means (section 5.3).
        if extensions.clone().any(|e| e.critical && e.extn_id != oid::CRL_REASON) {
            return Err(ChainError::RevocationUnknown);
        }
        if entry.serial_number == *serial {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Section 5.2: a number, not critical; a scope that holds the certificate; nothing critical that is not understood.
fn check_extensions(extensions: Option<&Extensions>, member: &Member) -> Result<(), ChainError> {
    let unfit = ChainError::RevocationUnknown;
    let extensions = extensions.ok_or(unfit)?;
    let one = |kind: ObjectIdentifier| -> Result<Option<&Extension>, ChainError> {
        let mut found = extensions.iter().filter(|e| e.extn_id == kind);
        match (found.next(), found.next()) {
            (found, None) => Ok(found),
            _ => Err(unfit),
        }
    };
    let number = one(oid::CRL_NUMBER)?.ok_or(unfit)?;
    if number.critical || CrlNumber::from_der(number.extn_value.as_bytes()).is_err() {
        return Err(unfit);
    }
    if extensions
        .iter()
        .any(|e| e.critical && e.extn_id != oid::ISSUING_DISTRIBUTION_POINT)
    {
        return Err(unfit);
    }
    match one(oid::ISSUING_DISTRIBUTION_POINT)? {
        Some(scope) if scope.critical => check_scope(scope, member),
        Some(_) => Err(unfit),
        None => Ok(()),
    }
}

/// Section 6.3.3 (b) (2).
fn check_scope(extension: &Extension, member: &Member) -> Result<(), ChainError> {
    let unfit = ChainError::RevocationUnknown;
    let scope = IssuingDistributionPoint::from_der(extension.extn_value.as_bytes()).map_err(|_| unfit)?;
    let extensions = member.extensions()?;
    let is_authority = extensions.is_authority();
    let other_kind = (scope.only_contains_user_certs && is_authority)
        || (scope.only_contains_ca_certs && !is_authority)
        || scope.only_contains_attribute_certs;
    if other_kind || scope.indirect_crl || scope.only_some_reasons.is_some() {
        return Err(unfit);
    }
    let Some(of_list) = &scope.distribution_point else {
        return Ok(());
    };
    let points = extensions
        .crl_distribution_points
        .iter()
        .flat_map(|points| points.0.iter());
    let mut of_certificate = points
        .filter(|point| point.crl_issuer.is_none() && point.reasons.is_none())
        .filter_map(|point| point.distribution_point.as_ref());
    if of_certificate.any(|name| share_a_name(name, of_list)) {
        Ok(())
    } else {
        Err(unfit)
    }
}

fn share_a_name(a: &DistributionPointName, b: &DistributionPointName) -> bool {
    match (a, b) {
        (DistributionPointName::FullName(a), DistributionPointName::FullName(b)) => {
            let known = |name: &GeneralName| b.contains(name);
            a.iter().any(known)
        }
        _ => a == b,
    }
}

fn seconds(time: Time) -> i64 {
    i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
}
