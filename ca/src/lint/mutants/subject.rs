//! The subject's attributes: missing, doubled, in another order, of another type, with another content.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use const_oid::ObjectIdentifier;
use der::asn1::{Any, PrintableStringRef, Utf8StringRef};
use der::{Decode, Encode};
use signum_pki::oid;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::{Name, RelativeDistinguishedName};

use super::Nest;
use crate::name::is_printable;

type Attributes = Vec<AttributeTypeAndValue>;

pub(super) fn breed(nest: &mut Nest<'_>) {
    let attributes: Attributes = nest.sample.subject.iter().cloned().collect();
    for at in 0..attributes.len() {
        let kind = label(attributes[at].oid);
        let mut each = |name: &str, change: &dyn Fn(&mut Attributes)| {
            let mut changed = attributes.clone();
            change(&mut changed);
            nest.add(format!("subject {kind} {name}"), |t| t.subject = rdns(&changed));
        };
        each("missing", &|a| drop(a.remove(at)));
        each("twice", &|a| a.insert(at, a[at].clone()));
        each("of another string type", &|a| a[at].value = retyped(&a[at]));
        each("empty", &|a| a[at].value = text(a[at].oid, ""));
        each("with an outer space", &|a| {
            a[at].value = Any::from(Utf8StringRef::new(" A").unwrap())
        });
        each("with a control character", &|a| {
            a[at].value = Any::from(Utf8StringRef::new("A\u{7}").unwrap())
        });
        each("not in NFC", &|a| {
            a[at].value = Any::from(Utf8StringRef::new("e\u{308}").unwrap())
        });
        each("far too long", &|a| a[at].value = text(a[at].oid, &"A".repeat(300)));
        each("before the one before", &|a| a.swap(at, at.saturating_sub(1)));
    }
    contents(nest, &attributes);
    for (name, kind, value) in [
        ("emailAddress", "1.2.840.113549.1.9.1", "a@example.org"),
        ("OU", "2.5.4.11", "Unit"),
        ("pseudonym", "2.5.4.65", "Nobody"),
    ] {
        let mut more = attributes.clone();
        more.push(attribute(ObjectIdentifier::new_unwrap(kind), value));
        nest.add(format!("subject with {name}"), |t| t.subject = rdns(&more));
    }
    nest.add("subject empty", |t| t.subject = rdns(&[]));
    let both = RelativeDistinguishedName::try_from(attributes[..2].to_vec()).unwrap();
    let rest = attributes[2..]
        .iter()
        .map(|a| RelativeDistinguishedName::try_from(vec![a.clone()]).unwrap());
    let merged: Vec<_> = std::iter::once(both).chain(rest).collect();
    nest.add("subject with two attributes in one RDN", |t| {
        t.subject = Name::from_der(&merged.to_der().unwrap()).unwrap();
    });
}

/// Contents that have the right type and the wrong meaning.
fn contents(nest: &mut Nest<'_>, attributes: &Attributes) {
    let wrong: [(ObjectIdentifier, &str); 14] = [
        (oid::COUNTRY, "KS"),
        (oid::COUNTRY, "ZZ"),
        (oid::COUNTRY, "xk"),
        (oid::COUNTRY, "XKX"),
        (oid::SERIAL_NUMBER, "PNOKS-1234567892"),
        (oid::SERIAL_NUMBER, "PNOXK-123456789"),
        (oid::SERIAL_NUMBER, "PNOXK-12345678x2"),
        (oid::SERIAL_NUMBER, "1234567892"),
        (oid::SERIAL_NUMBER, "UI:XK-1234567892"),
        (oid::ORGANIZATION_IDENTIFIER, "NTRKS-810000000"),
        (oid::ORGANIZATION_IDENTIFIER, "VATXK-810000000"),
        (oid::ORGANIZATION_IDENTIFIER, "NTRXK-"),
        (oid::ORGANIZATION_IDENTIFIER, "NTRXK-81000000A"),
        (oid::ORGANIZATION_IDENTIFIER, "Signum Demo"),
    ];
    for (kind, value) in wrong {
        let mut changed = attributes.clone();
        for one in changed.iter_mut().filter(|a| a.oid == kind) {
            *one = attribute(kind, value);
        }
        nest.add(format!("subject {} {value:?}", label(kind)), |t| {
            t.subject = rdns(&changed)
        });
    }
}

fn rdns(attributes: &[AttributeTypeAndValue]) -> Name {
    let one = |a: &AttributeTypeAndValue| RelativeDistinguishedName::try_from(vec![a.clone()]).unwrap();
    let all: Vec<_> = attributes.iter().map(one).collect();
    Name::from_der(&all.to_der().unwrap()).unwrap()
}

fn attribute(kind: ObjectIdentifier, value: &str) -> AttributeTypeAndValue {
    AttributeTypeAndValue {
        oid: kind,
        value: text(kind, value),
    }
}

fn text(kind: ObjectIdentifier, value: &str) -> Any {
    if is_printable(kind) {
        Any::from(PrintableStringRef::new(value).unwrap())
    } else {
        Any::from(Utf8StringRef::new(value).unwrap())
    }
}

/// The other of PrintableString and UTF8String.
fn retyped(attribute: &AttributeTypeAndValue) -> Any {
    let ascii = std::str::from_utf8(attribute.value.value())
        .ok()
        .filter(|text| text.is_ascii())
        .unwrap_or("A");
    if is_printable(attribute.oid) {
        Any::from(Utf8StringRef::new(ascii).unwrap())
    } else {
        Any::from(PrintableStringRef::new(ascii).unwrap())
    }
}

fn label(kind: ObjectIdentifier) -> &'static str {
    match kind {
        oid::COUNTRY => "C",
        oid::LOCALITY => "L",
        oid::ORGANIZATION => "O",
        oid::ORGANIZATION_IDENTIFIER => "organizationIdentifier",
        oid::TITLE => "title",
        oid::SERIAL_NUMBER => "serialNumber",
        oid::SURNAME => "SN",
        oid::GIVEN_NAME => "GN",
        _ => "CN",
    }
}
