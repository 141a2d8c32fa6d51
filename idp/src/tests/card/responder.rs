//! An OCSP responder over loopback that does whatever a test wants; the real one is asked in tests/it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::StatusCode;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use signum_pki::ocsp::request::OcspRequest;
use signum_pki::ocsp::response::{
    BasicOcspResponse, OcspResponse, ResponderId, ResponseData, ResponseStatus, RevokedInfo, SingleResponse, Status,
};
use signum_pki::ocsp::verify::key_hash;
use signum_pki::oid;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use x509_cert::Certificate;
use x509_cert::der::asn1::{Any, BitString, GeneralizedTime, Int, Null, OctetString};
use x509_cert::der::{Decode, Encode};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::authority::{Authority, Shape, key};
use crate::tests::certificate::NOW;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    Good,
    Revoked,
    Unknown,
    /// thisUpdate lies so many seconds back; negative: ahead.
    Aged(i64),
    Over,
    NoNonce,
    OtherNonce,
    Twice,
    OtherCertificate,
    /// Signed by a responder of somebody else.
    Stranger,
    /// Signed by a certificate of the authority that is for no OCSP.
    Undelegated,
    BadSignature,
    TryLater,
    Failure,
    Garbage,
    Endless,
}

struct Responders {
    own: (PKey<Private>, Vec<u8>),
    undelegated: (PKey<Private>, Vec<u8>),
    stranger: (PKey<Private>, Vec<u8>),
}

pub struct Responder {
    /// `http://ocsp.localhost:PORT/`
    pub address: String,
    pub behaviour: Arc<Mutex<Behaviour>>,
    pub asked: Arc<AtomicUsize>,
    /// What time it is there; the world's unless it is moved.
    pub now: Arc<Mutex<i64>>,
    _stop: DropGuard,
}

impl Responder {
    pub async fn open(authority: &Authority) -> Self {
        let made = |by: &Authority, shape: &Shape| {
            let key = key(Nid::X9_62_PRIME256V1);
            let certificate = by.issue("OCSP", &key, shape);
            (key, certificate)
        };
        let responders = Arc::new(Responders {
            own: made(authority, &Shape::responder()),
            undelegated: made(authority, &Shape::card("1234567892")),
            stranger: made(&Authority::new("Cards"), &Shape::responder()),
        });
        let (behaviour, asked) = (Arc::new(Mutex::new(Behaviour::Good)), Arc::new(AtomicUsize::new(0)));
        let now = Arc::new(Mutex::new(NOW));
        let (does, counts, clock) = (behaviour.clone(), asked.clone(), now.clone());
        let answer = move |request: Bytes| {
            counts.fetch_add(1, Ordering::SeqCst);
            let answer = answer(*does.lock().unwrap(), &responders, &request, *clock.lock().unwrap());
            async move { answer }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://ocsp.localhost:{}/", listener.local_addr().unwrap().port());
        let stop = CancellationToken::new();
        let over = stop.clone();
        let server = axum::serve(listener, Router::new().route("/", post(answer)));
        tokio::spawn(
            server
                .with_graceful_shutdown(async move { over.cancelled().await })
                .into_future(),
        );
        Self {
            address,
            behaviour,
            asked,
            now,
            _stop: stop.drop_guard(),
        }
    }

    pub fn does(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }
}

fn answer(behaviour: Behaviour, responders: &Responders, request: &[u8], now: i64) -> Response {
    match behaviour {
        Behaviour::Failure => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Behaviour::Garbage => "no OCSP".into_response(),
        Behaviour::Endless => vec![0; 100_000].into_response(),
        Behaviour::TryLater => OcspResponse::error(ResponseStatus::TryLater)
            .to_der()
            .unwrap()
            .into_response(),
        _ => made(behaviour, responders, request, now).into_response(),
    }
}

fn time(seconds: i64) -> GeneralizedTime {
    GeneralizedTime::from_unix_duration(Duration::from_secs(seconds.try_into().unwrap())).unwrap()
}

fn made(behaviour: Behaviour, responders: &Responders, request: &[u8], now: i64) -> Vec<u8> {
    let request = OcspRequest::from_der(request).unwrap();
    let mut cert_id = request.tbs.request_list[0].cert_id.clone();
    if behaviour == Behaviour::OtherCertificate {
        cert_id.serial_number = Int::new(&[9]).unwrap();
    }
    let (age, life) = match behaviour {
        Behaviour::Aged(seconds) => (seconds, 3600),
        Behaviour::Over => (10, 10),
        _ => (0, 300),
    };
    let this_update = now - age;
    let single = SingleResponse {
        cert_id,
        status: match behaviour {
            Behaviour::Revoked => Status::Revoked(RevokedInfo {
                revocation_time: time(now - 5),
                reason: None,
            }),
            Behaviour::Unknown => Status::Unknown(Null),
            _ => Status::Good(Null),
        },
        this_update: time(this_update),
        next_update: Some(time(this_update + life)),
        extensions: None,
    };
    let (key, certificate) = match behaviour {
        Behaviour::Stranger => &responders.stranger,
        Behaviour::Undelegated => &responders.undelegated,
        _ => &responders.own,
    };
    let mut extensions = request.tbs.extensions.clone();
    match behaviour {
        Behaviour::NoNonce => extensions = None,
        Behaviour::OtherNonce => {
            let other = OctetString::new([7; 32]).unwrap().to_der().unwrap();
            extensions.as_mut().unwrap()[0].extn_value = OctetString::new(other).unwrap();
        }
        _ => {}
    }
    let parsed = Certificate::from_der(certificate).unwrap();
    let data = ResponseData {
        version: 0,
        responder_id: ResponderId::ByKey(OctetString::new(key_hash(&parsed).unwrap()).unwrap()),
        produced_at: time(this_update),
        responses: vec![single; if behaviour == Behaviour::Twice { 2 } else { 1 }],
        extensions,
    };
    let tbs = data.to_der().unwrap();
    let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
    let mut signature = signer.sign_oneshot_to_vec(&tbs).unwrap();
    if behaviour == Behaviour::BadSignature {
        *signature.last_mut().unwrap() ^= 1;
    }
    let basic = BasicOcspResponse {
        tbs: Any::from_der(&tbs).unwrap(),
        signature_algorithm: AlgorithmIdentifierOwned {
            oid: oid::ECDSA_SHA256,
            parameters: None,
        },
        signature: BitString::from_bytes(&signature).unwrap(),
        certs: Some(vec![Any::from_der(certificate).unwrap()]),
    };
    OcspResponse::successful(&basic).unwrap().to_der().unwrap()
}
