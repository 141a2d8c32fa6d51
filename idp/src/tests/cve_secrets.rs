//! What went wrong elsewhere, with secrets and tokens: one test for each line, named for what is refused.
//!
//! Lines of the same list that other files have: Keycloak CVE-2026-7507, CVE-2023-6787 and CVE-2025-12390 (`session`, `login`),
//! CVE-2026-1035 and issue 51885 (`refresh`), CVE-2026-9798 and CVE-2026-16103 (`abuse`: a lock-out holds at the token endpoint),
//! CVE-2026-1180 (`client_auth`); Zitadel CVE-2025-46815 (`login`: one assertion, one attempt), CVE-2026-27840 (`bound`) and
//! CVE-2026-55669 (`client_auth`); fosite CVE-2020-5300, CVE-2020-15222 and CVE-2021-32701 (`bound`), its consent without a token
//! (`consent`); of redirect URIs and requests `cve`.

use serde_json::{Value, json};
use signum_core::params;

use super::agency::agree;
use super::flow::{parameters, pushed, redeem, refresh};
use super::relying_party::{RP, RelyingParty, another_key};
use super::world::{World, authorize_query, encode};
use crate::clients::AccessTokenFormat;
use crate::people;

/// One good secret of each kind.
struct Secrets {
    reference: String,
    code: String,
    access: String,
    refresh: String,
    session: String,
    interaction: String,
}

impl Secrets {
    async fn new(world: &World, rp: &mut RelyingParty) -> Self {
        let mut browser = world.enrolled().await;
        let first = agree(&mut browser, &pushed(rp, &[]).await).await;
        let tokens = redeem(rp, &first.redirected("code").unwrap(), &[]).await.json();
        let code = browser.get(&pushed(rp, &[]).await).await.redirected("code").unwrap();
        browser.get(&pushed(rp, &[("prompt", "login")]).await).await;
        let reference = pushed(rp, &[]).await.rsplit("%3A").next().unwrap().to_owned();
        let cookie = |begins: &str| {
            let mut all = browser.cookies.iter();
            all.find(|(name, _)| name.starts_with(begins)).unwrap().1.clone()
        };
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        Self {
            reference,
            code,
            access: text("access_token"),
            refresh: text("refresh_token"),
            session: cookie("idp_sid"),
            interaction: cookie("idp_tx-"),
        }
    }

    fn but(&self, own: &str) -> impl Iterator<Item = &str> {
        let all = [
            &self.reference,
            &self.code,
            &self.access,
            &self.refresh,
            &self.session,
            &self.interaction,
        ];
        all.map(String::as_str).into_iter().filter(move |secret| *secret != own)
    }
}

async fn userinfo(rp: &mut RelyingParty, token: &str) -> u16 {
    let proof = rp.proof("GET", "/userinfo", Some(token), &json!({}));
    rp.userinfo("DPoP", token, Some(&proof)).await.status
}

#[tokio::test]
async fn keycloak_cve_2026_4282_and_4325_a_secret_of_one_kind_is_worth_nothing_as_another() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, |registration| {
        registration.metadata.access_token_format = AccessTokenFormat::Opaque;
    })
    .await;
    let secrets = Secrets::new(&world, &mut rp).await;
    for other in secrets.but(&secrets.code) {
        assert_eq!(
            redeem(&mut rp, other, &[]).await.json()["error"],
            "invalid_grant",
            "{other}"
        );
    }
    for other in secrets.but(&secrets.refresh) {
        let refused = refresh(&mut rp, &json!(other), &[]).await;
        assert_eq!(refused.json()["error"], "invalid_grant", "{other}");
    }
    for other in secrets.but(&secrets.access) {
        assert_eq!(userinfo(&mut rp, other).await, 401, "{other}");
        let told = rp.authenticated("/introspect", &[("token", other)], &[]).await.json();
        assert_eq!(told, json!({"active": false}), "{other}");
    }
    let by_reference = |reference: &str| {
        let uri = format!("urn:ietf:params:oauth:request_uri:{reference}");
        format!("/authorize?{}", encode(&[("client_id", RP), ("request_uri", &uri)]))
    };
    for other in secrets.but(&secrets.reference) {
        assert_eq!(world.browser().get(&by_reference(other)).await.status, 400, "{other}");
    }
    for other in secrets.but(&secrets.session) {
        let mut browser = world.browser();
        browser.cookies.insert("idp_sid".to_owned(), other.to_owned());
        let silent = format!("/authorize?{}", authorize_query(&[("prompt", "none")]));
        let refused = browser.get(&silent).await;
        assert_eq!(
            refused.redirected("error").as_deref(),
            Some("login_required"),
            "{other}"
        );
    }
    // Every one is still good for what it is.
    assert_eq!(redeem(&mut rp, &secrets.code, &[]).await.status, 200);
    assert_eq!(userinfo(&mut rp, &secrets.access).await, 200);
    assert_eq!(refresh(&mut rp, &json!(secrets.refresh), &[]).await.status, 200);
    assert_eq!(world.browser().get(&by_reference(&secrets.reference)).await.status, 303);
}

