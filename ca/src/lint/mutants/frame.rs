//! Version, serial number, algorithm, issuer, validity and key.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use der::asn1::{Any, BitString, GeneralizedTime, Null};
use der::{DateTime, Decode, Encode};
use signum_pki::oid;
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::certificate::Version;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use super::Nest;
use crate::lint::sample;
use crate::tbs::Tbs;

pub(super) fn breed(nest: &mut Nest<'_>) {
    nest.add("version 1", |t| t.version = Version::V1);
    nest.add("version 2", |t| t.version = Version::V2);
    serial(nest);
    nest.add("issuer is the subject", |t| t.issuer = t.subject.clone());
    nest.add("issuer without its last attribute", |t| {
        t.issuer = without_last(&t.issuer)
    });
    nest.add("issuer of another country", |t| {
        t.issuer = crate::name::name(&[(oid::COUNTRY, "AL"), (oid::COMMON_NAME, "A")]).unwrap();
    });
    algorithm(nest);
    validity(nest);
    key(nest);
}

fn serial(nest: &mut Nest<'_>) {
    for (name, octets) in [
        ("of 3 octets", vec![1, 2, 3]),
        ("zero", vec![0]),
        ("of 16 octets", vec![0x5a; 16]),
        ("of 20 octets", vec![0x5a; 20]),
        ("with its first bit set", vec![0x81; 17]),
    ] {
        nest.add(format!("serial number {name}"), |t| {
            t.serial_number = SerialNumber::new(&octets).unwrap()
        });
    }
    // The sample's INTEGER of 17 octets, made negative and made longer than DER has it.
    let mut negative = nest.good.clone();
    let at = negative.windows(3).position(|w| w == [2, 17, 1]).unwrap();
    negative[at + 2] = 0x81;
    nest.add_octets("serial number negative", negative);
    let mut padded = nest.good.clone();
    padded[at + 2] = 0;
    nest.add_octets("serial number with a leading zero", padded);
}

fn algorithm(nest: &mut Nest<'_>) {
    for (name, id) in [
        ("ecdsa-with-SHA256", oid::ECDSA_SHA256),
        ("ecdsa-with-SHA512", oid::ECDSA_SHA512),
        ("sha256WithRSAEncryption", oid::RSA_SHA256),
        (
            "sha1WithRSAEncryption",
            const_oid::ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5"),
        ),
    ] {
        nest.add(format!("signature {name}"), |t| {
            t.signature = AlgorithmIdentifierOwned {
                oid: id,
                parameters: None,
            };
        });
    }
    nest.add("signature parameters the other way", |t| {
        t.signature.parameters = t.signature.parameters.is_none().then(|| Any::from(Null));
    });
}

fn validity(nest: &mut Nest<'_>) {
    let shift = |t: &mut Tbs, from: i64, to: i64| {
        let at = |time: Time, by: i64| {
            let seconds = time.to_unix_duration().as_secs().checked_add_signed(by).unwrap();
            Time::from(DateTime::from_unix_duration(Duration::from_secs(seconds)).unwrap())
        };
        t.validity = Validity::new(at(t.validity.not_before, from), at(t.validity.not_after, to));
    };
    nest.add("a second too long", |t| shift(t, 0, 1));
    nest.add("began two hours ago", |t| shift(t, -7200, -7200));
    nest.add("begins in a minute", |t| shift(t, 60, 0));
    nest.add("ends before it begins", |t| {
        t.validity = Validity::new(t.validity.not_after, t.validity.not_before);
    });
    nest.add("ends when it begins", |t| {
        t.validity = Validity::new(t.validity.not_before, t.validity.not_before)
    });
    if nest.sample.issuer.validity.is_some() {
        nest.add("outlives its issuer", |t| {
            let end = DateTime::from_unix_duration(Duration::from_secs(sample::ISSUER_ENDS + 1)).unwrap();
            t.validity = Validity::new(t.validity.not_before, Time::from(end));
        });
    }
    nest.add("GeneralizedTime before 2050", |t| {
        let Time::UtcTime(utc) = t.validity.not_before else {
            panic!("UTCTime")
        };
        let general = GeneralizedTime::from_date_time(utc.to_date_time());
        t.validity = Validity::new(Time::GeneralTime(general), t.validity.not_after);
    });
}

fn key(nest: &mut Nest<'_>) {
    for name in ["rsa2048", "rsa3072-exponent3", "ed25519", "k256"] {
        let spki = SubjectPublicKeyInfoOwned::from_der(&sample::spki(name)).unwrap();
        nest.add(format!("key {name}"), |t| t.spki = spki);
    }
    nest.add("key with other parameters", |t| {
        t.spki.algorithm.parameters = Some(Any::from_der(&[1, 1, 255]).unwrap())
    });
    nest.add("key without parameters", |t| t.spki.algorithm.parameters = None);
    nest.add("key with its last octet changed", |t| {
        let mut octets = t.spki.subject_public_key.raw_bytes().to_vec();
        *octets.last_mut().unwrap() ^= 1;
        t.spki.subject_public_key = BitString::from_bytes(&octets).unwrap();
    });
    nest.add("key as a compressed point", |t| {
        let length = t.spki.subject_public_key.raw_bytes().len() / 2;
        let mut octets = t.spki.subject_public_key.raw_bytes()[..=length].to_vec();
        octets[0] = 2;
        t.spki.subject_public_key = BitString::from_bytes(&octets).unwrap();
    });
    if nest.sample.profile.is_authority() {
        let spki = SubjectPublicKeyInfoOwned::from_der(&sample::spki("p256-subject")).unwrap();
        nest.add("authority with a P-256 key", |t| t.spki = spki);
    }
}

fn without_last(name: &x509_cert::name::Name) -> x509_cert::name::Name {
    let mut rdns: Vec<_> = name.iter_rdn().cloned().collect();
    rdns.pop();
    x509_cert::name::Name::from_der(&rdns.to_der().unwrap()).unwrap()
}
