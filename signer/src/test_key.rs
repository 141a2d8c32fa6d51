//! Tests only: a certificate authority, a signer and a time-stamping authority with software keys made by OpenSSL.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;
use std::process::Command;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST};
use der::asn1::{OctetString, SetOfVec};
use der::{Any, Encode};
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509NameBuilder};
use sha2::{Digest, Sha256};
use x509_cert::attr::{Attribute, Attributes};

pub(crate) struct TestKey {
    pub key: PKey<Private>,
    pub certificate: X509,
}

pub(crate) enum Role {
    Authority,
    Signer,
    TimeStamping,
}

impl TestKey {
    pub fn new(name: &str, role: &Role, serial: u32, issuer: Option<&TestKey>) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        let mut subject = X509NameBuilder::new().unwrap();
        subject.append_entry_by_nid(Nid::COUNTRYNAME, "XK").unwrap();
        subject.append_entry_by_nid(Nid::COMMONNAME, name).unwrap();
        let subject = subject.build();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        let serial = BigNum::from_u32(serial).unwrap().to_asn1_integer().unwrap();
        builder.set_serial_number(&serial).unwrap();
        builder.set_subject_name(&subject).unwrap();
        builder
            .set_issuer_name(issuer.map_or(&*subject, |i| i.certificate.subject_name()))
            .unwrap();
        builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::days_from_now(3650).unwrap()).unwrap();
        builder.set_pubkey(&key).unwrap();
        match role {
            Role::Authority => {
                builder
                    .append_extension(BasicConstraints::new().critical().ca().build().unwrap())
                    .unwrap();
                builder
                    .append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build().unwrap())
                    .unwrap();
            }
            Role::Signer => {
                builder
                    .append_extension(KeyUsage::new().critical().non_repudiation().build().unwrap())
                    .unwrap();
            }
            Role::TimeStamping => {
                builder
                    .append_extension(KeyUsage::new().critical().digital_signature().build().unwrap())
                    .unwrap();
                let usage = ExtendedKeyUsage::new().critical().time_stamping().build().unwrap();
                builder.append_extension(usage).unwrap();
            }
        }
        let context = builder.x509v3_context(issuer.map(|i| &*i.certificate), None);
        let ski = SubjectKeyIdentifier::new().build(&context).unwrap();
        builder.append_extension(ski).unwrap();
        if issuer.is_some() {
            let context = builder.x509v3_context(issuer.map(|i| &*i.certificate), None);
            let aki = AuthorityKeyIdentifier::new().keyid(true).build(&context).unwrap();
            builder.append_extension(aki).unwrap();
        }
        builder
            .sign(issuer.map_or(&key, |i| &i.key), MessageDigest::sha256())
            .unwrap();
        Self {
            certificate: builder.build(),
            key,
        }
    }

    pub fn der(&self) -> Vec<u8> {
        self.certificate.to_der().unwrap()
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key).unwrap();
        signer.sign_oneshot_to_vec(message).unwrap()
    }

    /// The signed attributes as the signing module builds them.
    pub fn attributes(&self, digest: &[u8; 32]) -> Vec<u8> {
        // SigningCertificateV2 ::= SEQUENCE { certs SEQUENCE { ESSCertIDv2 SEQUENCE { certHash } } }, SHA-256 by default.
        let hash = OctetString::new(Sha256::digest(self.der()).to_vec())
            .unwrap()
            .to_der()
            .unwrap();
        let wrap = |inner: &[u8]| [&[0x30, u8::try_from(inner.len()).unwrap()], inner].concat();
        let certificate = wrap(&wrap(&wrap(&hash)));
        let attribute = |oid, value: Any| Attribute {
            oid,
            values: SetOfVec::try_from(vec![value]).unwrap(),
        };
        let attributes: Attributes = SetOfVec::try_from(vec![
            attribute(ID_CONTENT_TYPE, Any::encode_from(&ID_DATA).unwrap()),
            attribute(
                ID_MESSAGE_DIGEST,
                Any::encode_from(&OctetString::new(digest.to_vec()).unwrap()).unwrap(),
            ),
            attribute(
                ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47"),
                <Any as der::Decode>::from_der(&certificate).unwrap(),
            ),
        ])
        .unwrap();
        attributes.to_der().unwrap()
    }

    /// Answers a TimeStampReq as `openssl ts` does, in `folder`.
    pub fn time_stamp(&self, folder: &Path, query: &[u8]) -> Vec<u8> {
        std::fs::write(folder.join("tsa.pem"), self.certificate.to_pem().unwrap()).unwrap();
        std::fs::write(folder.join("tsa.key"), self.key.private_key_to_pem_pkcs8().unwrap()).unwrap();
        std::fs::write(folder.join("q.tsq"), query).unwrap();
        let config = "[tsa]\ndefault_tsa = t\n[t]\nserial = serial\ndefault_policy = 1.2.3.4\ndigests = sha256\n\
                      signer_digest = sha256\naccuracy = secs:1\nordering = no\ness_cert_id_alg = sha256\n";
        std::fs::write(folder.join("tsa.cnf"), config).unwrap();
        let arguments = [
            "ts",
            "-reply",
            "-config",
            "tsa.cnf",
            "-queryfile",
            "q.tsq",
            "-signer",
            "tsa.pem",
            "-inkey",
            "tsa.key",
            "-out",
            "r.tsr",
        ];
        let run = Command::new("openssl")
            .args(arguments)
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        std::fs::read(folder.join("r.tsr")).unwrap()
    }
}
