//! What went wrong elsewhere, at the authorization endpoint: one test for each line, named for what is refused.

use std::net::TcpListener;

use super::world::{CALLBACK, OTHER_CALLBACK, SECRET, World, authorize_query};

async fn page_without_redirect(world: &World, redirect_uri: &str) {
    let query = authorize_query(&[("redirect_uri", redirect_uri)]);
    let reply = world.browser().get(&format!("/authorize?{query}")).await;
    assert_eq!(reply.status, 400, "{redirect_uri}");
    assert!(reply.headers.get("location").is_none(), "{redirect_uri}");
}

#[tokio::test]
async fn keycloak_cve_2026_3872_a_path_with_dots_and_semicolons_is_not_the_registered_one() {
    let world = World::new().await;
    for uri in [
        "http://demo.localhost:8083/x/..;/callback",
        "http://demo.localhost:8083/callback/..;/evil",
        "http://demo.localhost:8083/callback;/evil",
        "http://demo.localhost:8083/x/../callback",
        "http://demo.localhost:8083/%2e%2e/callback",
        "http://demo.localhost:8083/./callback",
    ] {
        page_without_redirect(&world, uri).await;
    }
}

#[tokio::test]
async fn keycloak_cve_2026_7504_several_at_signs_do_not_hide_another_host() {
    let world = World::new().await;
    for uri in [
        "http://demo.localhost:8083@evil.example/callback",
        "http://demo.localhost:8083@@evil.example/callback",
        "http://a@b@demo.localhost:8083/callback",
        "http://evil.example\\@demo.localhost:8083/callback",
        "http://evil.example#@demo.localhost:8083/callback",
    ] {
        page_without_redirect(&world, uri).await;
    }
}

#[tokio::test]
async fn keycloak_cve_2026_9689_response_parameters_in_a_redirect_uri_are_refused() {
    let world = World::new().await;
    for uri in [
        format!("{CALLBACK}?code=attackers"),
        format!("{CALLBACK}?state=state-0123456789"),
        format!("{CALLBACK}?iss=https://evil.example"),
        format!("{CALLBACK}?error=x"),
        format!("{CALLBACK}#code=attackers"),
        format!("{CALLBACK}?"),
        format!("{CALLBACK}#"),
    ] {
        page_without_redirect(&world, &uri).await;
    }
}

#[tokio::test]
async fn keycloak_cve_2026_18209_a_state_cannot_add_parameters_to_the_answer() {
    let world = World::new().await;
    let mut browser = world.browser();
    for state in [
        "state-1&code=attackers",
        "state-1#code=attackers",
        "state-1?iss=https://evil.example&code=x",
    ] {
        let query = authorize_query(&[("state", state), ("prompt", "none")]);
        let reply = browser.get(&format!("/authorize?{query}")).await;
        assert_eq!(reply.redirected("state").as_deref(), Some(state));
        assert_eq!(reply.redirected("code"), None, "{}", reply.location());
        assert!(!reply.location().contains('#'), "{}", reply.location());
    }
}

#[tokio::test]
async fn keycloak_cve_2020_10770_a_request_uri_is_never_fetched() {
    let world = World::new().await;
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let at = trap.local_addr().unwrap();
    let mut browser = world.browser();
    for uri in [
        format!("http://{at}/r"),
        format!("https://{at}/r"),
        "file:///etc/passwd".to_owned(),
    ] {
        let query = authorize_query(&[("request_uri", &uri)]);
        let reply = browser.get(&format!("/authorize?{query}")).await;
        assert_eq!(
            reply.redirected("error").as_deref(),
            Some("request_uri_not_supported"),
            "{uri}"
        );
        let bare = authorize_query(&[("request_uri", &uri), ("redirect_uri", "")]);
        assert_eq!(browser.get(&format!("/authorize?{bare}")).await.status, 400);
    }
    let connected = trap.accept().map(|_| ()).unwrap_err();
    assert_eq!(connected.kind(), std::io::ErrorKind::WouldBlock, "nobody came");
}

#[tokio::test]
async fn keycloak_cve_2026_16089_a_code_is_never_retargeted_to_another_client() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let code = browser.sign_in(&authorize_query(&[])).await.redirected("code").unwrap();
    for redirect_uri in [CALLBACK, OTHER_CALLBACK] {
        let changes = [("code", code.as_str()), ("redirect_uri", redirect_uri)];
        assert_eq!(
            browser.redeem_as("signer", SECRET, &changes).await.json()["error"],
            "invalid_grant"
        );
        let named = [changes[0], changes[1], ("client_id", "demo-rp")];
        let mixed = browser.redeem_as("signer", SECRET, &named).await;
        assert!(
            mixed.json()["error"].is_string() && mixed.status >= 400,
            "{}",
            mixed.body
        );
    }
    assert_eq!(browser.redeem(&code).await.status, 200);
}

#[tokio::test]
async fn authentik_cve_2023_48228_a_request_without_a_challenge_is_refused() {
    let world = World::new().await;
    let mut browser = world.browser();
    for changes in [
        &[("code_challenge", "")][..],
        &[("code_challenge_method", "")],
        &[("code_challenge", ""), ("code_challenge_method", "")],
        &[("code_challenge_method", "plain")],
        &[("code_challenge_method", "s256")],
    ] {
        let reply = browser.get(&format!("/authorize?{}", authorize_query(changes))).await;
        assert_eq!(
            reply.redirected("error").as_deref(),
            Some("invalid_request"),
            "{changes:?}"
        );
    }
}

