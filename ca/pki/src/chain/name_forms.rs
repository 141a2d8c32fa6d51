//! Forms of names in subjectAltName and their constraints (RFC 5280 sections 4.2.1.6 and 4.2.1.10): whether a name is well
//! formed, and whether it lies within a constraint.

use super::ChainError;

const MALFORMED: ChainError = ChainError::Extension("subjectAltName");
const MALFORMED_CONSTRAINT: ChainError = ChainError::Extension("nameConstraints");

/// Labels of letters, digits and inner hyphens, 63 octets each, 253 in all (RFC 1034 section 3.5, RFC 1123 section 2.1).
pub(super) fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        let inner = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// A host, or `*.` and a host of two labels at least.
pub(super) fn check_dns(name: &str) -> Result<(), ChainError> {
    let fits = match name.strip_prefix("*.") {
        Some(parent) => is_host(parent) && parent.contains('.'),
        None => is_host(name),
    };
    if fits { Ok(()) } else { Err(MALFORMED) }
}

/// Four octets or sixteen.
pub(super) fn check_ip(address: &[u8]) -> Result<(), ChainError> {
    if matches!(address.len(), 4 | 16) {
        Ok(())
    } else {
        Err(MALFORMED)
    }
}

/// Local part and host of a mailbox.
pub(super) fn mailbox(address: &str) -> Option<(&str, &str)> {
    let (local, host) = address.split_once('@')?;
    (!local.is_empty() && is_host(host)).then_some((local, host))
}

pub(super) fn check_mailbox(address: &str) -> Result<(), ChainError> {
    mailbox(address).map(|_| ()).ok_or(MALFORMED)
}

/// Adding labels on the left of `base` gives `name`; an empty base holds every name.
fn is_below(name: &str, base: &str) -> bool {
    let Some(start) = name.len().checked_sub(base.len()) else {
        return false;
    };
    let (Some(labels), Some(end)) = (name.get(..start), name.get(start..)) else {
        return false;
    };
    end.eq_ignore_ascii_case(base) && (base.is_empty() || labels.is_empty() || labels.ends_with('.'))
}

/// How a name lies to a constraint. A wildcard may be partly inside: that is not permitted, and excluded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    Wholly,
    Partly,
    Not,
}

impl From<bool> for Within {
    fn from(inside: bool) -> Self {
        if inside { Self::Wholly } else { Self::Not }
    }
}

/// A constraint on dNSName has no leading period and no wildcard; empty, it holds every name.
pub(super) fn dns_within(name: &str, base: &str) -> Result<Within, ChainError> {
    if !base.is_empty() && !is_host(base) {
        return Err(MALFORMED_CONSTRAINT);
    }
    let Some(parent) = name.strip_prefix("*.") else {
        return Ok(is_below(name, base).into());
    };
    if is_below(parent, base) {
        return Ok(Within::Wholly);
    }
    // `*.example.com` may stand for the base itself when that lies one label below.
    let one_label_more = base
        .split_once('.')
        .is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent));
    Ok(if one_label_more { Within::Partly } else { Within::Not })
}

/// A constraint on rfc822Name is a mailbox, a host, or a period and a domain below which every host is meant.
pub(super) fn mailbox_within(address: &str, base: &str) -> Result<Within, ChainError> {
    let (local, host) = mailbox(address).ok_or(MALFORMED)?;
    if base.contains('@') {
        let (base_local, base_host) = mailbox(base).ok_or(MALFORMED_CONSTRAINT)?;
        // The local part is the receiving host's to interpret: compared as it stands.
        return Ok((local == base_local && host.eq_ignore_ascii_case(base_host)).into());
    }
    host_within(host, base)
}

/// A constraint on uniformResourceIdentifier is a host, or a period and a domain.
pub(super) fn uri_within(uri: &str, base: &str) -> Result<Within, ChainError> {
    host_within(uri_host(uri).ok_or(MALFORMED)?, base)
}

fn host_within(host: &str, base: &str) -> Result<Within, ChainError> {
    match base.strip_prefix('.') {
        Some(domain) if is_host(domain) => Ok((is_below(host, domain) && host.len() > domain.len()).into()),
        None if base.is_empty() => Ok(Within::Wholly),
        None if is_host(base) => Ok(host.eq_ignore_ascii_case(base).into()),
        _ => Err(MALFORMED_CONSTRAINT),
    }
}

/// The host of `scheme://user@host:port/path`; an address instead of a name has none (section 4.2.1.10).
fn uri_host(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let is_address = host
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|c| c.is_ascii_digit()));
    (is_host(host) && !is_address).then_some(host)
}

/// A constraint on iPAddress is an address and a mask of ones followed by zeros.
pub(super) fn ip_within(address: &[u8], base: &[u8]) -> Result<Within, ChainError> {
    if !matches!(base.len(), 8 | 32) {
        return Err(MALFORMED_CONSTRAINT);
    }
    let (network, mask) = base.split_at(base.len() / 2);
    let ones = mask.iter().take_while(|octet| **octet == 0xff).count();
    let mut rest = mask.iter().skip(ones);
    let border = rest
        .next()
        .is_none_or(|octet| octet.leading_ones() + octet.trailing_zeros() >= 8);
    if !border || rest.any(|octet| *octet != 0) {
        return Err(MALFORMED_CONSTRAINT);
    }
    let same = |((a, n), m): ((&u8, &u8), &u8)| a & m == n & m;
    Ok((address.len() == network.len() && address.iter().zip(network).zip(mask).all(same)).into())
}
