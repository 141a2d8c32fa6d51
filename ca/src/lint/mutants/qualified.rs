//! QC statements: missing, doubled, out of order, strange, with another value; the mutants that pkilint lets pass among them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use const_oid::ObjectIdentifier;
use der::asn1::{Any, Ia5String, Null, PrintableString};
use der::{Decode, Encode};
use signum_pki::oid;
use signum_pki::qc::{PdsLocation, QcStatement, QcStatements, SemanticsInformation};

use super::Nest;
use crate::lint::sample;

pub(super) fn breed(nest: &mut Nest<'_>) {
    if !nest.has(oid::QC_STATEMENTS) {
        let claim = vec![QcStatement::compliance()];
        nest.put("qcStatements that claim qualification", oid::QC_STATEMENTS, &claim);
        return;
    }
    let good: QcStatements = sample::value(&nest.sample.tbs(), oid::QC_STATEMENTS);
    for at in 0..good.len() {
        let name = label(good[at].id);
        change(nest, format!("no {name}"), |s| drop(s.remove(at)));
        change(nest, format!("{name} twice"), |s| s.insert(at, s[at].clone()));
        change(nest, format!("{name} before the one before"), |s| {
            s.swap(at, at.saturating_sub(1))
        });
        change(nest, format!("{name} with the value NULL"), |s| {
            s[at].info = Some(Any::from(Null))
        });
        change(nest, format!("{name} without value"), |s| s[at].info = None);
    }
    for (name, id, value) in [
        (
            "QcRetentionPeriod",
            "0.4.0.1862.1.3",
            Any::from_der(&[2, 1, 10]).unwrap(),
        ),
        (
            "QcLimitValue",
            "0.4.0.1862.1.2",
            Any::from_der(b"\x30\x0b\x13\x03EUR\x02\x01\x01\x02\x01\x01").unwrap(),
        ),
        ("QcIdentMethod", "0.4.0.1862.1.8", Any::from(Null)),
        ("unknown statement", "1.3.6.1.4.1.32473.2", Any::from(Null)),
    ] {
        let id = ObjectIdentifier::new_unwrap(id);
        change(nest, format!("with {name}"), |s| {
            s.push(QcStatement { id, info: Some(value) })
        });
    }
    change(nest, "no statements at all".to_owned(), Vec::clear);
    for (name, id) in [("QcCompliance", oid::QC_COMPLIANCE), ("QcSSCD", oid::QC_SSCD)] {
        if good.iter().all(|s| s.id != id) {
            change(nest, format!("with {name}"), |s| {
                s.insert(0, QcStatement { id, info: None })
            });
        }
    }
    values(nest, &good);
}

fn values(nest: &mut Nest<'_>, good: &QcStatements) {
    let kinds = |all: &[&str]| {
        encoded(
            &all.iter()
                .map(|id| ObjectIdentifier::new_unwrap(id))
                .collect::<Vec<_>>(),
        )
    };
    let laws = |all: &[&str]| encoded(&all.iter().map(|c| PrintableString::new(c).unwrap()).collect::<Vec<_>>());
    let pds = |all: &[(&str, &str)]| {
        let one = |(language, url): &(&str, &str)| PdsLocation {
            url: Ia5String::new(url).unwrap(),
            language: PrintableString::new(language).unwrap(),
        };
        encoded(&all.iter().map(one).collect::<Vec<_>>())
    };
    let semantics = |id: &str| {
        encoded(&SemanticsInformation {
            identifier: ObjectIdentifier::new_unwrap(id),
            name_registration_authorities: None,
        })
    };
    let en = "https://pki.example.org/pds/en.pdf";
    let wrong = [
        ("QcType esign", oid::QC_TYPE, kinds(&["0.4.0.1862.1.6.1"])),
        ("QcType eseal", oid::QC_TYPE, kinds(&["0.4.0.1862.1.6.2"])),
        ("QcType web", oid::QC_TYPE, kinds(&["0.4.0.1862.1.6.3"])),
        (
            "QcType two",
            oid::QC_TYPE,
            kinds(&["0.4.0.1862.1.6.1", "0.4.0.1862.1.6.2"]),
        ),
        ("QcType none", oid::QC_TYPE, kinds(&[])),
        ("QcCClegislation KS", oid::QC_LEGISLATION, laws(&["KS"])),
        ("QcCClegislation DE", oid::QC_LEGISLATION, laws(&["DE"])),
        ("QcCClegislation two", oid::QC_LEGISLATION, laws(&["XK", "AL"])),
        ("QcCClegislation none", oid::QC_LEGISLATION, laws(&[])),
        (
            "QcPDS over http",
            oid::QC_PDS,
            pds(&[("en", "http://pki.example.org/pds/en.pdf")]),
        ),
        (
            "QcPDS without English",
            oid::QC_PDS,
            pds(&[("sq", "https://pki.example.org/pds/sq.pdf")]),
        ),
        ("QcPDS in English twice", oid::QC_PDS, pds(&[("en", en), ("en", en)])),
        (
            "QcPDS language of three letters",
            oid::QC_PDS,
            pds(&[("en", en), ("sqi", en)]),
        ),
        (
            "QcPDS elsewhere",
            oid::QC_PDS,
            pds(&[("en", "https://example.org/a.pdf")]),
        ),
        ("QcPDS none", oid::QC_PDS, pds(&[])),
        ("semantics natural", oid::QC_SYNTAX_V2, semantics("0.4.0.194121.1.1")),
        ("semantics legal", oid::QC_SYNTAX_V2, semantics("0.4.0.194121.1.2")),
        (
            "semantics eIDAS natural",
            oid::QC_SYNTAX_V2,
            semantics("0.4.0.194121.1.3"),
        ),
        ("semantics unknown", oid::QC_SYNTAX_V2, semantics("1.3.6.1.4.1.32473.3")),
    ];
    for (name, id, value) in wrong {
        if let Some(at) = good.iter().position(|s| s.id == id) {
            change(nest, name.to_owned(), |s| s[at].info = Some(value));
        }
    }
}

fn change(nest: &mut Nest<'_>, name: String, change: impl FnOnce(&mut QcStatements)) {
    let mut statements: QcStatements = sample::value(&nest.sample.tbs(), oid::QC_STATEMENTS);
    change(&mut statements);
    nest.put(format!("qcStatements: {name}"), oid::QC_STATEMENTS, &statements);
}

fn encoded<T: Encode>(value: &T) -> Any {
    Any::from_der(&value.to_der().unwrap()).unwrap()
}

fn label(id: ObjectIdentifier) -> &'static str {
    match id {
        oid::QC_COMPLIANCE => "QcCompliance",
        oid::QC_SSCD => "QcSSCD",
        oid::QC_TYPE => "QcType",
        oid::QC_PDS => "QcPDS",
        oid::QC_LEGISLATION => "QcCClegislation",
        _ => "semantics",
    }
}
