//! What each profile of clients may do at the authorization endpoint (requirements 2, 4 and 6), end to end.

use super::agency::{AGENCY_CALLBACK, Agency, agree};
use super::world::{World, authorize_query, encode, words};
use crate::client_auth::AuthMethod;
use crate::clients::{self, Metadata, Profile, Realm, Registration};
use crate::jose::test_keys::TestKey;

#[tokio::test]
async fn no_profile_has_the_implicit_or_hybrid_flow() {
    let world = World::new().await;
    let basic = Agency::new(&world, "basic", Profile::GovBasic).await;
    let fapi = Agency::new(&world, "fapi", Profile::Fapi2).await;
    for kind in [
        "token",
        "id_token",
        "id_token token",
        "code token",
        "code id_token",
        "code id_token token",
        "none",
        "code code",
    ] {
        let query = encode(&basic.parameters(&[("response_type", kind)]));
        let reply = world.browser().get(&format!("/authorize?{query}")).await;
        assert_eq!(
            reply.redirected("error").as_deref(),
            Some("unsupported_response_type"),
            "{kind}"
        );
        assert!(!reply.location().contains('#'), "never in a fragment");
        let pushed = fapi.push(&world, &[("response_type", kind)]).await;
        assert_eq!(pushed.json()["error"], "unsupported_response_type", "{kind}");
    }
}

#[tokio::test]
async fn the_loopback_port_of_a_native_application_is_free_and_nothing_else() {
    let world = World::new().await;
    Agency::with(&world, "app", Profile::Native, |metadata| {
        metadata.redirect_uris = vec!["http://127.0.0.1/cb".to_owned()];
        metadata.token_endpoint_auth_method = AuthMethod::Public;
        metadata.jwks = None;
    })
    .await;
    let at = |uri: &str| authorize_query(&[("client_id", "app"), ("redirect_uri", uri)]);
    let mut browser = world.enrolled().await;
    let chosen = "http://127.0.0.1:51234/cb";
    let back = agree(&mut browser, &format!("/authorize?{}", at(chosen))).await;
    assert!(back.location().starts_with(chosen), "{}", back.location());
    for other in [
        "http://127.0.0.2:51234/cb",
        "http://localhost:51234/cb",
        "http://[::1]:51234/cb",
        "https://127.0.0.1:51234/cb",
        "http://127.0.0.1:51234/cb/",
        "http://127.0.0.1:51234/cb?x=1",
        "http://127.0.0.1:0x1/cb",
        "http://127.0.0.1:99999/cb",
        "http://user@127.0.0.1:51234/cb",
        "http://127.0.0.1:51234@evil.example/cb",
    ] {
        let reply = world.browser().get(&format!("/authorize?{}", at(other))).await;
        assert_eq!(reply.status, 400, "{other}");
        assert!(reply.headers.get("location").is_none(), "{other}");
    }
}

#[tokio::test]
async fn declining_is_access_denied_and_user_cancel_only_to_who_registered_for_it() {
    let world = World::new().await;
    let plain = Agency::new(&world, "plain", Profile::GovBasic).await;
    let tara = Agency::with(&world, "tara", Profile::GovBasic, |metadata| {
        metadata.tara_compat = true
    })
    .await;
    for (agency, error) in [(&plain, "access_denied"), (&tara, "user_cancel")] {
        let mut browser = world.browser();
        let query = encode(&agency.parameters(&[]));
        let login = browser.get(&format!("/authorize?{query}")).await.location();
        let csrf = browser.get(&login).await.csrf();
        let i = login.split_once("i=").unwrap().1.split('&').next().unwrap();
        let back = browser
            .post_form(&format!("/login/cancel?i={i}"), &[("csrf", &csrf)])
            .await;
        assert_eq!(back.status, 303, "never 307: the form must not travel on");
        assert!(back.location().starts_with(AGENCY_CALLBACK));
        assert_eq!(back.redirected("error").as_deref(), Some(error));
        assert_eq!(back.redirected("state").as_deref(), Some("state-0123456789"));
        assert_eq!(back.redirected("iss").as_deref(), Some(super::world::ISSUER));
    }
}

#[tokio::test]
async fn a_client_registered_for_no_codes_gets_none() {
    use crate::clients::GrantType;
    let world = World::new().await;
    let machine = Agency::with(&world, "machine", Profile::GovBasic, |metadata| {
        metadata.grant_types = vec![GrantType::ClientCredentials];
        metadata.redirect_uris.clear();
        metadata.response_types.clear();
    })
    .await;
    let query = encode(&machine.parameters(&[]));
    let reply = world.browser().get(&format!("/authorize?{query}")).await;
    assert_eq!(reply.status, 400, "it has no address to be sent to");
    assert_eq!(machine.push(&world, &[]).await.status, 400);
}

#[tokio::test]
async fn a_fapi_client_of_production_has_no_plain_http_address() {
    let world = World::new().await;
    for profile in [Profile::Fapi2, Profile::Fapi2Ms] {
        for (redirect, after_logout, may) in [
            ("http://agency.localhost:8080/cb", "https://agency.example.org/", false),
            ("http://127.0.0.1/cb", "https://agency.example.org/", false),
            ("https://agency.example.org/cb", "http://agency.localhost/", false),
            ("https://agency.example.org/cb", "https://agency.example.org/", true),
        ] {
            let metadata = Metadata {
                redirect_uris: vec![redirect.to_owned()],
                post_logout_redirect_uris: vec![after_logout.to_owned()],
                jwks: Some(TestKey::es256("k").jwks()),
                dpop_bound_access_tokens: true,
                ..Metadata::default()
            };
            let registration = Registration {
                client_id: "agency".to_owned(),
                profile,
                realm: Realm::Production,
                name: words("agency"),
                purpose: words("To test"),
                metadata,
                secret: None,
                legal_basis_personal_number: false,
            };
            let put = clients::put(&world.cx, registration).await;
            assert_eq!(put.is_ok(), may, "{redirect} {after_logout}: {put:?}");
        }
    }
}
