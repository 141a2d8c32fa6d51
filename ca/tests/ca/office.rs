//! Tests of registration desks: a CA with officers, who sign requests and hand them in over HTTP.

use std::collections::BTreeMap;
use std::path::Path;

use axum::body::Body;
use axum::http::{Request, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use signum_ca::{Config, Officers};
use signum_core::params;
use tower::ServiceExt;

use crate::house::{self, House, config, key, pkcs10};
use crate::officers::people::People;

pub const CERTIFICATE: &str = "signum-ra-request-v1";
pub const APPROVAL: &str = "signum-ra-approval-v1";
pub const STATUS: &str = "signum-ra-status-v1";

pub struct Office {
    pub house: House,
    pub people: People,
    pub officers: Officers,
    pub tokens: BTreeMap<String, String>,
    pub calls: u32,
}

/// A request body on its way; what stands in it can still be changed by whoever carries it.
pub struct Made {
    pub body: Value,
    pub id: [u8; 32],
}

pub fn challenge(domain: &str, id: &[u8; 32]) -> [u8; 32] {
    Sha256::new_with_prefix(domain).chain_update(id).finalize().into()
}

impl Office {
    pub async fn open(dir: &Path) -> Self {
        Self::open_with(dir, config()).await
    }

    pub async fn open_with(dir: &Path, config: Config) -> Self {
        let mut people = People::default();
        let (genesis, first, officers) = people.in_force();
        let config = Config {
            officers_genesis: genesis.to_string(),
            signature_keys_of_unknown_origin: true,
            ..config
        };
        let house = house::open(dir, config).await;
        house.service.accept_officers(&first).await.unwrap();
        let mut office = Self {
            house,
            people,
            officers,
            tokens: BTreeMap::new(),
            calls: 0,
        };
        for officer in ["desk-1", "desk-2", "desk-3"] {
            office.log_in(officer).await;
        }
        office
    }

    pub async fn log_in(&mut self, officer: &str) {
        let who = json!({ "officer": officer });
        let (status, options) = self.call("POST", "/v1/session/options", None, Some(who)).await;
        assert_eq!(status, 200, "{options}");
        let credential = self.people.log_in(officer, &options);
        let form = json!({ "officer": officer, "credential": credential });
        let (status, answer) = self.call("POST", "/v1/session", None, Some(form)).await;
        assert_eq!(status, 200, "{answer}");
        let token = answer["token"].as_str().unwrap().to_owned();
        self.tokens.insert(officer.to_owned(), token);
    }

    pub async fn call(&mut self, method: &str, path: &str, officer: Option<&str>, body: Option<Value>) -> (u16, Value) {
        self.calls += 1;
        let key = format!("call-{}", self.calls);
        self.call_with(method, path, officer, body, &key).await
    }

    pub async fn call_with(
        &self,
        method: &str,
        path: &str,
        officer: Option<&str>,
        body: Option<Value>,
        idempotency_key: &str,
    ) -> (u16, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", idempotency_key);
        if let Some(officer) = officer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.tokens[officer]));
        }
        let sent = body.clone();
        let body = body.map_or(Body::empty(), |body| Body::from(body.to_string()));
        let router = {
            let address = "http://ra.localhost:8085".parse().unwrap();
            self.house.service.registration_router(address)
        };
        let response = router.oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let kind = response.headers().get(header::CONTENT_TYPE);
        let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
        let octets = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(octets.to_vec()).unwrap();
        let answer = serde_json::from_str(&text).unwrap_or(Value::String(text));
        keep(
            &json!({ "method": method, "path": path, "request": sent, "status": status, "content_type": kind,
            "response": answer }),
        );
        (status, answer)
    }

    pub fn made(&mut self, domain: &str, request: &Value) -> Made {
        let octets = request.to_string().into_bytes();
        let id: [u8; 32] = Sha256::digest(&octets).into();
        let officer = request["officer"].as_str().unwrap().to_owned();
        let gesture = self.people.gesture(&officer, &challenge(domain, &id));
        let body = json!({ "request": URL_SAFE_NO_PAD.encode(octets), "credential": gesture.to_json() });
        Made { body, id }
    }

    pub fn request(&self, officer: &str, desk: &str, subject: Value, pkcs10: &[u8], evidence: &[&str]) -> Value {
        let evidence: Vec<Value> = evidence
            .iter()
            .map(|kind| json!({ "kind": kind, "sha256": "5a".repeat(32) }))
            .collect();
        let nonce: [u8; 16] = self.house.cx.random.bytes();
        json!({ "desk": desk, "officer": officer, "subject": subject, "pkcs10": URL_SAFE_NO_PAD.encode(pkcs10),
            "evidence": evidence, "made_at": self.house.now().seconds(), "nonce": hex::encode(nonce) })
    }

    pub fn citizens(&self, officer: &str) -> Value {
        self.request(
            officer,
            "desk-a",
            citizen("1234567892"),
            &pkcs10(&key()),
            &["identity-document"],
        )
    }

    pub fn server(&self, officer: &str) -> Value {
        let subject = json!({ "profile": "agency-tls", "organization": "Agjencia Shembull", "locality": "Prishtinë",
            "names": ["www.example.org"] });
        let evidence = ["register-extract", "mandate", "domain-control"];
        self.request(officer, "desk-a", subject, &pkcs10(&key()), &evidence)
    }

    pub async fn create(&mut self, request: &Value) -> (u16, Value) {
        let made = self.made(CERTIFICATE, request);
        let officer = request["officer"].as_str().unwrap().to_owned();
        self.call("POST", "/v1/requests", Some(&officer), Some(made.body)).await
    }

    pub async fn approve(&mut self, id: &str, officer: &str) -> (u16, Value) {
        let mut octets = [0; 32];
        hex::decode_to_slice(id, &mut octets).unwrap();
        let gesture = self.people.gesture(officer, &challenge(APPROVAL, &octets));
        let body = json!({ "credential": gesture.to_json() });
        let path = format!("/v1/requests/{id}/approval");
        self.call("POST", &path, Some(officer), Some(body)).await
    }

    pub async fn collect(&mut self, id: &str, officer: &str) -> (u16, Value) {
        let path = format!("/v1/requests/{id}/certificate");
        self.call("GET", &path, Some(officer), None).await
    }

    pub async fn change_status(&mut self, officer: &str, desk: &str, serial: &str, action: &str) -> (u16, Value) {
        let made = self.status_change(officer, desk, serial, action);
        self.call("POST", "/v1/status-changes", Some(officer), Some(made.body))
            .await
    }

    pub fn status_change(&mut self, officer: &str, desk: &str, serial: &str, action: &str) -> Made {
        let nonce: [u8; 16] = self.house.cx.random.bytes();
        let mut request = json!({ "desk": desk, "officer": officer, "serial": serial, "action": action,
            "made_at": self.house.now().seconds(), "nonce": hex::encode(nonce) });
        if action == "revoke" {
            request["reason"] = json!(4);
        }
        self.made(STATUS, &request)
    }

    pub async fn issued(&self) -> usize {
        let sql = "SELECT serial FROM certificate WHERE certificate IS NOT NULL AND holder IS NULL";
        self.house.cx.db.all(sql, params![]).await.unwrap().len()
    }
}

/// For tests/peers/openapi_judge.py.
fn keep(call: &Value) {
    use std::io::Write;
    let Some(folder) = std::env::var_os("SIGNUM_RA_CALLS") else {
        return;
    };
    std::fs::create_dir_all(&folder).unwrap();
    let path = Path::new(&folder).join(format!("{}.jsonl", std::process::id()));
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    writeln!(file, "{call}").unwrap();
}

pub fn citizen(number: &str) -> Value {
    json!({ "profile": "citizen-authentication", "given_name": "Ylbërë", "surname": "Shembulli", "personal_number": number })
}

#[track_caller]
pub fn refused(answer: (u16, Value), status: u16, code: &str) {
    let (got, problem) = answer;
    let kind = format!("urn:signum:problem:{code}");
    assert_eq!((got, &problem["type"]), (status, &json!(kind)), "{problem}");
    let text = problem.to_string();
    assert!(!text.contains("1234567892") && !text.contains("Ylbërë"), "{text}");
}
