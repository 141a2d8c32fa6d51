//! What each certificate must satisfy by itself, as leaf or as issuer (RFC 5280 sections 6.1.3, 6.1.4 and 6.1.5).

use const_oid::ObjectIdentifier;

use super::extensions::Extensions;
use super::member::Member;
use super::{ChainError, Purpose, Validation, server_name};
use crate::certificate::validity_seconds;
use crate::oid;

const AUTHORITY_KEY: ChainError = ChainError::Extension("authorityKeyIdentifier");

/// The purpose of the leaf, and what issuers with purposes of their own must have.
fn wanted(purpose: &Purpose) -> Option<ObjectIdentifier> {
    match purpose {
        Purpose::Any => None,
        Purpose::TimeStamping => Some(oid::TIME_STAMPING),
        Purpose::ClientAuth => Some(oid::CLIENT_AUTH),
        Purpose::ServerAuth(_) => Some(oid::SERVER_AUTH),
    }
}

pub(super) fn check_leaf(leaf: &Member, validation: &Validation<'_>) -> Result<(), ChainError> {
    let extensions = leaf.extensions()?;
    check_dates(leaf, validation.now_seconds)?;
    check_authority_fields(extensions)?;
    check_key_identifiers(extensions, leaf.is_self_issued())?;
    let empty_subject = leaf.certificate.tbs_certificate().subject().is_empty();
    let critical_names = extensions
        .alternative_names
        .as_ref()
        .is_some_and(|names| names.critical);
    if empty_subject && !critical_names {
        return Err(ChainError::Extension("subjectAltName"));
    }
    let Some(purpose) = wanted(&validation.purpose) else {
        return Ok(());
    };
    if extensions.is_authority() {
        return Err(ChainError::Purpose);
    }
    match &validation.purpose {
        Purpose::Any => Ok(()),
        Purpose::TimeStamping => check_time_stamping(extensions),
        Purpose::ClientAuth if extensions.purposes.is_none() || extensions.has_purpose(purpose) => Ok(()),
        Purpose::ClientAuth => Err(ChainError::Purpose),
        Purpose::ServerAuth(name) => {
            check_tls_server(extensions, empty_subject)?;
            server_name::check(extensions, name)
        }
    }
}

/// `between` is how many certificates, self-issued ones not counted, lie between this issuer and the leaf.
pub(super) fn check_issuer(
    issuer: &Member,
    between: usize,
    is_root: bool,
    validation: &Validation<'_>,
) -> Result<(), ChainError> {
    let extensions = issuer.extensions()?;
    check_dates(issuer, validation.now_seconds)?;
    if issuer.certificate.tbs_certificate().subject().is_empty() {
        return Err(ChainError::Malformed("subject"));
    }
    let basic = extensions.basic_constraints.as_ref().ok_or(ChainError::NotAuthority)?;
    if !basic.value.ca {
        return Err(ChainError::NotAuthority);
    }
    if !basic.critical {
        return Err(ChainError::Extension("basicConstraints"));
    }
    if basic
        .value
        .path_len_constraint
        .is_some_and(|allowed| between > usize::from(allowed))
    {
        return Err(ChainError::PathLength);
    }
    // Absent, everything is allowed (section 6.1.4 (n)).
    if extensions.key_usage.is_some_and(|usage| !usage.key_cert_sign()) {
        return Err(ChainError::KeyUsage);
    }
    check_key_identifiers(extensions, is_root || issuer.is_self_issued())?;
    if extensions.subject_key.is_none() {
        return Err(ChainError::Extension("subjectKeyIdentifier"));
    }
    check_issuer_purpose(extensions, is_root && issuer.is_self_issued(), &validation.purpose)
}

/// Both ends included (section 4.1.2.5).
pub(super) fn check_dates(member: &Member, now: i64) -> Result<(), ChainError> {
    let (from, to) = validity_seconds(&member.certificate);
    if now < from {
        return Err(ChainError::NotYetValid);
    }
    if now > to {
        return Err(ChainError::Expired);
    }
    Ok(())
}

/// Sections 4.2.1.3, 4.2.1.9, 4.2.1.10: what only a CA may carry.
fn check_authority_fields(extensions: &Extensions) -> Result<(), ChainError> {
    if extensions.is_authority() {
        return Ok(());
    }
    if extensions.key_usage.is_some_and(|usage| usage.key_cert_sign()) {
        return Err(ChainError::KeyUsage);
    }
    if extensions.name_constraints.is_some() {
        return Err(ChainError::Extension("nameConstraints"));
    }
    Ok(())
}

/// Section 4.2.1.1: a certificate names its issuer's key. Roots, above which no path goes, and the self-issued need not; if
/// they do, then by the identifier alone (CA/B TLS Baseline Requirements section 7.1.2.1.3).
fn check_key_identifiers(extensions: &Extensions, optional: bool) -> Result<(), ChainError> {
    let Some(authority) = &extensions.authority_key else {
        return if optional { Ok(()) } else { Err(AUTHORITY_KEY) };
    };
    let names_issuer = authority.authority_cert_issuer.is_some() || authority.authority_cert_serial_number.is_some();
    if authority.key_identifier.is_none() || (optional && names_issuer) {
        return Err(AUTHORITY_KEY);
    }
    Ok(())
}

/// An issuer limited to purposes passes on no others; a TLS root has none (Baseline Requirements section 7.1.2.1.2).
fn check_issuer_purpose(extensions: &Extensions, is_own_root: bool, purpose: &Purpose) -> Result<(), ChainError> {
    let Some(wanted) = wanted(purpose) else {
        return Ok(());
    };
    if extensions.purposes.is_none() {
        return Ok(());
    }
    let forbidden = is_own_root && matches!(purpose, Purpose::ServerAuth(_));
    if forbidden || !(extensions.has_purpose(wanted) || extensions.has_purpose(oid::ANY_EXTENDED_KEY_USAGE)) {
        return Err(ChainError::Purpose);
    }
    Ok(())
}

/// RFC 3161 section 2.3: the one purpose, critical, with a key that signs data and nothing else.
fn check_time_stamping(extensions: &Extensions) -> Result<(), ChainError> {
    let alone = matches!(&extensions.purposes, Some(p) if p.critical && p.value.0 == [oid::TIME_STAMPING]);
    if !alone {
        return Err(ChainError::Purpose);
    }
    match extensions.key_usage {
        Some(usage) if !usage.digital_signature() && !usage.non_repudiation() => Err(ChainError::KeyUsage),
        _ => Ok(()),
    }
}

/// CA/B TLS Baseline Requirements sections 7.1.2.7.6, 7.1.2.7.10 and 7.1.2.7.12.
fn check_tls_server(extensions: &Extensions, empty_subject: bool) -> Result<(), ChainError> {
    let critical = extensions.purposes.as_ref().is_some_and(|purposes| purposes.critical);
    let any = extensions.has_purpose(oid::ANY_EXTENDED_KEY_USAGE);
    if critical || any || !extensions.has_purpose(oid::SERVER_AUTH) {
        return Err(ChainError::Purpose);
    }
    match &extensions.alternative_names {
        Some(names) if names.critical == empty_subject => Ok(()),
        _ => Err(ChainError::Extension("subjectAltName")),
    }
}
