//! How answers travel: form_post, and signed ones (JARM).

use serde_json::Value;

use super::agency::{AGENCY_CALLBACK, Agency, agree};
use super::world::{CALLBACK, ISSUER, World, authorize_query};
use crate::clients::Profile;
use crate::jws;

/// A signed answer, verified with the published keys.
pub fn opened(world: &World, token: &str) -> Value {
    jws::verify(
        &world.service.idp.keys.current().published,
        jws::AUTHORIZATION_RESPONSE,
        token,
    )
    .unwrap()
}

#[tokio::test]
async fn a_form_post_carries_the_answer_to_the_clients_origin_alone() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let page = browser
        .sign_in(&authorize_query(&[("response_mode", "form_post")]))
        .await;
    assert_eq!(page.status, 200);
    assert!(
        page.body
            .contains(&format!("<form class=\"form\" method=\"post\" action=\"{CALLBACK}\"")),
        "{}",
        page.body
    );
    for field in [
        "name=\"code\"",
        "name=\"state\" value=\"state-0123456789\"",
        &format!("name=\"iss\" value=\"{ISSUER}\""),
    ] {
        assert!(page.body.contains(field), "{field}: {}", page.body);
    }
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.ends_with("form-action 'self' http://demo.localhost:8083"),
        "{policy}"
    );
    assert!(policy.contains("script-src 'self';"), "{policy}");
    assert!(page.body.contains("/static/submit."), "its own script posts it");
    assert!(page.body.contains("<button"), "and without scripts a button does");
    assert_eq!(page.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn a_refusal_is_posted_as_well() {
    let world = World::new().await;
    let query = authorize_query(&[("response_mode", "form_post"), ("prompt", "none")]);
    let page = world.browser().get(&format!("/authorize?{query}")).await;
    assert!(
        page.body.contains("name=\"error\" value=\"login_required\""),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn authentik_cve_2024_21637_markup_in_a_posted_answer_is_text() {
    let world = World::new().await;
    let state = "\"><script>alert(document.domain)</script><input value='";
    let query = authorize_query(&[("response_mode", "form_post"), ("prompt", "none"), ("state", state)]);
    let page = world.browser().get(&format!("/authorize?{query}")).await;
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    assert!(
        page.body
            .contains("&lt;script&gt;alert(document.domain)&lt;/script&gt;")
    );
}

#[tokio::test]
async fn a_form_is_never_posted_to_a_scheme_that_is_not_http() {
    let world = World::new().await;
    let app = |metadata: &mut crate::clients::Metadata| {
        metadata.redirect_uris = vec!["org.example.app:/cb".to_owned()];
        metadata.token_endpoint_auth_method = crate::client_auth::AuthMethod::Public;
        metadata.jwks = None;
    };
    let app = Agency::with(&world, "app", Profile::Native, app).await;
    let query = |mode| {
        super::world::encode(&app.parameters(&[("redirect_uri", "org.example.app:/cb"), ("response_mode", mode)]))
    };
    let mut browser = world.browser();
    let refused = browser.get(&format!("/authorize?{}", query("form_post"))).await;
    assert_eq!(refused.status, 303);
    assert!(
        refused
            .location()
            .starts_with("org.example.app:/cb?error=invalid_request"),
        "{}",
        refused.location()
    );
    let login = browser.get(&format!("/authorize?{}", query("query"))).await.location();
    let page = browser.get(&login).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with("form-action 'self' org.example.app:"), "{policy}");
}

#[tokio::test]
async fn a_signed_answer_is_for_its_client_alone_and_verifies_with_the_published_keys() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let back = browser.sign_in(&authorize_query(&[("response_mode", "jwt")])).await;
    assert_eq!(back.redirected("code"), None, "nothing but the signed answer");
    assert_eq!(back.redirected("iss"), None);
    let answer = opened(&world, &back.redirected("response").unwrap());
    assert_eq!(answer["iss"], ISSUER);
    assert_eq!(answer["aud"], "demo-rp");
    assert_eq!(answer["state"], "state-0123456789");
    let now = world.cx.now().seconds();
    assert!(answer["exp"].as_i64().unwrap() > now && answer["exp"].as_i64().unwrap() <= now + 600);
    assert_eq!(browser.redeem(answer["code"].as_str().unwrap()).await.status, 200);
    for (mode, signed) in [("query.jwt", true), ("form_post.jwt", false)] {
        let query = authorize_query(&[
            ("response_mode", mode),
            ("prompt", "none"),
            ("acr_values", "substantial"),
        ]);
        let reply = browser.get(&format!("/authorize?{query}")).await;
        if signed {
            assert!(reply.redirected("response").is_some());
        } else {
            assert!(reply.body.contains("name=\"response\""), "{}", reply.body);
            assert!(!reply.body.contains("name=\"code\""));
        }
    }
}

#[tokio::test]
async fn a_client_of_message_signing_never_gets_an_unsigned_answer() {
    let world = World::new().await;
    let agency = Agency::new(&world, "agency", Profile::Fapi2Ms).await;
    let object = agency.object(&world, &[("response_mode", serde_json::json!("query"))]);
    let refused = agency
        .push_only(&world, &[("client_id", "agency"), ("request", &object)])
        .await;
    assert_eq!(refused.json()["error"], "invalid_request");
    let object = agency.object(&world, &[]);
    let pushed = agency
        .push_only(&world, &[("client_id", "agency"), ("request", &object)])
        .await;
    let mut browser = world.enrolled().await;
    let back = agree(&mut browser, &agency.address(&pushed)).await;
    assert!(back.location().starts_with(AGENCY_CALLBACK));
    assert_eq!(opened(&world, &back.redirected("response").unwrap())["aud"], "agency");
    let direct = super::world::encode(&agency.parameters(&[]));
    let refused = browser.get(&format!("/authorize?{direct}")).await;
    let answer = opened(&world, &refused.redirected("response").unwrap());
    assert_eq!(answer["error"], "invalid_request");
}
