//! Where the races are run: identity providers on one database, clients of their own, one person who stays logged in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use reqwest::RequestBuilder;
use serde_json::Value as Json;
use signum_core::db::Db;
use signum_core::{Cx, OsRandom, SystemClock, params};
use signum_idp::client_auth::AuthMethod;
use signum_idp::clients::{self, GrantType, Metadata, Profile, Realm, Registration};
use signum_tests::client_key::ClientKey;
use signum_tests::database;
use signum_tests::relying_party::Request;
use signum_tests::replica::Replicas;
use signum_tests::visitor::Visitor;
use tokio::sync::{Barrier, Mutex};

use super::WIDTH;

/// With a secret: codes, refresh tokens, DPoP proofs.
pub const RUNNER: &str = "runner";
/// With a key: assertions.
pub const ASSERTER: &str = "asserter";
pub const JWT_BEARER: (&str, &str) = (
    "client_assertion_type",
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
);
const SECRET: &str = "a-secret-of-the-runner-0123456789-0123456789";

pub struct Field {
    pub replicas: Replicas,
    pub db: Db,
    pub key: ClientKey,
    pub redirect_uri: String,
    addresses: Vec<String>,
    programs: Vec<reqwest::Client>,
    /// The person's browser.
    pub visitor: Mutex<Visitor>,
    turn: AtomicUsize,
}

/// What one of the requests was answered.
#[derive(Debug)]
pub struct Told {
    pub status: u16,
    pub body: Json,
}

impl Told {
    pub fn error(&self) -> (u16, &str) {
        (self.status, self.body["error"].as_str().unwrap_or_default())
    }
}

impl Field {
    pub async fn open() -> Self {
        let count = if database::cluster().is_some() { 3 } else { 1 };
        let settings = [
            ("SIGNUM__IDP__LIMITS__REQUESTS_PER_ADDRESS", "0"),
            ("SIGNUM__IDP__CODE_SECONDS", "60"),
            ("SIGNUM__LOGGING__FILTER", "error"),
        ];
        let replicas = Replicas::start_with(count, &settings).await;
        let db = database::open(&replicas.database).await;
        let key = ClientKey::new();
        let redirect_uri = format!("{}/callback", replicas.demo);
        let cx = Cx {
            db: db.clone(),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
        };
        register(&cx, &redirect_uri, &key).await;
        let visitor = logged_in(&replicas, &redirect_uri).await;
        replicas.answer_in_turn();
        Self {
            addresses: (0..count).map(|replica| replicas.at(replica)).collect(),
            programs: (0..count).map(|_| program()).collect(),
            replicas,
            db,
            key,
            redirect_uri,
            visitor: Mutex::new(visitor),
            turn: AtomicUsize::new(0),
        }
    }

    /// A code of the person who is logged in, with its verifier.
    pub async fn code(&self) -> (String, String) {
        let visitor = self.visitor.lock().await;
        let request = Request::of(&self.replicas.idp, RUNNER, &self.redirect_uri);
        let answer = visitor.follow(&request.url, &self.redirect_uri).await.expect(303);
        (answer.redirect_parameter("code").expect("a code"), request.verifier)
    }

    /// A request to this path at the next replica.
    pub fn post(&self, path: &str) -> RequestBuilder {
        let replica = self.turn.fetch_add(1, Ordering::Relaxed) % self.addresses.len();
        self.programs[replica].post(format!("{}{path}", self.addresses[replica]))
    }

    /// As the client with the secret.
    pub fn as_runner(&self, fields: &[(&str, &str)]) -> RequestBuilder {
        self.runner_at("/token", fields)
    }

    pub fn runner_at(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        self.post(path).basic_auth(RUNNER, Some(SECRET)).form(fields)
    }

    pub fn issuer(&self) -> &str {
        &self.replicas.idp
    }

    /// How many rows a statement counts, `$1` being a text.
    pub async fn count(&self, sql: &'static str, of: &str) -> usize {
        let row = self
            .db
            .opt(sql, params![of])
            .await
            .expect("the database")
            .expect("a count");
        usize::try_from(row.get::<i64>("n").expect("a number")).expect("no fewer than none")
    }

    pub async fn audited(&self, kind: &str) -> usize {
        self.count("SELECT COUNT(*) AS n FROM audit_event WHERE kind = $1", kind)
            .await
    }
}

