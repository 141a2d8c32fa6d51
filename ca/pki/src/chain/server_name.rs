//! Whether a certificate is for a TLS server's name (RFC 9525 section 6).

use std::net::IpAddr;

use x509_cert::ext::pkix::name::GeneralName;

use super::ChainError;
use super::extensions::Extensions;
use super::name_forms::{check_dns, check_ip, is_host};

/// Whom the caller wants to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerName {
    Dns(String),
    Ip(IpAddr),
}

/// Every alternative name is well formed and one of them is `wanted`; the subject's common name is of no account.
pub(super) fn check(extensions: &Extensions, wanted: &ServerName) -> Result<(), ChainError> {
    let names = extensions.alternative_names.as_ref().map(|names| &names.value);
    let names = names.ok_or(ChainError::Extension("subjectAltName"))?;
    for name in names {
        match name {
            GeneralName::DnsName(name) => check_dns(name.as_str())?,
            GeneralName::IpAddress(address) => check_ip(address.as_bytes())?,
            _ => {}
        }
    }
    if names.iter().any(|name| matches(name, wanted)) {
        Ok(())
    } else {
        Err(ChainError::Name)
    }
}

fn matches(name: &GeneralName, wanted: &ServerName) -> bool {
    match (name, wanted) {
        (GeneralName::DnsName(name), ServerName::Dns(wanted)) => matches_host(name.as_str(), wanted),
        (GeneralName::IpAddress(address), ServerName::Ip(wanted)) => octets(*wanted) == address.as_bytes(),
        _ => false,
    }
}

/// A wildcard is the whole leftmost label and stands for exactly one.
fn matches_host(name: &str, wanted: &str) -> bool {
    if !is_host(wanted) {
        return false;
    }
    match name.strip_prefix("*.") {
        Some(parent) => wanted
            .split_once('.')
            .is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent)),
        None => name.eq_ignore_ascii_case(wanted),
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}
