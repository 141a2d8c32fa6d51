//! A relying party as FAPI 2.0 wants it: it proves itself with private_key_jwt and binds its tokens by DPoP.

use axum::Router;
use axum::body::Body;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use http::{HeaderMap, Request, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use signum_core::Id;

use super::browser::{Browser, Reply};
use super::world::{ISSUER, World, encode, words};
use crate::clients::{self, AccessTokenFormat, GrantType, Metadata, Profile, Realm, Registration};
use crate::jose::Algorithm;
use crate::jose::test_keys::TestKey;

pub const RP: &str = "fapi-rp";
pub const RP_CALLBACK: &str = "https://fapi.example.org/cb";

/// What a test changes in its registration.
pub type Change = fn(&mut Registration);

pub struct RelyingParty {
    router: Router,
    pub key: TestKey,
    pub dpop: TestKey,
    pub nonce: Option<String>,
    now: i64,
}

impl RelyingParty {
    /// Registered with profile `fapi2` and everything it may use.
    pub async fn register(world: &World, change: Change) -> Self {
        let key = TestKey::es256("rp-1");
        let mut registration = Registration {
            client_id: RP.to_owned(),
            profile: Profile::Fapi2,
            realm: Realm::Production,
            name: words(RP),
            purpose: words("To show what FAPI is"),
            metadata: Metadata {
                redirect_uris: vec![RP_CALLBACK.to_owned()],
                grant_types: vec![
                    GrantType::AuthorizationCode,
                    GrantType::RefreshToken,
                    GrantType::ClientCredentials,
                ],
                scope: Some("openid profile registry:read".to_owned()),
                jwks: Some(key.jwks()),
                dpop_bound_access_tokens: true,
                access_token_format: AccessTokenFormat::Jwt,
                ..Metadata::default()
            },
            secret: None,
            legal_basis_personal_number: false,
        };
        change(&mut registration);
        clients::put(&world.cx, registration).await.unwrap();
        Self {
            router: world.router.clone(),
            key,
            dpop: TestKey::es256("dpop"),
            nonce: None,
            now: world.cx.now().seconds(),
        }
    }

    fn fresh() -> String {
        let id: Id<()> = Id::new(&signum_core::OsRandom);
        id.to_string()
    }

    /// A client assertion; `changes` replace claims, or remove them (null).
    pub fn assertion(&self, changes: &Value) -> String {
        let claims = json!({
            "iss": RP, "sub": RP, "aud": ISSUER, "jti": Self::fresh(), "iat": self.now, "exp": self.now + 60,
        });
        self.key.token(&json!({"kid": self.key.kid}), &changed(claims, changes))
    }

    /// A DPoP proof of this key, with the nonce that was told last.
    pub fn proof(&self, method: &str, path: &str, access_token: Option<&str>, changes: &Value) -> String {
        let mut claims = json!({
            "jti": Self::fresh(), "htm": method, "htu": format!("{ISSUER}{path}"), "iat": self.now,
        });
        if let Some(nonce) = &self.nonce {
            claims["nonce"] = json!(nonce);
        }
        if let Some(token) = access_token {
            claims["ath"] = json!(B64.encode(Sha256::digest(token.as_bytes())));
        }
        let header = json!({"typ": "dpop+jwt", "jwk": self.dpop.bare_jwk()});
        self.dpop.token(&header, &changed(claims, changes))
    }

    /// Posts a form with these headers and no client authentication.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(encode(fields))).unwrap();
        let reply = Browser::new(self.router.clone()).send(request).await;
        self.learn(&reply.headers);
        reply
    }

    fn learn(&mut self, headers: &HeaderMap) {
        if let Some(nonce) = headers.get("dpop-nonce") {
            self.nonce = Some(nonce.to_str().unwrap().to_owned());
        }
    }

    /// Authenticated by an assertion, without a proof.
    pub async fn authenticated(&mut self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Reply {
        let assertion = self.assertion(&json!({}));
        let mut all = fields.to_vec();
        all.push((
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ));
        all.push(("client_assertion", &assertion));
        self.post(path, &all, headers).await
    }

    /// Authenticated, with a proof; once more where a nonce is wanted.
    pub async fn bound(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let proof = self.proof("POST", path, None, &json!({}));
        let reply = self.authenticated(path, fields, &[("dpop", &proof)]).await;
        if reply.json()["error"] != "use_dpop_nonce" {
            return reply;
        }
        let proof = self.proof("POST", path, None, &json!({}));
        self.authenticated(path, fields, &[("dpop", &proof)]).await
    }

    pub async fn client_credentials(&mut self) -> Value {
        let reply = self.bound("/token", &[("grant_type", "client_credentials")]).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    }

    /// Asks with an access token; `scheme` as the header says it.
    pub async fn userinfo(&mut self, scheme: &str, token: &str, proof: Option<&str>) -> Reply {
        let mut request = Request::get("/userinfo").header(header::AUTHORIZATION, format!("{scheme} {token}"));
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        let reply = Browser::new(self.router.clone())
            .send(request.body(Body::empty()).unwrap())
            .await;
        self.learn(&reply.headers);
        reply
    }
}

/// `claims` with these members replaced, or removed where they are null.
fn changed(mut claims: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    claims
}

/// A second key of the same kind.
pub fn another_key() -> TestKey {
    TestKey::new(Algorithm::Es256, "other")
}
