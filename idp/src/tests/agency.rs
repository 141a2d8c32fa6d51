//! A relying party with a key of its own: it authenticates with assertions, pushes and signs its requests.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::browser::{Browser, Reply};
use super::world::{ISSUER, World, encode, words};
use crate::client_auth::AuthMethod;
use crate::clients::{self, Metadata, Profile, Realm, Registration};
use crate::jose::test_keys::TestKey;

pub const AGENCY_CALLBACK: &str = "https://agency.example.org/cb";

pub struct Agency {
    pub id: &'static str,
    pub key: TestKey,
    jti: AtomicU32,
}

impl Agency {
    pub async fn new(world: &World, id: &'static str, profile: Profile) -> Self {
        Self::with(world, id, profile, |_| ()).await
    }

    /// Registered with changes to what such a client has.
    pub async fn with(world: &World, id: &'static str, profile: Profile, change: impl FnOnce(&mut Metadata)) -> Self {
        let key = TestKey::es256("k1");
        let mut metadata = Metadata {
            redirect_uris: vec![AGENCY_CALLBACK.to_owned()],
            token_endpoint_auth_method: AuthMethod::PrivateKeyJwt,
            jwks: Some(key.jwks()),
            dpop_bound_access_tokens: true,
            authorization_details_types: vec!["land_register".to_owned()],
            ..Metadata::default()
        };
        change(&mut metadata);
        let registration = Registration {
            client_id: id.to_owned(),
            profile,
            realm: Realm::Production,
            name: words(id),
            purpose: words("To show the land register"),
            metadata,
            secret: None,
            legal_basis_personal_number: false,
        };
        clients::put(&world.cx, registration).await.unwrap();
        Self {
            id,
            key,
            jti: AtomicU32::new(0),
        }
    }

    fn fresh_jti(&self) -> String {
        format!("jti-{}", self.jti.fetch_add(1, Ordering::SeqCst))
    }

    pub fn assertion(&self, world: &World) -> String {
        let now = world.cx.now().seconds();
        let claims = json!({"iss": self.id, "sub": self.id, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": self.fresh_jti()});
        self.key.token(&json!({"kid": "k1"}), &claims)
    }

    /// A request as a list of parameters; `changes` replace, add or (empty value) remove.
    pub fn parameters<'a>(&self, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut all = vec![
            ("client_id", self.id),
            ("redirect_uri", AGENCY_CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile"),
            ("state", "state-0123456789"),
            ("nonce", "nonce-0123456789"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            all.retain(|(n, _)| n != name);
            if !value.is_empty() {
                all.push((name, value));
            }
        }
        all
    }

    /// A signed request object; `null` removes a claim.
    pub fn object(&self, world: &World, changes: &[(&str, Value)]) -> String {
        self.object_of(world, &json!({"typ": "oauth-authz-req+jwt", "kid": "k1"}), changes)
    }

    pub fn object_of(&self, world: &World, header: &Value, changes: &[(&str, Value)]) -> String {
        let now = world.cx.now().seconds();
        let mut claims =
            json!({"iss": self.id, "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 300, "jti": self.fresh_jti()});
        for (name, value) in self.parameters(&[]) {
            claims[name] = json!(value);
        }
        for (name, value) in changes {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(*name)),
                value => claims[*name] = value.clone(),
            }
        }
        self.key.token(header, &claims)
    }

    /// Pushes exactly these parameters, authenticated.
    pub async fn push_only(&self, world: &World, parameters: &[(&str, &str)]) -> Reply {
        let assertion = self.assertion(world);
        let mut all = parameters.to_vec();
        all.push((
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ));
        all.push(("client_assertion", &assertion));
        // A server's own connection: no cookies.
        Browser::new(world.router.clone()).post_form("/par", &all).await
    }

    pub async fn push(&self, world: &World, changes: &[(&str, &str)]) -> Reply {
        self.push_only(world, &self.parameters(changes)).await
    }

    /// Pushes and returns where the browser goes.
    pub async fn pushed(&self, world: &World, changes: &[(&str, &str)]) -> String {
        self.address(&self.push(world, changes).await)
    }

    pub fn address(&self, pushed: &Reply) -> String {
        assert_eq!(pushed.status, 201, "{}", pushed.body);
        let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
        format!(
            "/authorize?{}",
            encode(&[("client_id", self.id), ("request_uri", &uri)])
        )
    }
}

/// From an address of /authorize through log-in and consent; the reply leads to the relying party.
pub async fn agree(browser: &mut Browser, address: &str) -> Reply {
    let login = browser.get(address).await.location();
    let done = browser.use_passkey(&login).await;
    assert_eq!(done.status, 200, "{}", done.body);
    let consent = browser.get(done.json()["next"].as_str().unwrap()).await.location();
    decide(browser, &consent, "allow").await
}

pub async fn decide(browser: &mut Browser, consent: &str, decision: &str) -> Reply {
    let csrf = browser.get(consent).await.csrf();
    browser
        .post_form(consent, &[("csrf", &csrf), ("decision", decision)])
        .await
}