#[tokio::test]
async fn keycloak_cve_2026_37982_an_activation_begun_twice_enrols_one_passkey() {
    let world = World::new().await;
    let code = people::activation_code(&world.cx, world.person.id).await.unwrap();
    let path = format!("/activate/{code}");
    let mut thief = world.browser();
    let page = thief.get(&path).await;
    let options = thief
        .post_json(&format!("{path}/options"), &page.csrf(), &Value::Null)
        .await
        .json();
    let credential = thief.authenticator.create(&options, super::world::ISSUER).unwrap();
    assert_eq!(world.browser().activate(&code).await.status, 200);
    let late = thief.post_json(&path, &page.csrf(), &credential).await;
    assert!(
        late.status == 410 || late.status == 403,
        "{}: {}",
        late.status,
        late.body
    );
    assert_eq!(world.audit("passkey.registered").await.0, 1);
}

#[tokio::test]
async fn keycloak_36475_a_bound_refresh_token_is_refused_without_its_keys_proof() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, |_| {}).await;
    let secrets = Secrets::new(&world, &mut rp).await;
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", secrets.refresh.as_str()),
    ];
    let bare = rp.authenticated("/token", &fields, &[]).await;
    assert_eq!(bare.json()["error"], "invalid_request", "{}", bare.body);
    assert_eq!(refresh(&mut rp, &json!(secrets.refresh), &[]).await.status, 200);
    rp.dpop = another_key();
    let renewed = refresh(&mut rp, &json!(secrets.refresh), &[]).await;
    assert_eq!(
        renewed.status, 200,
        "a client that authenticates may renew its key: {}",
        renewed.body
    );
    let claims = super::bound::payload(renewed.json()["access_token"].as_str().unwrap());
    let thumbprint = crate::jose::Jwk::parse(&rp.dpop.bare_jwk()).unwrap().thumbprint();
    assert_eq!(claims["cnf"]["jkt"], thumbprint.as_str());
}

#[tokio::test]
async fn authentik_cve_2025_64521_a_client_that_is_switched_off_gets_nothing_more() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, |_| {}).await;
    let secrets = Secrets::new(&world, &mut rp).await;
    let address = pushed(&mut rp, &[]).await;
    let sql = "UPDATE client SET status = 'disabled' WHERE client_id = $1";
    let cx = &world.cx;
    cx.db
        .run::<_, signum_core::DbError, _, _>("test", |tx| async move { tx.exec(sql, params![RP]).await.map(drop) })
        .await
        .unwrap();
    let own = rp.bound("/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!(
        (own.status, own.json()["error"].as_str()),
        (401, Some("invalid_client"))
    );
    assert_eq!(redeem(&mut rp, &secrets.code, &[]).await.status, 401);
    assert_eq!(refresh(&mut rp, &json!(secrets.refresh), &[]).await.status, 401);
    assert_eq!(userinfo(&mut rp, &secrets.access).await, 401);
    assert_eq!(rp.authenticated("/par", &parameters(&[]), &[]).await.status, 401);
    assert_eq!(world.browser().get(&address).await.status, 400);
}

#[tokio::test]
async fn fosite_cve_2020_15223_a_revocation_that_was_not_stored_is_no_success() {
    let world = World::new().await;
    let mut rp = RelyingParty::register(&world, |_| {}).await;
    let secrets = Secrets::new(&world, &mut rp).await;
    world.cx.db.close().await;
    let reply = rp.authenticated("/revoke", &[("token", &secrets.refresh)], &[]).await;
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert!(reply.headers.contains_key("retry-after"));
}
