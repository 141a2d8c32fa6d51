//! Names of TLS servers: CA/Browser Forum Baseline Requirements section 7.1.2.7.12, RFC 5280 section 4.2.1.6.

use std::net::IpAddr;

use der::asn1::{Ia5String, OctetString};
use x509_cert::ext::pkix::name::GeneralName;

/// Names that no public certificate may have (RFC 6761, RFC 6762, RFC 8375, RFC 9476, ICANN's `internal`).
const INTERNAL: [&str; 12] = [
    "alt",
    "arpa",
    "corp",
    "example",
    "home",
    "internal",
    "invalid",
    "lan",
    "local",
    "localhost",
    "onion",
    "test",
];

/// At least one name, none twice, each public and below one of `domains`.
pub(crate) fn check(names: &[String], domains: &[String]) -> Result<(), &'static str> {
    if names.is_empty() || names.len() > 100 {
        return Err("a server has 1 to 100 names");
    }
    let repeated = names
        .iter()
        .enumerate()
        .any(|(at, name)| names.iter().skip(at + 1).any(|other| other == name));
    if repeated {
        return Err("a server name is given twice");
    }
    if names
        .iter()
        .all(|name| encode(name).is_ok_and(|name| is_ours(&name, domains)))
    {
        Ok(())
    } else {
        Err("a server name is not a DNS name in lower case below one of ca.tls_domains, or a public address")
    }
}

/// iPAddress of an address, dNSName of anything else.
pub(crate) fn encode(name: &str) -> der::Result<GeneralName> {
    Ok(match name.parse() {
        Ok(IpAddr::V4(address)) => GeneralName::IpAddress(OctetString::new(address.octets())?),
        Ok(IpAddr::V6(address)) => GeneralName::IpAddress(OctetString::new(address.octets())?),
        Err(_) => GeneralName::DnsName(Ia5String::new(name)?),
    })
}

/// Whether it is public and, a DNS name, below one of `domains`: no linter's list of top-level domains is needed.
pub(crate) fn is_ours(name: &GeneralName, domains: &[String]) -> bool {
    let below = |name: &str, domain: &str| {
        let rest = name.strip_suffix(domain);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let known = match name {
        GeneralName::DnsName(name) => domains.iter().any(|domain| below(name.as_str(), domain)),
        _ => true,
    };
    known && is_public(name)
}

/// Whether the whole world means the same by it.
fn is_public(name: &GeneralName) -> bool {
    match name {
        GeneralName::DnsName(name) => is_public_dns_name(name.as_str()),
        GeneralName::IpAddress(octets) => is_public_address(octets.as_bytes()),
        _ => false,
    }
}

/// Preferred name syntax (RFC 1034 section 3.5) in lower case, no wildcard, at least two labels.
pub(crate) fn is_public_dns_name(name: &str) -> bool {
    let labels: Vec<&str> = name.split('.').collect();
    let fit = |label: &&str| {
        let ldh = label
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        // `--` in the third place is kept for encodings; of those only Punycode is one.
        let reserved = label.get(2..4) == Some("--") && !label.starts_with("xn--");
        ldh && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-') && !reserved
    };
    let top = labels.last().copied().unwrap_or_default();
    name.len() <= 253
        && labels.len() >= 2
        && labels.iter().all(fit)
        && !top.bytes().all(|b| b.is_ascii_digit())
        && !INTERNAL.contains(&top)
}

fn is_public_address(octets: &[u8]) -> bool {
    if let Ok(four) = <[u8; 4]>::try_from(octets) {
        let address = std::net::Ipv4Addr::from(four);
        let shared = matches!(
            four,
            [100, 64..=127, _, _] | [0, ..] | [192, 0, 0, _] | [198, 18..=19, ..] | [224..=255, ..]
        );
        return !(address.is_private()
            || address.is_loopback()
            || address.is_link_local()
            || address.is_documentation()
            || shared);
    }
    // Global unicast is 2000::/3 (RFC 4291 section 2.4), of it 2001:db8::/32 is for documentation.
    match octets {
        [0x20, 0x01, 0x0d, 0xb8, ..] => false,
        [first, ..] if octets.len() == 16 => first & 0xe0 == 0x20,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    fn fits(names: &[&str]) -> bool {
        check(
            &names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>(),
            &["example.org".to_owned()],
        )
        .is_ok()
    }

    #[test]
    fn public_names_and_addresses_fit() {
        assert!(fits(&[
            "www.example.org",
            "xn--bcher-kva.example.org",
            "8.8.8.8",
            "2a00::1"
        ]));
    }

    #[test]
    fn names_that_only_a_house_knows_are_refused() {
        for name in [
            "localhost",
            "server",
            "a.local",
            "a.internal",
            "*.example.org",
            "A.example.org",
            "a_b.example.org",
            "-a.example.org",
            "a..org",
            "www.example.com",
            "wwwexample.org",
            "www.example.orf",
            "10.0.0.1",
            "127.0.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "192.0.2.1",
            "::1",
            "fe80::1",
            "2001:db8::1",
            "1.2.3.4.5",
            "ab--c.example.org",
            "a.example.org.",
            "ë.example.org",
            "",
        ] {
            assert!(!fits(&[name]), "{name}");
        }
        assert!(!fits(&["a.example.org", "a.example.org"]));
        assert!(!fits(&[]));
    }
}
