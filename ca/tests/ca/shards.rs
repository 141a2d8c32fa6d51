//! A CA that splits its certificates over several lists (C-01): each certificate names its own, and stands on no other.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::Request;
use der::asn1::Uint;
use der::{Decode, Encode};
use signum_ca::{Algorithms, Config, Role};
use signum_core::contract::{CertificateAuthority, LeafProfile};
use signum_pki::oid;
use x509_cert::Certificate;
use x509_cert::crl::CertificateList;
use x509_cert::ext::pkix::crl::dp::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlDistributionPoints};

use crate::house::{self, House, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;
use crate::ocsp::send;

const SHARDS: u32 = 4;

fn address(name: &DistributionPointName) -> String {
    let DistributionPointName::FullName(names) = name else {
        panic!("{name:?}")
    };
    match names.as_slice() {
        [GeneralName::UniformResourceIdentifier(address)] => address.to_string(),
        names => panic!("{names:?}"),
    }
}

/// Where the certificate says that it would be listed.
fn named(certificate: &[u8]) -> String {
    let certificate = Certificate::from_der(certificate).unwrap();
    let tbs = certificate.tbs_certificate();
    let (_, points) = tbs.get_extension::<CrlDistributionPoints>().unwrap().unwrap();
    assert_eq!(points.0.len(), 1);
    address(points.0[0].distribution_point.as_ref().unwrap())
}

async fn list(house: &House, address: &str) -> CertificateList {
    let path = address.strip_prefix("http://pki.example.org").unwrap();
    let asked = Request::builder().uri(path).body(Body::empty()).unwrap();
    CertificateList::from_der(&send(house, asked).await.2).unwrap()
}

fn listed(list: &CertificateList) -> BTreeSet<Vec<u8>> {
    let entries = list.tbs_cert_list.revoked_certificates.iter().flatten();
    entries.map(|entry| entry.serial_number.as_bytes().to_vec()).collect()
}

#[test]
fn each_certificate_names_the_part_of_the_list_that_its_serial_number_chooses_and_is_on_no_other() {
    in_own_process(|dir| async move {
        let settings = Config {
            crl_shards: SHARDS,
            ..config()
        };
        let house = house::open(&dir, settings).await;
        let mut parts: BTreeMap<String, BTreeSet<Vec<u8>>> = BTreeMap::new();
        for number in 1..=24 {
            let asked = request(number, LeafProfile::CitizenSignature, pkcs10(&key()));
            let certificate = house.service.issue(asked).await.unwrap().certificate;
            let serial = serial(&certificate);
            let part = u32::from(*serial.last().unwrap()) % SHARDS;
            assert_eq!(
                named(&certificate),
                format!("http://pki.example.org/crl/qsig/{part}.crl")
            );
            house.service.revoke(&serial, 4).await.unwrap();
            parts.entry(named(&certificate)).or_default().insert(serial);
        }
        for shard in 0..SHARDS {
            house
                .service
                .publish_crl(Role::Qsig.of(Algorithms::Ec), shard)
                .await
                .unwrap();
        }
        let mut all = 0;
        for (whole, serials) in &parts {
            let list = list(&house, whole).await;
            assert_eq!(listed(&list), *serials, "{whole}");
            all += serials.len();
            let extensions = list.tbs_cert_list.crl_extensions.as_ref().unwrap();
            let only = |id| {
                let mut found = extensions.iter().filter(|extension| extension.extn_id == id);
                let (one, none) = (found.next().unwrap(), found.next());
                assert!(none.is_none(), "{id} twice");
                one
            };
            let point = only(oid::ISSUING_DISTRIBUTION_POINT);
            assert!(point.critical);
            let point = IssuingDistributionPoint::from_der(point.extn_value.as_bytes()).unwrap();
            assert!(point.only_contains_user_certs && !point.only_contains_ca_certs && !point.indirect_crl);
            assert_eq!(address(point.distribution_point.as_ref().unwrap()), *whole);
            let key = only(oid::AUTHORITY_KEY_IDENTIFIER);
            let key = AuthorityKeyIdentifier::from_der(key.extn_value.as_bytes()).unwrap();
            assert!(key.key_identifier.is_some() && key.authority_cert_issuer.is_none());
            Uint::from_der(only(oid::CRL_NUMBER).extn_value.as_bytes())
                .unwrap()
                .to_der()
                .unwrap();
        }
        assert_eq!(all, 24);
        assert!(parts.len() > 1, "24 serial numbers in one of {SHARDS} parts");
    });
}
