//! One target per DER entry, each with what must hold of its answer whatever it is given.

use std::slice::from_ref;

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use der::{Decode, Encode};
use openssl::sha::sha256;
use signum_core::contract::{CertificateAuthority, ContractError, LeafProfile};
use signum_fuzz::{Take, Target, Verdict};
use signum_pki::chain::{Purpose, ServerName, Validation};
use signum_pki::key_check;
use signum_pki::ocsp::request::OcspRequest;
use signum_pki::ocsp::response::OcspResponse;
use signum_pki::tsp::request::TimeStampReq;
use signum_pki::tsp::response::TimeStampResp;
use signum_pki::tsp::verify::token_of;
use signum_pki::{CertStatus, TimeStamp, verify_ocsp, verify_time_stamp};
use tokio::runtime::Handle;
use x509_cert::Certificate;

use crate::house::{self, House};
use crate::objects::{OCSP_TYPE, Objects, Reply, TSP_TYPE, send};

pub fn all<'a>(house: &'a House, objects: &'a Objects) -> Vec<Target<'a>> {
    let o = objects;
    let target = |name, seeds: &[&Vec<u8>], take: Take<'a>| Target {
        name,
        seeds: seeds.iter().map(|seed| (*seed).clone()).collect(),
        take,
    };
    let requests: Vec<&Vec<u8>> = o.ocsp_requests.iter().collect();
    let keys: Vec<&Vec<u8>> = o.keys.iter().collect();
    let now = house.now().seconds();
    let stamp = verify_time_stamp(&o.token, &o.digest, from_ref(&o.tsa), from_ref(&o.root)).unwrap();
    vec![
        target(
            "certificate",
            &[&o.leaf, &o.revoked],
            Box::new(move |der| leaf(o, now, der)),
        ),
        target(
            "issuer",
            &[&o.issuing, &o.root],
            Box::new(move |der| issuer(o, now, der)),
        ),
        target("crl", &[&o.crl, &o.root_crl], Box::new(move |der| crl(o, now, der))),
        target(
            "key",
            &keys,
            Box::new(|der| {
                let _ = key_check::check(der);
                Ok(())
            }),
        ),
        target("ocsp_request", &requests, Box::new(ocsp_request)),
        target(
            "ocsp_response",
            &[&o.ocsp_response],
            Box::new(move |der| ocsp_response(o, now, der)),
        ),
        target("tsp_request", &[&o.tsp_request], Box::new(tsp_request)),
        target(
            "tsp_response",
            &[&o.tsp_response, &o.token],
            Box::new(move |der| tsp_response(o, &stamp, der)),
        ),
        target("pkcs10", &[&o.pkcs10], Box::new(move |der| pkcs10(house, o, der))),
        target("ocsp_post", &requests, Box::new(move |der| ocsp_post(house, der))),
        target("ocsp_get", &requests, Box::new(move |der| ocsp_get(house, der))),
        target("tsa_post", &[&o.tsp_request], Box::new(move |der| tsa_post(house, der))),
    ]
}

