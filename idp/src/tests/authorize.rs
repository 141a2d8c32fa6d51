//! Authorization requests that are wrong, and the rules of redirecting.

use super::world::{CALLBACK, ISSUER, OTHER_CALLBACK, World, authorize_query};

#[tokio::test]
async fn an_unknown_client_or_unregistered_redirect_uri_gets_a_page_and_never_a_redirect() {
    let world = World::new().await;
    let mut browser = world.browser();
    let long = format!("{CALLBACK}/x");
    for change in [
        ("client_id", "nobody"),
        ("client_id", ""),
        ("redirect_uri", ""),
        ("redirect_uri", OTHER_CALLBACK),
        ("redirect_uri", "http://demo.localhost:8083/callback?x=1"),
        ("redirect_uri", "http://demo.localhost:8083/CALLBACK"),
        ("redirect_uri", "http://demo.localhost:8083/callback#x"),
        ("redirect_uri", "http://evil@demo.localhost:8083/callback"),
        ("redirect_uri", long.as_str()),
    ] {
        let reply = browser.get(&format!("/authorize?{}", authorize_query(&[change]))).await;
        assert_eq!(reply.status, 400, "{change:?}");
        assert!(reply.headers.get("location").is_none());
        assert!(reply.headers["content-type"].to_str().unwrap().starts_with("text/html"));
        let reference = reply.headers["x-request-id"].to_str().unwrap();
        assert!(reply.body.contains(reference), "the page shows its reference");
    }
    let twice = format!("{}&client_id=demo-rp", authorize_query(&[]));
    assert_eq!(browser.get(&format!("/authorize?{twice}")).await.status, 400);
}

#[tokio::test]
async fn each_wrong_parameter_is_refused_with_its_error_state_and_issuer() {
    let world = World::new().await;
    let mut browser = world.browser();
    let long = "n".repeat(1025);
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "code id_token", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("response_mode", "fragment", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("scope", "", "invalid_scope"),
        ("scope", "profile", "invalid_scope"),
        ("scope", "email", "invalid_scope"),
        ("scope", "openid personal_number", "invalid_scope"),
        ("nonce", long.as_str(), "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("prompt", "dance", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("max_age", "soon", "invalid_request"),
        ("request", "x", "request_not_supported"),
        ("display", "hologram", "invalid_request"),
        ("acr_values", "gold", "invalid_request"),
        ("acr_values", "high", "unmet_authentication_requirements"),
        ("dpop_jkt", "short", "invalid_request"),
        ("claims", "x", "invalid_request"),
        ("authorization_details", "[]", "invalid_authorization_details"),
        ("request_uri", "https://evil.example/", "request_uri_not_supported"),
        ("registration", "{}", "registration_not_supported"),
        ("id_token_hint", "a.b.c", "invalid_request"),
        ("prompt", "none", "login_required"),
    ] {
        let reply = browser
            .get(&format!("/authorize?{}", authorize_query(&[(name, value)])))
            .await;
        assert_eq!(reply.status, 303, "{name}={value}");
        assert!(reply.location().starts_with(CALLBACK), "{}", reply.location());
        assert_eq!(reply.redirected("error").as_deref(), Some(error), "{name}={value}");
        assert_eq!(reply.redirected("state").as_deref(), Some("state-0123456789"));
        assert_eq!(reply.redirected("iss").as_deref(), Some(ISSUER));
        assert_eq!(reply.redirected("code"), None);
        let why = reply.redirected("error_description").unwrap();
        // RFC 6749 section 4.1.2.1.
        let fine = |b: u8| (0x20..=0x7e).contains(&b) && b != b'"' && b != b'\\';
        assert!(!why.is_empty() && why.bytes().all(fine), "{why}");
    }
}

#[tokio::test]
async fn repeated_parameters_and_bad_states_are_invalid_requests() {
    let world = World::new().await;
    let mut browser = world.browser();
    let many: String = (0..5_000).map(|n| format!("&p{n}")).collect();
    for extra in [
        many.as_str(),
        "&unknown=%00",
        "&nonce=again",
        "&scope=openid",
        "&state=another-state",
        "&unknown=1&unknown=2",
    ] {
        let reply = browser
            .get(&format!("/authorize?{}{extra}", authorize_query(&[])))
            .await;
        assert_eq!(reply.redirected("error").as_deref(), Some("invalid_request"), "{extra}");
    }
    let long = "s".repeat(1025);
    for bad in ["short", long.as_str(), "line\r\nbreak-and-more"] {
        let reply = browser
            .get(&format!("/authorize?{}", authorize_query(&[("state", bad)])))
            .await;
        assert_eq!(reply.redirected("error").as_deref(), Some("invalid_request"));
        assert_eq!(reply.redirected("state"), None);
    }
}

#[tokio::test]
async fn unknown_parameters_are_ignored_and_a_post_becomes_a_get() {
    let world = World::new().await;
    let mut browser = world.browser();
    let reply = browser
        .get(&format!(
            "/authorize?{}",
            authorize_query(&[("fancy", "1"), ("login_hint", "x")])
        ))
        .await;
    assert!(reply.location().starts_with("/login?i="));
    let posted = browser
        .post_form("/authorize", &[("client_id", "demo-rp"), ("scope", "openid")])
        .await;
    assert_eq!(
        (posted.status, posted.location().as_str()),
        (303, "/authorize?client_id=demo-rp&scope=openid")
    );
}

#[tokio::test]
async fn a_posted_request_is_refused_like_any_other_whatever_octets_it_has() {
    let world = World::new().await;
    let mut browser = world.browser();
    let mut post = async |body: String| {
        let request = http::Request::post("/authorize")
            .header("accept", "text/html")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(axum::body::Body::from(body))
            .unwrap();
        browser.send(request).await
    };
    for (extra, error) in [
        ("&login_hint=\u{1}", "invalid_request"),
        ("&login_hint=%00", "invalid_request"),
        ("&nonce=again", "invalid_request"),
    ] {
        let reply = post(format!("{}{extra}", authorize_query(&[]))).await;
        assert_eq!(reply.redirected("error").as_deref(), Some(error), "{extra:?}");
        assert_eq!(reply.redirected("state").as_deref(), Some("state-0123456789"));
    }
    for no_client in ["\u{1}", "client_id=\u{0}", "\u{eb}=\r\n"] {
        assert_eq!(post(no_client.to_owned()).await.status, 400, "{no_client:?}");
    }
    let bare = post("client_id=\u{eb}".to_owned()).await;
    assert_eq!(bare.location(), "/authorize?client_id=%C3%AB");
}

#[tokio::test]
async fn nul_in_a_client_id_is_a_client_that_does_not_exist() {
    let world = World::new().await;
    let mut browser = world.browser();
    let query = authorize_query(&[("client_id", "demo\0rp")]);
    assert_eq!(browser.get(&format!("/authorize?{query}")).await.status, 400);
    assert_eq!(browser.get("/logout?client_id=demo%00rp").await.status, 400);
    for nul in ["demo%00rp", "demo\0rp"] {
        let reply = browser.redeem_as(nul, super::world::SECRET, &[("code", "x")]).await;
        assert_eq!(
            (reply.status, reply.json()["error"].as_str()),
            (400, Some("invalid_request"))
        );
    }
}

#[tokio::test]
async fn a_list_of_levels_is_a_wish_and_the_first_that_can_be_reached_counts() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    for wish in [
        "http://eidas.europa.eu/LoA/high substantial",
        "low substantial",
        "substantial high",
        "1 2",
    ] {
        let query = authorize_query(&[("acr_values", wish), ("prompt", "none")]);
        let reply = browser.get(&format!("/authorize?{query}")).await;
        let code = reply
            .redirected("code")
            .unwrap_or_else(|| panic!("{wish}: {}", reply.location()));
        let id_token = browser.redeem(&code).await.json()["id_token"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(super::tokens::claims(&id_token)["acr"], "substantial", "{wish}");
    }
}

#[tokio::test]
async fn an_unknown_scope_is_refused_and_the_granted_ones_are_told() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let unknown = authorize_query(&[("scope", "email openid profile")]);
    let refused = browser.get(&format!("/authorize?{unknown}")).await;
    assert_eq!(refused.redirected("error").as_deref(), Some("invalid_scope"));
    let query = authorize_query(&[("scope", "openid  profile offline_access")]);
    let code = browser.sign_in(&query).await.redirected("code").unwrap();
    assert_eq!(
        browser.redeem(&code).await.json()["scope"],
        "openid profile offline_access"
    );
}

