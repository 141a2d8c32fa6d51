//! Certificates as clients and authorities have them, of a key that the test holds; they last a thousand seconds.

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509NameBuilder};

/// When [`super::world::World`] begins.
pub const NOW: i64 = 1_790_000_000;

pub struct Made {
    pub certificate: X509,
    pub key: PKey<Private>,
}

/// Of this name; signed by `issuer`, or by itself.
pub fn made(name: &str, issuer: Option<&Made>, authority: bool) -> Made {
    of(name, issuer, authority, None)
}

/// Of a client, with a DNS name among its alternative names.
pub fn with_dns(name: &str, issuer: &Made, dns: &str) -> Made {
    of(name, Some(issuer), false, Some(dns))
}

fn of(name: &str, issuer: Option<&Made>, authority: bool, dns: Option<&str>) -> Made {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut named = X509NameBuilder::new().unwrap();
    named.append_entry_by_text("CN", name).unwrap();
    let named = named.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(7).unwrap().to_asn1_integer().unwrap();
    builder.set_serial_number(&serial).unwrap();
    builder.set_subject_name(&named).unwrap();
    let issuer_name = issuer.map_or(&*named, |issuer| issuer.certificate.subject_name());
    builder.set_issuer_name(issuer_name).unwrap();
    builder.set_pubkey(&key).unwrap();
    let time = |seconds| Asn1Time::from_unix(seconds).unwrap();
    builder.set_not_before(&time(NOW - 1000)).unwrap();
    builder.set_not_after(&time(NOW + 1000)).unwrap();
    if authority {
        let ca = BasicConstraints::new().critical().ca().build().unwrap();
        builder.append_extension(ca).unwrap();
    }
    if let Some(dns) = dns {
        let context = builder.x509v3_context(None, None);
        let san = SubjectAlternativeName::new().dns(dns).build(&context).unwrap();
        builder.append_extension(san).unwrap();
    }
    let signer = issuer.map_or(&key, |issuer| &issuer.key);
    builder.sign(signer, MessageDigest::sha256()).unwrap();
    Made {
        certificate: builder.build(),
        key,
    }
}

impl Made {
    pub fn der(&self) -> Vec<u8> {
        self.certificate.to_der().unwrap()
    }

    pub fn pem(&self) -> Vec<u8> {
        self.certificate.to_pem().unwrap()
    }
}
