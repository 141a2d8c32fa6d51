//! Values of extensions that have the right type and the wrong content.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use der::asn1::{Any, BitString, Ia5String, OctetString};
use signum_pki::oid;
use x509_cert::ext::pkix::certpolicy::{PolicyInformation, PolicyQualifierInfo};
use x509_cert::ext::pkix::crl::dp::{DistributionPoint, Reasons};
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies,
    ExtendedKeyUsage, KeyUsage, KeyUsages, PrivateKeyUsagePeriod,
};

use super::Nest;
use crate::authority::address;
use crate::lint::sample;
use crate::server_name;
use crate::tbs::{full_name, uri};

pub(super) fn breed(nest: &mut Nest<'_>) {
    usages(nest);
    identifiers(nest);
    if nest.has(oid::CERTIFICATE_POLICIES) {
        policies(nest);
    }
    if nest.has(oid::AUTHORITY_INFORMATION_ACCESS) {
        access(nest);
    }
    if nest.has(oid::CRL_DISTRIBUTION_POINTS) {
        lists(nest);
    }
    if nest.has(oid::SUBJECT_ALT_NAME) {
        names(nest);
    }
    if nest.has(oid::PRIVATE_KEY_USAGE_PERIOD) {
        let open = PrivateKeyUsagePeriod {
            not_before: None,
            not_after: None,
        };
        nest.put("privateKeyUsagePeriod open", oid::PRIVATE_KEY_USAGE_PERIOD, &open);
        let mut late: PrivateKeyUsagePeriod = sample::value(&nest.sample.tbs(), oid::PRIVATE_KEY_USAGE_PERIOD);
        late.not_before = late.not_after;
        nest.put(
            "privateKeyUsagePeriod begins late",
            oid::PRIVATE_KEY_USAGE_PERIOD,
            &late,
        );
    }
}

fn usages(nest: &mut Nest<'_>) {
    use KeyUsages as K;
    let good: KeyUsage = sample::value(&nest.sample.tbs(), oid::KEY_USAGE);
    for bit in [
        K::DigitalSignature,
        K::NonRepudiation,
        K::KeyEncipherment,
        K::DataEncipherment,
        K::KeyAgreement,
        K::KeyCertSign,
        K::CRLSign,
        K::EncipherOnly,
        K::DecipherOnly,
    ] {
        nest.put(
            format!("keyUsage {bit:?} the other way"),
            oid::KEY_USAGE,
            &KeyUsage(good.0 ^ bit),
        );
    }
    let padded = BitString::new(0, good.0.bits().reverse_bits().to_be_bytes()).unwrap();
    nest.put("keyUsage with trailing zeros", oid::KEY_USAGE, &padded);
    for (name, constraints) in [
        (
            "not a CA",
            BasicConstraints {
                ca: false,
                path_len_constraint: None,
            },
        ),
        (
            "path length 3",
            BasicConstraints {
                ca: true,
                path_len_constraint: Some(3),
            },
        ),
        (
            "path length of no CA",
            BasicConstraints {
                ca: false,
                path_len_constraint: Some(0),
            },
        ),
    ] {
        nest.put(format!("basicConstraints {name}"), oid::BASIC_CONSTRAINTS, &constraints);
    }
    let good = nest.sample.profile.extended_key_usage.map(|usage| usage.purpose);
    for (name, other) in [
        ("anyExtendedKeyUsage", "2.5.29.37.0"),
        ("codeSigning", "1.3.6.1.5.5.7.3.3"),
        ("serverAuth", "1.3.6.1.5.5.7.3.1"),
        ("OCSPSigning", "1.3.6.1.5.5.7.3.9"),
    ] {
        let other = const_oid::ObjectIdentifier::new_unwrap(other);
        nest.put(
            format!("extKeyUsage {name}"),
            oid::EXTENDED_KEY_USAGE,
            &ExtendedKeyUsage(vec![other]),
        );
        let both = good.into_iter().chain([other]).collect();
        nest.put(
            format!("extKeyUsage {name} too"),
            oid::EXTENDED_KEY_USAGE,
            &ExtendedKeyUsage(both),
        );
    }
}

