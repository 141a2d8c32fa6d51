//! One provider with a fictional person and two relying parties.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use signum_core::db::{CORE_MIGRATIONS, DbUrl, Value};
use signum_core::http::CsrfKey;
use signum_core::{Cx, Db, DbError, ManualClock, OsRandom, Random, Timestamp, params};

use super::browser::Browser;
use super::soft_hsm::SoftHsm;
use crate::clients::{self, NewClient, Words};
use crate::people::{self, NewPerson, Person, Register};
use crate::{Config, Deps, MIGRATIONS, Service};

pub const ISSUER: &str = "http://idp.localhost:8081";
pub const CALLBACK: &str = "http://demo.localhost:8083/callback";
pub const AFTER_LOGOUT: &str = "http://demo.localhost:8083/";
pub const SECRET: &str = "a-secret-of-the-demo-client-0123456789";
pub const OTHER_CALLBACK: &str = "http://sign.localhost:8082/callback";

pub struct World {
    pub service: Service,
    pub router: Router,
    pub csrf: CsrfKey,
    pub cx: Cx,
    pub hsm: Arc<SoftHsm>,
    pub clock: Arc<ManualClock>,
    pub person: Person,
    _dir: tempfile::TempDir,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub fn people(&self) -> &Register {
        self.service.people()
    }

    /// With another configuration.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&database(&dir).await).await.unwrap();
        db.migrate(CORE_MIGRATIONS).await.unwrap();
        db.migrate(MIGRATIONS).await.unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_790_000_000)));
        let cx = Cx {
            db,
            clock: clock.clone(),
            random: Arc::new(OsRandom),
        };
        register(&cx, "demo-rp", CALLBACK, AFTER_LOGOUT, false).await;
        register(&cx, "signer", OTHER_CALLBACK, "http://sign.localhost:8082/", true).await;
        let hsm = Arc::new(SoftHsm::new());
        let csrf = CsrfKey::random(&OsRandom);
        let service = start_with(&cx, &hsm, &csrf, change).await;
        let person = add_person(&service, "Testa", "1234567892").await;
        Self {
            router: service.router(),
            service,
            csrf,
            cx,
            hsm,
            clock,
            person,
            _dir: dir,
        }
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// A browser whose authenticator holds the person's passkey.
    pub async fn enrolled(&self) -> Browser {
        self.enrolled_as(&self.person).await
    }

    pub async fn enrolled_as(&self, person: &Person) -> Browser {
        let mut browser = self.browser();
        let code = people::activation_code(&self.cx, person.id).await.unwrap();
        let reply = browser.activate(&code).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        browser
    }

    /// Enrolled, logged in and consented at the demo client; the session lives on.
    pub async fn logged_in(&self) -> Browser {
        let mut browser = self.enrolled().await;
        browser.sign_in(&authorize_query(&[])).await;
        browser
    }

    pub fn is_postgres(&self) -> bool {
        std::env::var("SIGNUM_TEST_POSTGRES").is_ok_and(|cluster| !cluster.is_empty())
    }

    /// What somebody who can write to the database does to it.
    pub async fn write(&self, sql: &'static str, values: Vec<Value>) {
        let values = &values;
        self.cx
            .db
            .run::<_, DbError, _, _>("test.write", |tx| async move {
                tx.exec(sql, values.clone()).await.map(drop)
            })
            .await
            .unwrap();
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// How many audit events of this kind there are, and the last one's detail.
    pub async fn audit(&self, kind: &'static str) -> (usize, String) {
        let rows = self
            .cx
            .db
            .all(
                "SELECT detail FROM audit_event WHERE kind = $1 ORDER BY at",
                params![kind],
            )
            .await
            .unwrap();
        let last = rows.last().map(|row| row.get("detail").unwrap()).unwrap_or_default();
        (rows.len(), last)
    }
}

pub async fn start(cx: &Cx, hsm: &Arc<SoftHsm>, csrf: &CsrfKey) -> Service {
    start_with(cx, hsm, csrf, |_| ()).await
}

async fn start_with(cx: &Cx, hsm: &Arc<SoftHsm>, csrf: &CsrfKey, change: impl FnOnce(&mut Config)) -> Service {
    let deps = Deps {
        cx: cx.clone(),
        hsm: hsm.clone(),
        csrf: csrf.clone(),
    };
    let mut config = Config::at(ISSUER);
    config.authorization_details_types = vec!["land_register".to_owned()];
    config.outbound.allowed_hosts = vec!["demo.localhost".to_owned()];
    change(&mut config);
    Service::new(config, deps).await.unwrap()
}

pub async fn add_person(service: &Service, given_name: &str, personal_number: &str) -> Person {
    service
        .people()
        .add(new_person(given_name, personal_number))
        .await
        .unwrap()
}

pub fn new_person(given_name: &str, personal_number: &str) -> NewPerson {
    NewPerson {
        given_name: given_name.to_owned(),
        family_name: "Shembulli".to_owned(),
        personal_number: personal_number.to_owned(),
        birthdate: "1990-02-28".to_owned(),
    }
}

pub fn words(text: &str) -> Words {
    ["sq", "sr-Latn", "en"]
        .map(|tag| (tag.to_owned(), format!("{text} {tag}")))
        .into()
}

pub async fn register(cx: &Cx, id: &str, callback: &str, after_logout: &str, legal_basis: bool) {
    let new = NewClient {
        client_id: id.to_owned(),
        name: words(id),
        purpose: words("To show the demonstration"),
        redirect_uris: vec![callback.to_owned()],
        post_logout_redirect_uris: vec![after_logout.to_owned()],
        secret: SECRET.to_owned().into(),
        legal_basis_personal_number: legal_basis,
    };
    clients::register(cx, new).await.unwrap();
}

/// RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A good authorization request of the demo client; `changes` replace, add or (empty value) remove parameters.
pub fn authorize_query(changes: &[(&str, &str)]) -> String {
    let mut all = vec![
        ("client_id", "demo-rp"),
        ("redirect_uri", CALLBACK),
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
    encode(&all)
}

pub fn encode(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

async fn database(dir: &tempfile::TempDir) -> DbUrl {
    let cluster = std::env::var("SIGNUM_TEST_POSTGRES").unwrap_or_default();
    if cluster.is_empty() {
        return DbUrl::sqlite(&dir.path().join("idp.sqlite"));
    }
    let random: &dyn Random = &OsRandom;
    let name = format!("idp_{}", hex::encode(random.bytes::<8>()));
    let maintenance = Db::open(&cluster.clone().try_into().unwrap()).await.unwrap();
    let create: &'static str = Box::leak(format!("CREATE DATABASE {name}").into_boxed_str());
    maintenance.opt(create, vec![]).await.unwrap();
    maintenance.close().await;
    let (server, _) = cluster.rsplit_once('/').unwrap();
    format!("{server}/{name}").try_into().unwrap()
}