/// Exactly one was answered with `success`, and every other one with this error.
#[track_caller]
pub fn one_winner(told: &[Told], success: u16, others: (u16, &str)) {
    let winners = told.iter().filter(|told| told.status == success).count();
    assert_eq!(winners, 1, "{told:?}");
    for told in told.iter().filter(|told| told.status != success) {
        assert_eq!(told.error(), others);
    }
}

pub fn same(request: impl Fn() -> RequestBuilder) -> Vec<RequestBuilder> {
    (0..WIDTH).map(|_| request()).collect()
}

/// Sends all of them at the same moment.
pub async fn together(requests: Vec<RequestBuilder>) -> Vec<Told> {
    assert_eq!(requests.len(), WIDTH);
    let start = Arc::new(Barrier::new(WIDTH));
    let runners = requests.into_iter().map(|request| {
        let start = start.clone();
        tokio::spawn(async move {
            start.wait().await;
            let response = request.send().await.expect("an answer");
            let status = response.status().as_u16();
            let body = response.json().await.unwrap_or_default();
            Told { status, body }
        })
    });
    let mut told = Vec::with_capacity(WIDTH);
    for runner in runners.collect::<Vec<_>>() {
        told.push(runner.await.expect("runs"));
    }
    told
}

/// What came of one kind of race, for who ran it by hand.
pub struct Tally {
    kind: &'static str,
    begun: Instant,
    rounds: usize,
    answers: BTreeMap<String, usize>,
}

impl Tally {
    pub fn of(kind: &'static str) -> Self {
        Self {
            kind,
            begun: Instant::now(),
            rounds: 0,
            answers: BTreeMap::new(),
        }
    }

    pub fn count(&mut self, told: &[Told]) {
        self.rounds += 1;
        for told in told {
            let (status, error) = told.error();
            *self
                .answers
                .entry(format!("{status} {error}").trim().to_owned())
                .or_default() += 1;
        }
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let seconds = self.begun.elapsed().as_secs();
        println!(
            "race: {} x {WIDTH} {}: {:?}, {seconds} s",
            self.rounds, self.kind, self.answers
        );
    }
}

fn program() -> reqwest::Client {
    reqwest::Client::builder()
        .pool_max_idle_per_host(WIDTH)
        .build()
        .expect("a client")
}

async fn register(cx: &Cx, redirect_uri: &str, key: &ClientKey) {
    let words: clients::Words = ["sq", "sr-Latn", "en"]
        .map(|tag| (tag.to_owned(), "Race".to_owned()))
        .into();
    let registration = |client_id: &str, metadata, secret: Option<&str>| Registration {
        client_id: client_id.to_owned(),
        profile: Profile::GovBasic,
        realm: Realm::Production,
        name: words.clone(),
        purpose: words.clone(),
        metadata,
        secret: secret.map(|secret| secret.to_owned().into()),
        legal_basis_personal_number: false,
    };
    let metadata = Metadata {
        redirect_uris: vec![redirect_uri.to_owned()],
        scope: Some("openid profile races:run".to_owned()),
        grant_types: vec![
            GrantType::AuthorizationCode,
            GrantType::RefreshToken,
            GrantType::ClientCredentials,
            GrantType::DeviceCode,
        ],
        ..Metadata::default()
    };
    let runner = Metadata {
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
        ..metadata.clone()
    };
    let asserter = Metadata {
        jwks: Some(key.jwks()),
        ..metadata
    };
    for new in [
        registration(RUNNER, runner, Some(SECRET)),
        registration(ASSERTER, asserter, None),
    ] {
        clients::put(cx, new).await.expect("a client");
    }
}

/// A person with a session, who has agreed to what the client asks for.
async fn logged_in(replicas: &Replicas, redirect_uri: &str) -> Visitor {
    let mut visitor = Visitor::new();
    let activation = visitor.get(replicas.activation()).await.expect(200);
    visitor.passkey(&activation).await.expect(200);
    let request = Request::of(&replicas.idp, RUNNER, redirect_uri);
    let login = visitor.follow(&request.url, redirect_uri).await.expect(200);
    let done = visitor.passkey(&login).await.expect(200).json();
    let next = login
        .url
        .join(done["next"].as_str().expect("an address"))
        .expect("an address");
    let consent = visitor.follow(next, redirect_uri).await.expect(200);
    let decision = [("decision", "allow")];
    visitor
        .form(&consent, consent.url.as_str(), &decision)
        .await
        .expect(303);
    visitor
}