fn identifiers(nest: &mut Nest<'_>) {
    nest.put(
        "subjectKeyIdentifier of another key",
        oid::SUBJECT_KEY_IDENTIFIER,
        &OctetString::new([7; 20]).unwrap(),
    );
    let good: Option<AuthorityKeyIdentifier> = nest
        .has(oid::AUTHORITY_KEY_IDENTIFIER)
        .then(|| sample::value(&nest.sample.tbs(), oid::AUTHORITY_KEY_IDENTIFIER));
    let Some(good) = good else { return };
    let other = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new([7; 20]).unwrap()),
        ..good.clone()
    };
    nest.put(
        "authorityKeyIdentifier of another key",
        oid::AUTHORITY_KEY_IDENTIFIER,
        &other,
    );
    let more = AuthorityKeyIdentifier {
        authority_cert_issuer: Some(vec![uri("http://example.org/").unwrap()]),
        authority_cert_serial_number: Some(x509_cert::serial_number::SerialNumber::from(1u8)),
        ..good
    };
    nest.put(
        "authorityKeyIdentifier with issuer and number",
        oid::AUTHORITY_KEY_IDENTIFIER,
        &more,
    );
    nest.put(
        "authorityKeyIdentifier without identifier",
        oid::AUTHORITY_KEY_IDENTIFIER,
        &AuthorityKeyIdentifier::default(),
    );
}

fn policies(nest: &mut Nest<'_>) {
    let id = oid::CERTIFICATE_POLICIES;
    let good: CertificatePolicies = sample::value(&nest.sample.tbs(), id);
    let bare = |policy_identifier| PolicyInformation {
        policy_identifier,
        policy_qualifiers: None,
    };
    let notice = |kind: &str, value: Any| PolicyQualifierInfo {
        policy_qualifier_id: const_oid::ObjectIdentifier::new_unwrap(kind),
        qualifier: Some(value),
    };
    let address = |text: &str| Any::encode_from(&Ia5String::new(text).unwrap()).unwrap();
    let cps = |text: &str| notice("1.3.6.1.5.5.7.2.1", address(text));
    let mut each = |name: String, change: &dyn Fn(&mut Vec<PolicyInformation>)| {
        let mut changed = good.0.clone();
        change(&mut changed);
        nest.put(format!("certificatePolicies {name}"), id, &changed);
    };
    for at in 0..good.0.len() {
        each(format!("without number {at}"), &|p| drop(p.remove(at)));
        each(format!("number {at} twice"), &|p| p.insert(at, p[at].clone()));
        each(format!("number {at} another"), &|p| p[at].policy_identifier = oid::BTSP);
        each(format!("number {at} with the other qualifier"), &|p| {
            let none = p[at].policy_qualifiers.is_none();
            p[at].policy_qualifiers = none.then(|| vec![cps("http://pki.example.org/cps")]);
        });
        each(format!("number {at} with another CPS address"), &|p| {
            p[at].policy_qualifiers = Some(vec![cps("http://example.org/other")]);
        });
        each(format!("number {at} with a notice"), &|p| {
            p[at].policy_qualifiers = Some(vec![notice(
                "1.3.6.1.5.5.7.2.2",
                Any::new(der::Tag::Sequence, []).unwrap(),
            )]);
        });
    }
    each("and anyPolicy".to_owned(), &|p| p.push(bare(oid::ANY_POLICY)));
    each("in reverse".to_owned(), &|p| p.reverse());
}