#[tokio::test]
async fn an_interaction_belongs_to_the_browser_that_began_it() {
    let world = World::new().await;
    let mut browser = world.browser();
    let login = browser
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    assert_eq!(browser.get(&login).await.status, 200);
    let mut other = world.browser();
    assert_eq!(other.get(&login).await.status, 403);
    world.advance(30 * 60);
    assert_eq!(browser.get(&login).await.status, 410);
}

#[tokio::test]
async fn the_login_page_names_the_service_its_purpose_and_data_in_the_wished_language() {
    let world = World::new().await;
    let mut browser = world.browser();
    let login = browser
        .get(&format!("/authorize?{}", authorize_query(&[("ui_locales", "en")])))
        .await
        .location();
    let page = browser.get(&login).await;
    for words in [
        "Log in to demo-rp en",
        "To show the demonstration en",
        "Date of birth",
        "demo.localhost",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("form-action 'self' http://demo.localhost:8083"),
        "{policy}"
    );
}

#[tokio::test]
async fn a_silent_request_that_cannot_be_answered_leaves_an_event_that_names_nobody() {
    let world = World::new().await;
    let silent = |more: &[(&str, &str)]| {
        let mut changes = vec![("prompt", "none")];
        changes.extend(more);
        format!("/authorize?{}", authorize_query(&changes))
    };
    let nobody = world.browser().get(&silent(&[])).await;
    assert_eq!(nobody.redirected("error").as_deref(), Some("login_required"));
    let mut browser = world.enrolled().await;
    browser.sign_in(&authorize_query(&[("scope", "openid")])).await;
    let wider = browser.get(&silent(&[])).await;
    assert_eq!(wider.redirected("error").as_deref(), Some("consent_required"));
    world.advance(2);
    let older = browser.get(&silent(&[("scope", "openid"), ("max_age", "1")])).await;
    assert_eq!(older.redirected("error").as_deref(), Some("login_required"));
    let sql = "SELECT subject, detail FROM audit_event WHERE kind = 'authorize.refused' ORDER BY at";
    let events = world.cx.db.all(sql, vec![]).await.unwrap();
    let told: Vec<(String, String)> = events
        .iter()
        .map(|event| (event.get("subject").unwrap(), event.get("detail").unwrap()))
        .collect();
    let codes = ["login_required", "consent_required", "login_required"];
    let expected = codes.map(|code| ("demo-rp".to_owned(), format!("{{\"code\":\"{code}\"}}")));
    assert_eq!(told, expected);
}
