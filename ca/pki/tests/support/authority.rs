//! Certification authorities of a test: P-256 keys in memory, any extension.

use const_oid::ObjectIdentifier;
use der::asn1::Any;
use der::{Decode, Encode};
use openssl::asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{AuthorityKeyIdentifier, BasicConstraints, KeyUsage, SubjectKeyIdentifier};
use openssl::x509::{X509, X509Builder, X509Extension, X509Name};

/// Object identifier, criticality, DER of the value.
pub type Extension = (ObjectIdentifier, bool, Vec<u8>);

pub struct Authority {
    key: PKey<Private>,
    x509: X509,
    pub certificate: Vec<u8>,
}

pub struct Shape {
    extensions: Vec<Extension>,
    not_after: i64,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            extensions: Vec::new(),
            not_after: 4_000_000_000,
        }
    }
}

impl Shape {
    pub fn with(mut self, extension: Extension) -> Self {
        self.extensions.push(extension);
        self
    }
    pub fn expired() -> Self {
        Self {
            not_after: 1_600_000_000,
            ..Self::default()
        }
    }
}

impl Authority {
    pub fn root(name: &str) -> Self {
        let key = key();
        let certificate = build(name, &key, None, &key, true, &Shape::default());
        Self::new(key, certificate)
    }
    fn new(key: PKey<Private>, x509: X509) -> Self {
        let certificate = x509.to_der().unwrap();
        Self { key, x509, certificate }
    }
    pub fn authority(&self, name: &str, shape: Shape) -> Self {
        let key = key();
        let certificate = build(name, &key, Some(&self.x509), &self.key, true, &shape);
        Self::new(key, certificate)
    }
    /// A certificate of this authority for another's name and key.
    pub fn certify(&self, other: &Self, shape: Shape) -> Vec<u8> {
        let name = other
            .x509
            .subject_name()
            .entries()
            .next()
            .unwrap()
            .data()
            .to_string()
            .unwrap();
        build(&name, &other.key, Some(&self.x509), &self.key, true, &shape)
            .to_der()
            .unwrap()
    }
    pub fn leaf(&self, name: &str, shape: Shape) -> Vec<u8> {
        build(name, &key(), Some(&self.x509), &self.key, false, &shape)
            .to_der()
            .unwrap()
    }
}

fn key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn named(common_name: &str) -> X509Name {
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, common_name).unwrap();
    name.build()
}

fn build(
    name: &str,
    subject_key: &PKey<Private>,
    issuer: Option<&X509>,
    issuer_key: &PKey<Private>,
    is_authority: bool,
    shape: &Shape,
) -> X509 {
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    let mut serial = BigNum::new().unwrap();
    serial.rand(100, MsbOption::ONE, false).unwrap();
    builder
        .set_serial_number(&Asn1Integer::from_bn(&serial).unwrap())
        .unwrap();
    builder.set_subject_name(&named(name)).unwrap();
    let own_name = named(name);
    builder
        .set_issuer_name(issuer.map_or(&own_name, |issuer| issuer.subject_name()))
        .unwrap();
    builder
        .set_not_before(&Asn1Time::from_unix(1_500_000_000).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::from_unix(shape.not_after).unwrap())
        .unwrap();
    builder.set_pubkey(subject_key).unwrap();
    if is_authority {
        builder
            .append_extension(BasicConstraints::new().critical().ca().build().unwrap())
            .unwrap();
        builder
            .append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build().unwrap())
            .unwrap();
    }
    let context = builder.x509v3_context(issuer.map(|i| &**i), None);
    let identifier = SubjectKeyIdentifier::new().build(&context).unwrap();
    builder.append_extension(identifier).unwrap();
    if issuer.is_some() {
        let context = builder.x509v3_context(issuer.map(|i| &**i), None);
        let identifier = AuthorityKeyIdentifier::new().keyid(true).build(&context).unwrap();
        builder.append_extension(identifier).unwrap();
    }
    for (oid, critical, value) in &shape.extensions {
        let oid = Asn1Object::from_str(&oid.to_string()).unwrap();
        let value = Asn1OctetString::new_from_bytes(value).unwrap();
        builder
            .append_extension(X509Extension::new_from_der(&oid, *critical, &value).unwrap())
            .unwrap();
    }
    builder.sign(issuer_key, MessageDigest::sha256()).unwrap();
    builder.build()
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag, u8::try_from(content.len()).unwrap()];
    out.extend_from_slice(content);
    Any::from_der(&out).unwrap().to_der().unwrap()
}

/// certificatePolicies without qualifiers.
pub fn policies(list: &[ObjectIdentifier]) -> Extension {
    let list: Vec<u8> = list
        .iter()
        .flat_map(|policy| tagged(0x30, &policy.to_der().unwrap()))
        .collect();
    (signum_pki::oid::CERTIFICATE_POLICIES, false, tagged(0x30, &list))
}

/// nameConstraints with one directoryName `CN=name`; `list` 0 permits it, 1 excludes it.
pub fn directory_constraint(list: u8, name: &str) -> Extension {
    let name = named(name).to_der().unwrap();
    let subtree = tagged(0x30, &tagged(0xa4, &name));
    let value = tagged(0x30, &tagged(0xa0 + list, &subtree));
    (signum_pki::oid::NAME_CONSTRAINTS, true, value)
}
