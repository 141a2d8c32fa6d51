//! Name constraints (RFC 5280 sections 4.2.1.10, 6.1.3 (b) and (c)): every name below an issuer lies in one of its permitted
//! subtrees of the same form, if it has any, and in none of the excluded.

use std::mem::discriminant;

use der::asn1::Ia5String;
use x509_cert::ext::pkix::NameConstraints;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;

use super::ChainError;
use super::budget::Budget;
use super::build::Path;
use super::directory_name;
use super::member::Member;
use super::name_forms::{
    Within, check_dns, check_ip, check_mailbox, dns_within, ip_within, mailbox_within, uri_within,
};
use crate::oid;

/// Each issuer's constraints on all below it; self-issued certificates are exempt unless they are the leaf.
pub(super) fn check(path: &Path<'_>, budget: &mut Budget) -> Result<(), ChainError> {
    for (distance, issuer) in path.iter().enumerate().skip(1) {
        let Some(constraints) = &issuer.extensions()?.name_constraints else {
            continue;
        };
        check_subtrees(constraints, budget)?;
        for (below, member) in path.iter().take(distance).enumerate() {
            if below == 0 || !member.is_self_issued() {
                check_names(constraints, &names(member)?, budget)?;
            }
        }
    }
    Ok(())
}

/// The names of a certificate: subject, alternative names, and e-mail addresses that the subject holds.
fn names(member: &Member) -> Result<Vec<GeneralName>, ChainError> {
    let mut names = Vec::new();
    let subject = member.certificate.tbs_certificate().subject();
    if !subject.is_empty() {
        names.push(GeneralName::DirectoryName(subject.clone()));
    }
    for attribute in subject.iter().filter(|a| a.oid == oid::EMAIL_ADDRESS) {
        let address = directory_name::text(&attribute.value).and_then(|text| Ia5String::new(&text).ok());
        names.push(GeneralName::Rfc822Name(
            address.ok_or(ChainError::Malformed("subject"))?,
        ));
    }
    if let Some(alternative) = &member.extensions()?.alternative_names {
        names.extend(alternative.value.iter().cloned());
    }
    Ok(names)
}

/// `minimum` is zero and `maximum` absent; the bases are well formed even when no name is compared with them.
fn check_subtrees(constraints: &NameConstraints, budget: &mut Budget) -> Result<(), ChainError> {
    for subtree in subtrees(&constraints.permitted_subtrees).chain(subtrees(&constraints.excluded_subtrees)) {
        budget.comparisons(1)?;
        if subtree.minimum != 0 || subtree.maximum.is_some() {
            return Err(ChainError::Extension("nameConstraints"));
        }
        match &subtree.base {
            GeneralName::DnsName(base) => dns_within("a", base.as_str()).map(|_| ())?,
            GeneralName::Rfc822Name(base) => mailbox_within("a@a", base.as_str()).map(|_| ())?,
            GeneralName::UniformResourceIdentifier(base) => uri_within("a://a", base.as_str()).map(|_| ())?,
            GeneralName::IpAddress(base) => ip_within(&[], base.as_bytes()).map(|_| ())?,
            _ => {}
        }
    }
    Ok(())
}

fn subtrees(list: &Option<Vec<GeneralSubtree>>) -> impl Iterator<Item = &GeneralSubtree> {
    list.iter().flatten()
}

fn check_names(constraints: &NameConstraints, names: &[GeneralName], budget: &mut Budget) -> Result<(), ChainError> {
    for name in names {
        check_form(name)?;
        let of_form = |subtree: &&GeneralSubtree| discriminant(&subtree.base) == discriminant(name);
        let mut permitted = None;
        for subtree in subtrees(&constraints.permitted_subtrees).filter(of_form) {
            budget.comparisons(1)?;
            let inside = within(name, &subtree.base)? == Within::Wholly;
            permitted = Some(permitted.unwrap_or(false) || inside);
        }
        if permitted == Some(false) {
            return Err(ChainError::NameConstraints);
        }
        for subtree in subtrees(&constraints.excluded_subtrees).filter(of_form) {
            budget.comparisons(1)?;
            if within(name, &subtree.base)? != Within::Not {
                return Err(ChainError::NameConstraints);
            }
        }
    }
    Ok(())
}

/// Under constraints a name that is not well formed lies nowhere.
fn check_form(name: &GeneralName) -> Result<(), ChainError> {
    match name {
        GeneralName::DnsName(name) => check_dns(name.as_str()),
        GeneralName::Rfc822Name(name) => check_mailbox(name.as_str()),
        GeneralName::IpAddress(address) => check_ip(address.as_bytes()),
        _ => Ok(()),
    }
}

/// Both of one form. A form that is not understood but constrained cannot be said to hold (section 4.2.1.10).
fn within(name: &GeneralName, base: &GeneralName) -> Result<Within, ChainError> {
    match (name, base) {
        (GeneralName::DnsName(name), GeneralName::DnsName(base)) => dns_within(name.as_str(), base.as_str()),
        (GeneralName::Rfc822Name(name), GeneralName::Rfc822Name(base)) => mailbox_within(name.as_str(), base.as_str()),
        (GeneralName::UniformResourceIdentifier(name), GeneralName::UniformResourceIdentifier(base)) => {
            uri_within(name.as_str(), base.as_str())
        }
        (GeneralName::IpAddress(name), GeneralName::IpAddress(base)) => ip_within(name.as_bytes(), base.as_bytes()),
        (GeneralName::DirectoryName(name), GeneralName::DirectoryName(base)) => {
            Ok(directory_name::is_within(name, base).into())
        }
        _ => Err(ChainError::NameConstraints),
    }
}