fn access(nest: &mut Nest<'_>) {
    let id = oid::AUTHORITY_INFORMATION_ACCESS;
    let good: AuthorityInfoAccessSyntax = sample::value(&nest.sample.tbs(), id);
    let name = nest.sample.issuer.name;
    let of = |method, text: &str| AccessDescription {
        access_method: method,
        access_location: uri(text).unwrap(),
    };
    let mut each = |what: String, change: &dyn Fn(&mut Vec<AccessDescription>)| {
        let mut changed = good.0.clone();
        change(&mut changed);
        nest.put(format!("authorityInfoAccess {what}"), id, &changed);
    };
    for at in 0..good.0.len() {
        let method = good.0[at].access_method;
        each(format!("without number {at}"), &|a| drop(a.remove(at)));
        each(format!("number {at} twice"), &|a| a.insert(at, a[at].clone()));
        each(format!("number {at} over https"), &|a| {
            a[at] = of(method, &format!("https://pki.example.org/ocsp/{name}"))
        });
        each(format!("number {at} over ldap"), &|a| {
            a[at] = of(method, "ldap://example.org/cn=a")
        });
        each(format!("number {at} elsewhere"), &|a| {
            a[at] = of(method, "http://example.org/")
        });
        each(format!("number {at} not a URI"), &|a| {
            a[at].access_location = GeneralName::DnsName(Ia5String::new("example.org").unwrap())
        });
    }
    each("with OCSP at the end".to_owned(), &|a| {
        a.push(of(oid::OCSP, "http://pki.example.org/ocsp"))
    });
}

fn lists(nest: &mut Nest<'_>) {
    let id = oid::CRL_DISTRIBUTION_POINTS;
    let at = address::crl(&nest.sample.config, nest.sample.issuer.name, 0);
    let point = |text: &str| DistributionPoint {
        distribution_point: Some(full_name(text).unwrap()),
        reasons: None,
        crl_issuer: None,
    };
    let two = DistributionPointName::FullName(vec![uri(&at).unwrap(), uri("http://example.org/").unwrap()]);
    for (name, points) in [
        ("over https", vec![point(&at.replace("http:", "https:"))]),
        ("over ldap", vec![point("ldap://example.org/cn=a")]),
        ("elsewhere", vec![point("http://example.org/a.crl")]),
        (
            "of a list that is not",
            vec![point(&at.replace("0.crl", "9.crl").replace("root", "other"))],
        ),
        ("the same twice", vec![point(&at), point(&at)]),
        (
            "for some reasons",
            vec![DistributionPoint {
                reasons: Some(Reasons::KeyCompromise.into()),
                ..point(&at)
            }],
        ),
        (
            "of another issuer",
            vec![DistributionPoint {
                crl_issuer: Some(vec![uri(&at).unwrap()]),
                ..point(&at)
            }],
        ),
        (
            "with two names",
            vec![DistributionPoint {
                distribution_point: Some(two),
                ..point(&at)
            }],
        ),
        (
            "without a name",
            vec![DistributionPoint {
                distribution_point: None,
                ..point(&at)
            }],
        ),
    ] {
        nest.put(format!("cRLDistributionPoints {name}"), id, &points);
    }
}

fn names(nest: &mut Nest<'_>) {
    let good = nest.sample.names.clone();
    let mut each = |what: &str, other: Vec<GeneralName>| {
        nest.put(format!("subjectAltName {what}"), oid::SUBJECT_ALT_NAME, &other.to_vec());
    };
    let dns = |text: &str| server_name::encode(text).unwrap();
    for (what, name) in [
        ("internal", "server.local"),
        ("single label", "server"),
        ("wildcard", "*.example.org"),
        ("underscore", "a_b.example.org"),
        ("private address", "10.0.0.1"),
        ("loopback", "::1"),
        ("ending in a dot", "a.example.org."),
        ("with a port", "a.example.org:443"),
        ("with an empty label", "a..example.org"),
        ("an empty name", ""),
        ("of unknown encoding", "ab--c.example.org"),
        ("too long a label", &format!("{}.example.org", "a".repeat(64))),
    ] {
        each(what, vec![dns(name)]);
        each(
            &format!("{what} too"),
            good.iter().cloned().chain([dns(name)]).collect(),
        );
    }
    each("twice the same", vec![good[0].clone(), good[0].clone()]);
    each("a URI", vec![uri("https://www.example.org/").unwrap()]);
    each(
        "address of 5 octets",
        vec![GeneralName::IpAddress(OctetString::new([1; 5]).unwrap())],
    );
}
