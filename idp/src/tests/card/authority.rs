//! An authority of cards and what it issues, by the profiles of our own (ca/src/profile: citizen-authentication, citizen-signature)
//! unless a test changes them.

use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Extension, X509NameBuilder};
use x509_cert::der::Encode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::CertificatePolicies;
use x509_cert::ext::pkix::certpolicy::PolicyInformation;

use crate::tests::certificate::NOW;

pub const NCP_PLUS: &str = "0.4.0.2042.1.2";
/// Of our own certificate policy.
pub const OWN_POLICY: &str = "1.3.6.1.4.1.32473.1.1";

pub struct Authority {
    pub key: PKey<Private>,
    pub certificate: X509,
}

/// What a certificate says.
#[derive(Clone)]
pub struct Shape {
    /// Values of the subject's serialNumber.
    pub numbers: Vec<String>,
    pub key_usage: Option<fn(&mut KeyUsage) -> &mut KeyUsage>,
    pub purpose: Option<&'static str>,
    pub policies: Vec<&'static str>,
    pub from: i64,
    pub to: i64,
    pub is_authority: bool,
}

impl Shape {
    /// Authentication of the person with this number.
    pub fn card(number: &str) -> Self {
        Self {
            numbers: vec![format!("PNOXK-{number}")],
            key_usage: Some(KeyUsage::digital_signature),
            purpose: Some("clientAuth"),
            policies: vec![OWN_POLICY, NCP_PLUS],
            from: NOW - 1000,
            to: NOW + 100_000,
            is_authority: false,
        }
    }

    /// Qualified signatures of the same.
    pub fn signing(number: &str) -> Self {
        Self {
            key_usage: Some(KeyUsage::non_repudiation),
            purpose: None,
            policies: vec!["0.4.0.194112.1.2"],
            ..Self::card(number)
        }
    }

    pub fn authority() -> Self {
        Self {
            key_usage: Some(KeyUsage::key_cert_sign),
            purpose: None,
            policies: vec![],
            is_authority: true,
            ..Self::card("")
        }
    }

    pub fn responder() -> Self {
        Self {
            numbers: vec![],
            purpose: Some("OCSPSigning"),
            policies: vec![],
            ..Self::card("")
        }
    }
}

/// A key that a card or an authority has.
pub fn key(curve: Nid) -> PKey<Private> {
    let group = EcGroup::from_curve_name(curve).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

impl Authority {
    pub fn new(name: &str) -> Self {
        Self::shaped(name, &Shape::authority())
    }

    pub fn shaped(name: &str, shape: &Shape) -> Self {
        let key = key(Nid::SECP384R1);
        let certificate = build(name, &key, None, &key, shape);
        Self { key, certificate }
    }

    /// DER of a certificate for this key.
    pub fn issue(&self, name: &str, key: &PKey<Private>, shape: &Shape) -> Vec<u8> {
        build(name, key, Some(&self.certificate), &self.key, shape)
            .to_der()
            .unwrap()
    }

    pub fn der(&self) -> Vec<u8> {
        self.certificate.to_der().unwrap()
    }
}

fn build(name: &str, key: &PKey<Private>, issuer: Option<&X509>, issuer_key: &PKey<Private>, shape: &Shape) -> X509 {
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let mut serial = BigNum::new().unwrap();
    serial.rand(100, MsbOption::ONE, false).unwrap();
    builder.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_text("C", "XK").unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    for number in &shape.numbers {
        subject.append_entry_by_text("serialNumber", number).unwrap();
    }
    let subject = subject.build();
    builder.set_subject_name(&subject).unwrap();
    let issuer_name = issuer.map_or(&*subject, |issuer| issuer.subject_name());
    builder.set_issuer_name(issuer_name).unwrap();
    builder.set_pubkey(key).unwrap();
    let time = |seconds| Asn1Time::from_unix(seconds).unwrap();
    builder.set_not_before(&time(shape.from)).unwrap();
    builder.set_not_after(&time(shape.to)).unwrap();
    let mut extensions = Vec::new();
    if shape.is_authority {
        extensions.push(BasicConstraints::new().critical().ca().build().unwrap());
    }
    if let Some(set) = shape.key_usage {
        extensions.push(set(KeyUsage::new().critical()).build().unwrap());
    }
    if let Some(purpose) = shape.purpose {
        extensions.push(ExtendedKeyUsage::new().other(purpose).build().unwrap());
    }
    if !shape.policies.is_empty() {
        extensions.push(policies(&shape.policies));
    }
    let context = builder.x509v3_context(issuer.map(|i| &**i), None);
    extensions.push(SubjectKeyIdentifier::new().build(&context).unwrap());
    for extension in extensions {
        builder.append_extension(extension).unwrap();
    }
    if issuer.is_some() {
        let context = builder.x509v3_context(issuer.map(|i| &**i), None);
        let extension = AuthorityKeyIdentifier::new().keyid(true).build(&context).unwrap();
        builder.append_extension(extension).unwrap();
    }
    builder.sign(issuer_key, MessageDigest::sha384()).unwrap();
    builder.build()
}

fn policies(list: &[&str]) -> X509Extension {
    let list = list.iter().map(|policy| PolicyInformation {
        policy_identifier: ObjectIdentifier::new_unwrap(policy),
        policy_qualifiers: None,
    });
    let value = CertificatePolicies(list.collect()).to_der().unwrap();
    let oid = Asn1Object::from_str("2.5.29.32").unwrap();
    X509Extension::new_from_der(&oid, false, &Asn1OctetString::new_from_bytes(&value).unwrap()).unwrap()
}
