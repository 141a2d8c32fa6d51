//! An OpenID provider of a few lines, honest or lying in one thing: what the demo relying party is tried against.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use axum::{
    Form, Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::Redirect,
    routing::{get, post},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcKey},
    ecdsa::EcdsaSig,
    nid::Nid,
    pkey::Private,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

/// The one thing in which a provider lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    None,
    Nonce,
    Audience,
    Issuer,
    Expired,
    Signature,
    NoAlgorithm,
    AccessTokenHash,
    UserInfoSubject,
    /// The `iss` parameter of the answer (RFC 9207).
    AnswerIssuer,
    /// No `iss` at all.
    NoAnswerIssuer,
    /// Another `state`.
    State,
    AccessDenied,
}

pub(crate) struct Stub {
    pub(crate) issuer: String,
    pub(crate) lie: Mutex<Lie>,
    key: Mutex<(String, EcKey<Private>)>,
    request: Mutex<HashMap<String, String>>,
}

type Shared = State<Arc<Stub>>;
type Parameters = HashMap<String, String>;

fn fresh_key(kid: &str) -> (String, EcKey<Private>) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    (kid.to_owned(), EcKey::generate(&group).unwrap())
}

impl Stub {
    pub(crate) fn new(issuer: String) -> Arc<Self> {
        let (lie, request) = (Mutex::new(Lie::None), Mutex::default());
        Arc::new(Self {
            issuer,
            lie,
            key: Mutex::new(fresh_key("first")),
            request,
        })
    }

    /// What a provider does from time to time.
    pub(crate) fn change_key(&self) {
        *self.key.lock().unwrap() = fresh_key("second");
    }

    fn lies(&self, about: Lie) -> bool {
        *self.lie.lock().unwrap() == about
    }

    fn id_token(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let truth = |lie, truth: &str| {
            if self.lies(lie) {
                "http://other.localhost".to_owned()
            } else {
                truth.to_owned()
            }
        };
        let claims = json!({
            "iss": truth(Lie::Issuer, &self.issuer),
            "aud": truth(Lie::Audience, "demo-rp"),
            "nonce": truth(Lie::Nonce, &self.request.lock().unwrap()["nonce"]),
            "sub": "pairwise", "iat": now, "auth_time": now, "acr": "substantial", "amr": ["hwk", "user"],
            "exp": if self.lies(Lie::Expired) { now - 60 } else { now + 60 },
            "at_hash": URL_SAFE_NO_PAD.encode(&Sha256::digest(truth(Lie::AccessTokenHash, "token"))[..16]),
        });
        self.signed(&claims)
    }

    fn signed(&self, claims: &Value) -> String {
        let (kid, key) = &*self.key.lock().unwrap();
        let algorithm = if self.lies(Lie::NoAlgorithm) { "none" } else { "ES256" };
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": algorithm, "kid": kid })), part(claims));
        if self.lies(Lie::NoAlgorithm) {
            return format!("{signed}.");
        }
        let over = if self.lies(Lie::Signature) {
            format!("{signed}x")
        } else {
            signed.clone()
        };
        let signature = EcdsaSig::sign(&Sha256::digest(over), key).unwrap();
        let raw = [
            signature.r().to_vec_padded(32).unwrap(),
            signature.s().to_vec_padded(32).unwrap(),
        ]
        .concat();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(raw))
    }
}

pub(crate) fn router(stub: Arc<Stub>) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/jwks", get(jwks))
        .route("/authorize", get(authorize))
        .route("/token", post(token))
        .route("/userinfo", get(userinfo))
        .route("/logout", get(logout))
        .with_state(stub)
}

async fn metadata(State(stub): Shared) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", stub.issuer);
    Json(json!({
        "issuer": stub.issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"), "jwks_uri": at("/jwks"), "end_session_endpoint": at("/logout"),
        "response_types_supported": ["code"], "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
}

async fn jwks(State(stub): Shared) -> Json<Value> {
    let (kid, key) = &*stub.key.lock().unwrap();
    let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
    let mut context = BigNumContext::new().unwrap();
    key.public_key()
        .affine_coordinates(key.group(), &mut x, &mut y, &mut context)
        .unwrap();
    let text = |number: &BigNum| URL_SAFE_NO_PAD.encode(number.to_vec_padded(32).unwrap());
    Json(json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": text(&x), "y": text(&y),
    }] }))
}

async fn authorize(State(stub): Shared, Query(request): Query<Parameters>) -> Redirect {
    assert_eq!(request["code_challenge_method"], "S256");
    assert_eq!(request["scope"], "openid profile");
    let state = if stub.lies(Lie::State) {
        "another"
    } else {
        &request["state"]
    };
    let iss = if stub.lies(Lie::AnswerIssuer) {
        "http://other.localhost"
    } else {
        &stub.issuer
    };
    let end = if stub.lies(Lie::AccessDenied) {
        "error=access_denied"
    } else {
        "code=the-code"
    };
    let iss = match stub.lies(Lie::NoAnswerIssuer) {
        true => String::new(),
        false => format!("&iss={iss}"),
    };
    let to = format!("{}?{end}&state={state}{iss}", request["redirect_uri"]);
    *stub.request.lock().unwrap() = request;
    Redirect::to(&to)
}

async fn token(
    State(stub): Shared,
    headers: HeaderMap,
    Form(form): Form<Parameters>,
) -> Result<Json<Value>, StatusCode> {
    let expected = format!("Basic {}", STANDARD.encode("demo-rp:secret"));
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    let honest = headers
        .get(header::AUTHORIZATION)
        .is_some_and(|value| value == expected.as_str())
        && challenge == stub.request.lock().unwrap()["code_challenge"]
        && form["code"] == "the-code";
    if !honest {
        return Err(StatusCode::UNAUTHORIZED);
    }
    Ok(Json(
        json!({ "access_token": "token", "token_type": "Bearer", "expires_in": 60, "id_token": stub.id_token() }),
    ))
}

async fn userinfo(State(stub): Shared) -> Json<Value> {
    let subject = if stub.lies(Lie::UserInfoSubject) {
        "somebody-else"
    } else {
        "pairwise"
    };
    Json(json!({ "sub": subject, "given_name": "Arta", "family_name": "Shembulli", "birthdate": "1990-05-17" }))
}

async fn logout(Query(request): Query<Parameters>) -> Redirect {
    assert_eq!(request["id_token_hint"].split('.').count(), 3);
    Redirect::to(&format!(
        "{}?state={}",
        request["post_logout_redirect_uri"], request["state"]
    ))
}