fn check(holds: bool, what: &str) -> Verdict {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

/// A leaf is accepted as it was issued and in no other form.
fn leaf(o: &Objects, now: i64, der: &[u8]) -> Verdict {
    let server = Purpose::ServerAuth(ServerName::Dns("example.org".to_owned()));
    for purpose in [Purpose::TimeStamping, Purpose::ClientAuth, server, Purpose::Any] {
        let is_any = purpose == Purpose::Any;
        let outcome = Validation::new(purpose, now).check(der, from_ref(&o.issuing), from_ref(&o.root));
        let issued = der == o.leaf || der == o.revoked;
        check(outcome.is_err() || issued, "a changed certificate is accepted")?;
        check(outcome.is_ok() || !issued || !is_any, "the certificate is refused")?;
    }
    Ok(())
}

/// The same of intermediate and root.
fn issuer(o: &Objects, now: i64, der: &[u8]) -> Verdict {
    let validation = Validation::new(Purpose::Any, now);
    let between = validation.check(&o.leaf, &[der.to_vec()], from_ref(&o.root));
    check(
        between.is_ok() == (der == o.issuing),
        "a changed issuer is accepted, or the right one refused",
    )?;
    let root = validation.check(&o.leaf, from_ref(&o.issuing), &[der.to_vec()]);
    check(
        root.is_ok() || (der != o.root && der != o.issuing),
        "the right root is refused",
    )?;
    check(
        root.is_err() || der == o.root || is_anchor(o, der),
        "a changed root is accepted",
    )
}

/// A certificate in the list of roots is trusted as it stands, unless it claims to have signed itself: one with a name and key
/// of the path ends it, whoever it says has issued it.
fn is_anchor(o: &Objects, der: &[u8]) -> bool {
    let Ok(found) = Certificate::from_der(der) else {
        return false;
    };
    let found = found.tbs_certificate();
    let is_same_entity = |original: &Vec<u8>| {
        let original = Certificate::from_der(original).unwrap();
        let original = original.tbs_certificate();
        found.subject() == original.subject() && found.subject_public_key_info() == original.subject_public_key_info()
    };
    found.issuer() != found.subject() && [&o.root, &o.issuing].into_iter().any(is_same_entity)
}

/// Whatever the list becomes, what it revoked is never good.
fn crl(o: &Objects, now: i64, der: &[u8]) -> Verdict {
    let lists = [der.to_vec(), o.root_crl.clone()];
    let mut validation = Validation::new(Purpose::Any, now);
    validation.crls = Some(&lists);
    let outcome = validation.check(&o.revoked, from_ref(&o.issuing), from_ref(&o.root));
    check(outcome.is_err(), "a revoked certificate is accepted")?;
    let outcome = validation.check(&o.leaf, from_ref(&o.issuing), from_ref(&o.root));
    check(
        outcome.is_ok() == (der == o.crl),
        "a changed list is believed, or the right one is not",
    )
}

/// What is read can be written again, as the CA does with the parts it repeats.
fn ocsp_request(der: &[u8]) -> Verdict {
    match OcspRequest::from_der(der) {
        Ok(request) => check(request.to_der().is_ok(), "a request that was read cannot be written"),
        Err(_) => Ok(()),
    }
}

fn ocsp_response(o: &Objects, now: i64, der: &[u8]) -> Verdict {
    let outcome = verify_ocsp(der, &o.revoked, &o.issuing, now, 60);
    check(
        matches!(outcome, Err(_) | Ok(CertStatus::Revoked { reason: 1, .. })),
        "a revoked certificate is told to be otherwise",
    )?;
    let outcome = verify_ocsp(der, &o.leaf, &o.issuing, now, 60);
    check(outcome.is_err(), "the answer is taken for another certificate's")
}

fn tsp_request(der: &[u8]) -> Verdict {
    match TimeStampReq::from_der(der) {
        Ok(request) => check(request.to_der().is_ok(), "a request that was read cannot be written"),
        Err(_) => Ok(()),
    }
}

/// A token that is believed says what the original says.
fn tsp_response(o: &Objects, original: &TimeStamp, der: &[u8]) -> Verdict {
    let (roots, intermediates) = (from_ref(&o.root), from_ref(&o.tsa));
    for token in [token_of(der).ok(), Some(der.to_vec())].into_iter().flatten() {
        let outcome = verify_time_stamp(&token, &o.digest, intermediates, roots);
        check(
            outcome.is_err() || outcome.as_ref() == Ok(original),
            "a changed time stamp is believed",
        )?;
        let other = verify_time_stamp(&token, &[8; 32], intermediates, roots);
        check(other.is_err(), "the time stamp is taken for other data's")?;
    }
    Ok(())
}

/// A request that is not the one its key signed gets a refusal, never a fault.
fn pkcs10(house: &House, o: &Objects, der: &[u8]) -> Verdict {
    let mut request = house::request(1, LeafProfile::CitizenAuthentication, der.to_vec());
    if der != o.pkcs10 {
        request.idempotency_key.copy_from_slice(&sha256(der)[..16]);
    } else {
        request.profile = LeafProfile::CitizenSignature;
    }
    match Handle::current().block_on(house.service.issue(request)) {
        Ok(_) => check(der == o.pkcs10, "a changed request is certified"),
        Err(ContractError::Refused { .. }) => Ok(()),
        Err(other) => Err(other.to_string()),
    }
}

fn ocsp_post(house: &House, der: &[u8]) -> Verdict {
    let reply = Handle::current().block_on(send(house, "/ocsp/qsig", Some((OCSP_TYPE, der.to_vec()))));
    is_ocsp(&reply)
}

fn ocsp_get(house: &House, der: &[u8]) -> Verdict {
    let request = STANDARD
        .encode(der)
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    // What a URI cannot hold does not reach the router.
    if request.len() > 30_000 {
        return Ok(());
    }
    let reply = Handle::current().block_on(send(house, &format!("/ocsp/qsig/{request}"), None));
    // Without a request there is no such address.
    check(reply.status != StatusCode::NOT_FOUND || der.is_empty(), "not found")?;
    if der.is_empty() { Ok(()) } else { is_ocsp(&reply) }
}

fn is_ocsp(reply: &Reply) -> Verdict {
    match reply.status {
        StatusCode::OK => check(
            OcspResponse::from_der(&reply.body).is_ok(),
            "the answer is no OCSPResponse",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => Ok(()),
        other => Err(format!("HTTP {other}")),
    }
}

fn tsa_post(house: &House, der: &[u8]) -> Verdict {
    let reply = Handle::current().block_on(send(house, "/tsa", Some((TSP_TYPE, der.to_vec()))));
    match reply.status {
        StatusCode::OK => check(
            TimeStampResp::from_der(&reply.body).is_ok(),
            "the answer is no TimeStampResp",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => Ok(()),
        other => Err(format!("HTTP {other}")),
    }
}
