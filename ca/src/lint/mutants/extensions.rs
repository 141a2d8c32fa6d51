//! Each extension as a whole: missing, doubled, of the other criticality, out of order, with no value of its type; and strangers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use const_oid::ObjectIdentifier;
use der::asn1::OctetString;
use signum_pki::oid;
use x509_cert::ext::Extension;

use super::{Nest, extensions_of};

/// Extensions that no profile of ours has, or another one's.
const STRANGERS: [(&str, &str, bool, &[u8]); 10] = [
    ("unknown", "1.3.6.1.4.1.32473.1", false, &[5, 0]),
    ("unknown critical", "1.3.6.1.4.1.32473.1", true, &[5, 0]),
    ("netscapeCertType", "2.16.840.1.113730.1.1", false, &[3, 2, 5, 0xa0]),
    (
        "subjectAltName e-mail",
        "2.5.29.17",
        false,
        b"\x30\x0f\x81\x0da@example.org",
    ),
    ("issuerAltName", "2.5.29.18", false, b"\x30\x0f\x81\x0da@example.org"),
    ("policyConstraints", "2.5.29.36", true, &[0x30, 3, 0x80, 1, 0]),
    ("inhibitAnyPolicy", "2.5.29.54", true, &[2, 1, 0]),
    (
        "freshestCRL",
        "2.5.29.46",
        false,
        b"\x30\x1b\x30\x19\xa0\x17\xa0\x15\x86\x13http://example.org/",
    ),
    ("noRevAvail", "2.5.29.56", false, &[5, 0]),
    ("ocsp-nocheck", "1.3.6.1.5.5.7.48.1.5", false, &[5, 0]),
];

pub(super) fn breed(nest: &mut Nest<'_>) {
    let good = nest.sample.tbs();
    for (at, extension) in extensions_of(&good).iter().enumerate() {
        let name = label(extension.extn_id);
        let mut each = |what: &str, change: &dyn Fn(&mut Vec<Extension>)| {
            nest.add(format!("{name} {what}"), |t| change(t.extensions.as_mut().unwrap()));
        };
        each("missing", &|e| drop(e.remove(at)));
        each("twice", &|e| e.insert(at, e[at].clone()));
        each("of the other criticality", &|e| e[at].critical = !e[at].critical);
        each("before the one before", &|e| e.swap(at, at.saturating_sub(1)));
        each("last", &|e| {
            let one = e.remove(at);
            e.push(one);
        });
        each("empty", &|e| e[at].extn_value = OctetString::new([]).unwrap());
        each("an empty SEQUENCE", &|e| {
            e[at].extn_value = OctetString::new([0x30, 0]).unwrap()
        });
        each("of type BOOLEAN", &|e| {
            e[at].extn_value = OctetString::new([1, 1, 255]).unwrap()
        });
        each("with an octet behind it", &|e| {
            let more = [e[at].extn_value.as_bytes(), &[0]].concat();
            e[at].extn_value = OctetString::new(more).unwrap();
        });
    }
    for (name, id, critical, value) in STRANGERS {
        let extn_id = ObjectIdentifier::new_unwrap(id);
        if !nest.has(extn_id) {
            let extn_value = OctetString::new(value).unwrap();
            nest.add(format!("stranger {name}"), |t| {
                t.extensions.as_mut().unwrap().push(Extension {
                    extn_id,
                    critical,
                    extn_value,
                });
            });
        }
    }
    nest.add("no extensions", |t| t.extensions = None);
    nest.add("an empty list of extensions", |t| t.extensions = Some(Vec::new()));
}

fn label(id: ObjectIdentifier) -> &'static str {
    match id {
        oid::AUTHORITY_KEY_IDENTIFIER => "authorityKeyIdentifier",
        oid::SUBJECT_KEY_IDENTIFIER => "subjectKeyIdentifier",
        oid::KEY_USAGE => "keyUsage",
        oid::BASIC_CONSTRAINTS => "basicConstraints",
        oid::EXTENDED_KEY_USAGE => "extKeyUsage",
        oid::PRIVATE_KEY_USAGE_PERIOD => "privateKeyUsagePeriod",
        oid::SUBJECT_ALT_NAME => "subjectAltName",
        oid::CERTIFICATE_POLICIES => "certificatePolicies",
        oid::AUTHORITY_INFORMATION_ACCESS => "authorityInfoAccess",
        oid::CRL_DISTRIBUTION_POINTS => "cRLDistributionPoints",
        oid::QC_STATEMENTS => "qcStatements",
        oid::OCSP_NO_CHECK => "ocsp-nocheck",
        oid::VALIDITY_ASSURED_SHORT_TERM => "valassured-ST-certs",
        oid::NO_REVOCATION_AVAILABLE => "noRevAvail",
        _ => "unknown",
    }
}
