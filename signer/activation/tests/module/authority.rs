//! A test CA made with OpenSSL, and its OCSP responses.

use der::asn1::{Any, BitString, GeneralizedTime, Null};
use der::{Decode, Encode};
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, PKeyRef, Private, Public};
use openssl::sign::Signer;
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
use openssl::x509::{X509, X509Builder, X509NameBuilder, X509NameRef, X509Req};
use signum_pki::ocsp::cert_id::CertId;
use signum_pki::ocsp::response::{
    BasicOcspResponse, OcspResponse, ResponderId, ResponseData, RevokedInfo, SingleResponse, Status,
};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;

pub struct Authority {
    key: PKey<Private>,
    pub certificate: X509,
    responder_key: PKey<Private>,
    responder: X509,
}

/// What a responder says.
pub enum Answer {
    Good,
    Revoked,
    Unknown,
}

pub fn new_key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn name(common_name: &str, serial_number: Option<&str>) -> openssl::x509::X509Name {
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, common_name).unwrap();
    if let Some(number) = serial_number {
        name.append_entry_by_nid(Nid::SERIALNUMBER, number).unwrap();
    }
    name.build()
}

fn builder(subject: &X509NameRef, issuer: &X509NameRef, key: &PKeyRef<Public>) -> X509Builder {
    let mut builder = X509::builder().unwrap();
    let mut serial = [0; 16];
    openssl::rand::rand_bytes(&mut serial).unwrap();
    serial[0] = 0x5a;
    let serial = BigNum::from_slice(&serial).unwrap().to_asn1_integer().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(&serial).unwrap();
    builder.set_subject_name(subject).unwrap();
    builder.set_issuer_name(issuer).unwrap();
    builder
        .set_not_before(&Asn1Time::from_unix(1_600_000_000).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::from_unix(4_000_000_000).unwrap())
        .unwrap();
    builder.set_pubkey(key).unwrap();
    builder
}

fn public(key: &PKey<Private>) -> PKey<Public> {
    PKey::public_key_from_der(&key.public_key_to_der().unwrap()).unwrap()
}

impl Authority {
    pub fn new(common_name: &str) -> Self {
        let (key, responder_key) = (new_key(), new_key());
        let ca_name = name(common_name, None);
        let mut ca = builder(&ca_name, &ca_name, &public(&key));
        ca.append_extension(BasicConstraints::new().critical().ca().build().unwrap())
            .unwrap();
        ca.sign(&key, MessageDigest::sha256()).unwrap();
        let mut responder = builder(&name("Responder", None), &ca_name, &public(&responder_key));
        responder
            .append_extension(KeyUsage::new().critical().digital_signature().build().unwrap())
            .unwrap();
        responder
            .append_extension(ExtendedKeyUsage::new().other("OCSPSigning").build().unwrap())
            .unwrap();
        responder.sign(&key, MessageDigest::sha256()).unwrap();
        Self {
            key,
            certificate: ca.build(),
            responder_key,
            responder: responder.build(),
        }
    }

    pub fn der(&self) -> Vec<u8> {
        self.certificate.to_der().unwrap()
    }

    /// A signing certificate for a request's key; the request's own signature is checked.
    pub fn issue(&self, pkcs10: &[u8], semantics_identifier: &str) -> Vec<u8> {
        let request = X509Req::from_der(pkcs10).unwrap();
        let key = request.public_key().unwrap();
        assert!(request.verify(&key).unwrap());
        self.issue_for(&key, semantics_identifier)
    }

    pub fn issue_for(&self, key: &PKeyRef<Public>, semantics_identifier: &str) -> Vec<u8> {
        let subject = name("Demo Person", Some(semantics_identifier));
        let mut leaf = builder(&subject, self.certificate.subject_name(), key);
        leaf.append_extension(KeyUsage::new().critical().non_repudiation().build().unwrap())
            .unwrap();
        leaf.sign(&self.key, MessageDigest::sha256()).unwrap();
        leaf.build().to_der().unwrap()
    }

    /// OCSPResponse DER about `certificate`, signed by the delegated responder, made at `this_update`.
    pub fn ocsp(&self, certificate: &[u8], answer: &Answer, this_update: i64) -> Vec<u8> {
        self.ocsp_by(&self.responder, &self.responder_key, certificate, answer, this_update)
    }

    /// As [`ocsp`](Self::ocsp), signed by somebody to whom this CA gave an ordinary signing certificate.
    pub fn ocsp_by_a_person(&self, certificate: &[u8], this_update: i64) -> Vec<u8> {
        let key = new_key();
        let person = X509::from_der(&self.issue_for(&public(&key), "PNOXK-1")).unwrap();
        self.ocsp_by(&person, &key, certificate, &Answer::Good, this_update)
    }

    fn ocsp_by(
        &self,
        responder: &X509,
        key: &PKey<Private>,
        certificate: &[u8],
        answer: &Answer,
        this_update: i64,
    ) -> Vec<u8> {
        let responder = responder.to_der().unwrap();
        let parsed = Certificate::from_der(&responder).unwrap();
        let issuer = Certificate::from_der(&self.der()).unwrap();
        let data = ResponseData {
            version: 0,
            responder_id: ResponderId::ByName(parsed.tbs_certificate().subject().clone()),
            produced_at: time(this_update),
            responses: vec![SingleResponse {
                cert_id: CertId::sha256(&Certificate::from_der(certificate).unwrap(), &issuer).unwrap(),
                status: match answer {
                    Answer::Good => Status::Good(Null),
                    Answer::Unknown => Status::Unknown(Null),
                    Answer::Revoked => Status::Revoked(RevokedInfo {
                        revocation_time: time(this_update - 10),
                        reason: None,
                    }),
                },
                this_update: time(this_update),
                next_update: Some(time(this_update + 600)),
                extensions: None,
            }],
            extensions: None,
        };
        let tbs = data.to_der().unwrap();
        let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
        let basic = BasicOcspResponse {
            tbs: Any::from_der(&tbs).unwrap(),
            signature_algorithm: AlgorithmIdentifierOwned {
                oid: signum_pki::oid::ECDSA_SHA256,
                parameters: None,
            },
            signature: BitString::from_bytes(&signer.sign_oneshot_to_vec(&tbs).unwrap()).unwrap(),
            certs: Some(vec![Any::from_der(&responder).unwrap()]),
        };
        OcspResponse::successful(&basic).unwrap().to_der().unwrap()
    }
}

fn time(seconds: i64) -> GeneralizedTime {
    GeneralizedTime::from_unix_duration(std::time::Duration::from_secs(seconds as u64)).unwrap()
}