#[tokio::test]
async fn authentik_cve_2024_23647_a_code_is_not_redeemed_without_its_verifier() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let code = browser.sign_in(&authorize_query(&[])).await.redirected("code").unwrap();
    let without = browser.redeem_with(&[("code", &code), ("code_verifier", "")]).await;
    assert!(
        without.status == 400 && without.json()["error"].is_string(),
        "{}",
        without.body
    );
}

#[tokio::test]
async fn authentik_cve_2024_52289_a_registered_address_is_no_pattern() {
    let world = World::new().await;
    for uri in [
        "http://demoxlocalhost:8083/callback",
        "http://demo.localhost:8083/callbackx",
        "http://demo.localhost:8083/callback/x",
        "http://demo.localhost:80830/callback",
        "http://demo.localhost/callback",
        "http://DEMO.localhost:8083/callback",
        "https://demo.localhost:8083/callback",
    ] {
        page_without_redirect(&world, uri).await;
    }
}

#[tokio::test]
async fn authentik_cve_2024_52287_a_scope_that_was_not_allowed_is_not_granted() {
    let world = World::new().await;
    let mut browser = world.browser();
    for scope in [
        "openid personal_number",
        "openid admin",
        "openid profile personal_number",
        "openid *",
    ] {
        let reply = browser
            .get(&format!("/authorize?{}", authorize_query(&[("scope", scope)])))
            .await;
        assert_eq!(reply.redirected("error").as_deref(), Some("invalid_scope"), "{scope}");
    }
    let mut browser = world.enrolled().await;
    let code = browser
        .sign_in(&authorize_query(&[("scope", "openid")]))
        .await
        .redirected("code")
        .unwrap();
    let wider = browser
        .redeem_with(&[("code", &code), ("scope", "openid profile")])
        .await;
    if wider.status == 200 {
        assert_eq!(
            wider.json()["scope"],
            "openid",
            "a wider scope at the token endpoint gives nothing"
        );
    }
}

#[tokio::test]
async fn mod_auth_openidc_cve_2022_23527_no_tab_line_end_or_second_slash_leads_elsewhere() {
    let world = World::new().await;
    let mut browser = world.browser();
    for next in [
        "/%09/evil.example",
        "/%5Cevil.example",
        "//evil.example",
        "/%0d%0aLocation:%20https://evil.example",
        "%09//evil.example",
    ] {
        let reply = browser.get(&format!("/language?set=en&next={next}")).await;
        assert_eq!(reply.location(), "/", "{next}");
    }
    for state in [
        "state-1\r\nSet-Cookie: idp_sid=x",
        "state-1\tx",
        "state-1\nLocation: https://evil.example",
    ] {
        let reply = browser
            .get(&format!("/authorize?{}", authorize_query(&[("state", state)])))
            .await;
        assert_eq!(reply.redirected("error").as_deref(), Some("invalid_request"));
        assert_eq!(reply.redirected("state"), None);
        assert!(!reply.headers.contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn keycloak_cve_2023_6291_a_user_name_in_a_redirect_uri_hides_no_host() {
    let world = World::new().await;
    for uri in [
        "http://user@demo.localhost:8083/callback",
        "http://user:pass@demo.localhost:8083/callback",
        "http://demo.localhost:8083%40evil.example/callback",
        "http://demo.localhost%3A8083%2Fcallback@evil.example/",
        "http://evil.example%2F@demo.localhost:8083/callback",
    ] {
        page_without_redirect(&world, uri).await;
    }
}

#[tokio::test]
async fn keycloak_cve_2022_3782_an_encoded_path_is_not_decoded_before_it_is_compared() {
    let world = World::new().await;
    for uri in [
        "http://demo.localhost:8083/%63allback",
        "http://demo.localhost:8083/%2563allback",
        "http://demo.localhost:8083/callback/%2e%2e/evil",
        "http://demo.localhost:8083/callback/%252e%252e/evil",
        "http://demo.localhost:8083/x/%2e%2e/callback",
    ] {
        page_without_redirect(&world, uri).await;
    }
}

#[tokio::test]
async fn keycloak_cve_2024_1132_and_8883_neither_parents_nor_loopback_addresses_stand_for_the_registered_one() {
    let world = World::new().await;
    for uri in [
        "http://demo.localhost:8083/callback/../callback",
        "http://demo.localhost:8083/callback/../../evil",
        "http://demo.localhost:8083/callback?x=/../../evil",
        "http://127.0.0.1:8083/callback",
        "http://localhost:8083/callback",
        "http://[::1]:8083/callback",
    ] {
        page_without_redirect(&world, uri).await;
    }
}

#[tokio::test]
async fn keycloak_cve_2023_6927_a_posted_or_signed_answer_goes_to_a_registered_address_alone() {
    let world = World::new().await;
    for mode in ["form_post", "form_post.jwt", "query.jwt", "jwt"] {
        for uri in [
            "http://demo.localhost:8083/",
            "http://evil.example/callback",
            "http://demo.localhost:8083/*",
        ] {
            let query = authorize_query(&[("redirect_uri", uri), ("response_mode", mode)]);
            let reply = world.browser().get(&format!("/authorize?{query}")).await;
            assert_eq!(reply.status, 400, "{mode} {uri}");
            assert!(!reply.body.contains("name=\"response\"") && !reply.body.contains("name=\"error\""));
        }
    }
}
