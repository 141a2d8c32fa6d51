//! Real objects of a CA after its ceremony: what the targets are given, whole and then changed.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use der::asn1::OctetString;
use der::{Decode, Encode};
use http_body_util::BodyExt;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use signum_core::contract::{CertificateAuthority, LeafProfile};
use signum_pki::ocsp::request::OcspRequest;
use signum_pki::oid;
use signum_pki::tsp::verify::token_of;
use tower::ServiceExt;
use x509_cert::Certificate;
use x509_cert::ext::Extension;

use crate::house::{self, House};

pub struct Objects {
    pub root: Vec<u8>,
    pub issuing: Vec<u8>,
    pub tsa: Vec<u8>,
    pub leaf: Vec<u8>,
    /// Revoked before `crl` and `ocsp_response` were made.
    pub revoked: Vec<u8>,
    pub crl: Vec<u8>,
    pub root_crl: Vec<u8>,
    pub pkcs10: Vec<u8>,
    pub keys: Vec<Vec<u8>>,
    pub ocsp_requests: Vec<Vec<u8>>,
    pub ocsp_response: Vec<u8>,
    pub digest: [u8; 32],
    pub tsp_request: Vec<u8>,
    pub token: Vec<u8>,
    pub tsp_response: Vec<u8>,
}

pub struct Reply {
    pub status: StatusCode,
    pub body: Vec<u8>,
}

/// Asks the CA's router as a client would.
pub async fn send(house: &House, path: &str, body: Option<(&str, Vec<u8>)>) -> Reply {
    let request = match body {
        Some((kind, body)) => Request::post(path)
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(body)),
        None => Request::get(path).body(Body::empty()),
    };
    let response = house.service.router().oneshot(request.unwrap()).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes().to_vec();
    Reply { status, body }
}

async fn found(house: &House, path: &str, body: Option<(&str, Vec<u8>)>) -> Vec<u8> {
    let reply = send(house, path, body).await;
    assert_eq!(reply.status, StatusCode::OK, "{path}");
    reply.body
}

pub const OCSP_TYPE: &str = "application/ocsp-request";
pub const TSP_TYPE: &str = "application/timestamp-query";

impl Objects {
    pub async fn of(house: &House) -> Self {
        let pkcs10 = house::pkcs10(&house::key());
        let profile = LeafProfile::CitizenSignature;
        let issued = house
            .service
            .issue(house::request(1, profile, pkcs10.clone()))
            .await
            .unwrap();
        let other = house::pkcs10(&house::key());
        let revoked = house
            .service
            .issue(house::request(2, profile, other))
            .await
            .unwrap()
            .certificate;
        let serial = Certificate::from_der(&revoked).unwrap();
        let serial = serial.tbs_certificate().serial_number().as_bytes().to_vec();
        house.service.revoke(&serial, 1).await.unwrap();
        house.service.publish_due_crls().await.unwrap();
        let issuing = issued.chain[0].clone();
        let plain = signum_pki::ocsp_request(&revoked, &issuing).unwrap();
        let digest = [7; 32];
        let tsp_request = signum_pki::tsp_request(&digest, &[0x80; 16]).unwrap();
        let tsp_response = found(house, "/tsa", Some((TSP_TYPE, tsp_request.clone()))).await;
        let rsa = PKey::from_rsa(Rsa::generate(3072).unwrap()).unwrap();
        Self {
            root: issued.chain[1].clone(),
            tsa: found(house, "/ca/tsa.cer", None).await,
            crl: found(house, "/crl/qsig/0.crl", None).await,
            root_crl: found(house, "/arl/root.crl", None).await,
            ocsp_response: found(house, "/ocsp/qsig", Some((OCSP_TYPE, plain.clone()))).await,
            ocsp_requests: vec![with_nonce(&plain), plain],
            token: token_of(&tsp_response).unwrap(),
            keys: vec![
                rsa.public_key_to_der().unwrap(),
                house::key().public_key_to_der().unwrap(),
            ],
            leaf: issued.certificate,
            issuing,
            revoked,
            pkcs10,
            digest,
            tsp_request,
            tsp_response,
        }
    }
}

fn with_nonce(request: &[u8]) -> Vec<u8> {
    let mut request = OcspRequest::from_der(request).unwrap();
    let nonce = OctetString::new([9; 32]).unwrap().to_der().unwrap();
    request.tbs.extensions = Some(vec![Extension {
        extn_id: oid::OCSP_NONCE,
        critical: false,
        extn_value: OctetString::new(nonce).unwrap(),
    }]);
    request.to_der().unwrap()
}
