//! The basic plan at the authorization endpoint: what is told to the relying party, and what only a page may say.

use std::time::Duration;

use super::attempt::Said;
use super::jwt;
use super::party::{CHALLENGE, Party, STATE, query};
use super::row::{GRANT, refused};
use super::stand::{CALLBACK, Stand};

/// Source, what is refused, parameters that are set (empty: left out), errors that will do.
type Told = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

const REQUEST: &[&str] = &["invalid_request"];
const RESPONSE_TYPE: &[&str] = &["unsupported_response_type"];

const TOLD: &[Told] = &[
    (
        "oidcc-response-type-missing",
        "no response type",
        &[("response_type", "")],
        &["invalid_request", "unsupported_response_type"],
    ),
    (
        "RFC 9700 section 2.1.2",
        "the implicit grant",
        &[("response_type", "token")],
        RESPONSE_TYPE,
    ),
    (
        "RFC 9700 section 2.1.2",
        "an ID token by the browser",
        &[("response_type", "id_token")],
        RESPONSE_TYPE,
    ),
    (
        "requirement 2",
        "the hybrid grant",
        &[("response_type", "code id_token")],
        RESPONSE_TYPE,
    ),
    (
        "OAuth 2.0 Multiple Response Types section 2.1",
        "an unknown response mode",
        &[("response_mode", "smoke")],
        REQUEST,
    ),
    (
        "oidcc-prompt-none-not-logged-in",
        "prompt=none where nobody is logged in",
        &[("prompt", "none")],
        &["login_required"],
    ),
    (
        "OpenID Connect Core section 3.1.2.1",
        "prompt=none with another",
        &[("prompt", "none login")],
        REQUEST,
    ),
    (
        "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
        "a request_uri of somebody's server",
        &[("request_uri", "http://169.254.169.254/latest/meta-data")],
        &["request_uri_not_supported"],
    ),
    (
        "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
        "a request object that is not signed",
        &[("request", "eyJhbGciOiJub25lIn0.eyJzY29wZSI6Im9wZW5pZCBlbWFpbCJ9.")],
        &["request_not_supported"],
    ),
    (
        "oidcc-ensure-request-object-with-redirect-uri",
        "a request object with another redirect URI in it",
        &[(
            "request",
            "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL2V2aWwuZXhhbXBsZS5vcmcvIn0.",
        )],
        &["request_not_supported"],
    ),
    (
        "CVE-2023-48228",
        "a request without PKCE",
        &[("code_challenge", ""), ("code_challenge_method", "")],
        REQUEST,
    ),
    (
        "CVE-2024-23647",
        "the PKCE method plain",
        &[("code_challenge_method", "plain")],
        REQUEST,
    ),
    (
        "CVE-2024-23647",
        "no PKCE method, which would mean plain",
        &[("code_challenge_method", "")],
        REQUEST,
    ),
    (
        "RFC 7636 section 4.2",
        "a challenge of a wrong length",
        &[("code_challenge", "short")],
        REQUEST,
    ),
    (
        "OpenID Connect Core section 3.1.2.1",
        "a made-up id_token_hint",
        &[("id_token_hint", "a.b.c")],
        &["invalid_request", "login_required"],
    ),
    (
        "OpenID Connect Core section 3.1.2.1",
        "a max_age that is no number",
        &[("max_age", "soon")],
        REQUEST,
    ),
    (
        "OpenID Connect Core section 3.1.2.1",
        "a negative max_age",
        &[("max_age", "-1")],
        REQUEST,
    ),
    (
        "OpenID Connect Core section 7.2.1",
        "the registration parameter",
        &[("registration", "{}")],
        &["registration_not_supported"],
    ),
    (
        "requirement 4",
        "no scope",
        &[("scope", "")],
        &["invalid_scope", "invalid_request"],
    ),
    (
        "requirement 4",
        "an unknown scope",
        &[("scope", "openid everything")],
        &["invalid_scope"],
    ),
    (
        "requirement 4",
        "a nonce that is too long",
        &[("nonce", TOO_LONG)],
        REQUEST,
    ),
];

/// 1025 characters.
const TOO_LONG: &str = {
    const LONG: [u8; 1025] = [b'n'; 1025];
    match std::str::from_utf8(&LONG) {
        Ok(text) => text,
        Err(_) => "",
    }
};

/// Source, what is refused, parameters that are set.
type Shown = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Never a redirect: who asks, or where to, is not known for sure.
const PAGES: &[Shown] = &[
    ("RFC 6749 section 4.1.2.1", "no client", &[("client_id", "")]),
    (
        "RFC 6749 section 4.1.2.1",
        "an unknown client",
        &[("client_id", "nobody")],
    ),
    (
        "oidcc-ensure-redirect-uri-in-authorization-request",
        "no redirect URI",
        &[("redirect_uri", "")],
    ),
    (
        "oidcc-ensure-registered-redirect-uri",
        "a redirect URI that is not registered",
        &[("redirect_uri", "https://evil.example.org/callback")],
    ),
    (
        "oidcc-redirect-uri-query-added",
        "a query more",
        &[("redirect_uri", "https://localhost:8765/callback?foo=bar")],
    ),
    (
        "oidcc-redirect-uri-query-mismatch",
        "another query",
        &[("redirect_uri", "https://localhost:8765/callback?foo=baz")],
    ),
    (
        "CVE-2026-9689",
        "parameters of an answer in the redirect URI",
        &[("redirect_uri", "https://localhost:8765/callback?code=x&state=y")],
    ),
    (
        "oidcc-redirect-uri-regfrag",
        "a fragment",
        &[("redirect_uri", "https://localhost:8765/callback#foobar")],
    ),
    (
        "CVE-2026-18209",
        "parameters in a fragment",
        &[("redirect_uri", "https://localhost:8765/callback#code=x")],
    ),
    (
        "RFC 9700 section 2.1",
        "an address below the registered",
        &[("redirect_uri", "https://localhost:8765/callback/x")],
    ),
    (
        "CVE-2026-3872",
        "a path that leads elsewhere",
        &[("redirect_uri", "https://localhost:8765/callback/..;/x")],
    ),
    (
        "CVE-2026-3872",
        "a path that leads there",
        &[("redirect_uri", "https://localhost:8765/x/..;/callback")],
    ),
    (
        "CVE-2026-3872",
        "dots",
        &[("redirect_uri", "https://localhost:8765/x/../callback")],
    ),
    (
        "CVE-2023-6291",
        "a path that leaves the registered one",
        &[("redirect_uri", "https://localhost:8765/callback/../../x")],
    ),
    (
        "CVE-2024-1132",
        "dots that are encoded twice",
        &[("redirect_uri", "https://localhost:8765/callback/%252e%252e/x")],
    ),
    (
        "CVE-2022-3782",
        "dots that are encoded",
        &[("redirect_uri", "https://localhost:8765/%2e%2e/callback")],
    ),
    (
        "CVE-2024-8883",
        "the registered address in a user's place",
        &[("redirect_uri", "https://localhost:8765/callback@evil.example.org/")],
    ),
    (
        "CVE-2023-6927",
        "a pattern",
        &[("redirect_uri", "https://localhost:8765/*")],
    ),
    (
        "CVE-2020-15234",
        "capitals",
        &[("redirect_uri", "http://LOCALHOST:8765/callback")],
    ),
    (
        "CVE-2020-15233",
        "another port",
        &[("redirect_uri", "http://localhost:8766/callback")],
    ),
    (
        "CVE-2020-15233",
        "a loopback address in place of its name",
        &[("redirect_uri", "http://127.0.0.1:8765/callback")],
    ),
    (
        "CVE-2026-7504",
        "a user",
        &[("redirect_uri", "https://localhost:8765@evil.example.org/callback")],
    ),
    (
        "CVE-2026-7504",
        "several at signs",
        &[("redirect_uri", "https://localhost:8765@@evil.example.org/callback")],
    ),
    (
        "CVE-2024-52289",
        "a text that a pattern would take",
        &[("redirect_uri", "https://localhost:8765xcallback")],
    ),
    (
        "CVE-2022-23527",
        "a tab",
        &[("redirect_uri", "https://localhost:8765/\tcallback")],
    ),
    (
        "CVE-2019-14857",
        "a backslash",
        &[("redirect_uri", "https://localhost:8765\\callback")],
    ),
    (
        "CVE-2017-6413",
        "a line end",
        &[("redirect_uri", "https://localhost:8765/callback\r\nSet-Cookie: a=b")],
    ),
];

fn changed(party: &Party<'_>, changes: &[(&str, &str)]) -> String {
    let mut all: Vec<(&str, &str)> = party.wishes().to_vec();
    for (name, value) in changes {
        all.retain(|(known, _)| known != name);
        if !value.is_empty() {
            all.push((name, value));
        }
    }
    query("/authorize", &all)
}

fn told_with_state_and_issuer(said: &Said, party: &Party<'_>, errors: &[&str]) -> bool {
    said.status == 303
        && said.location.starts_with("https://localhost:8765/callback?")
        && errors.contains(&said.error.as_str())
        && said.sent("state").as_deref() == Some(STATE)
        && said.sent("iss").as_deref() == Some(party.issuer())
        && said.sent("code").is_none()
}

#[tokio::test]
async fn a_wrong_request_is_told_to_the_relying_party_with_state_and_issuer() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "basic-1");
    let mut wrong = Vec::new();
    for (source, refuses, changes, errors) in TOLD {
        let said = party.browse(&changed(&party, changes)).await;
        if !told_with_state_and_issuer(&said, &party, errors) {
            wrong.push(format!("{refuses} ({source}): {} {}", said.status, said.location));
        }
    }
    assert!(wrong.is_empty(), "not refused as they should be:\n{}", wrong.join("\n"));
    stand.stop().await;
}

#[tokio::test]
async fn who_asks_or_where_to_is_not_sure_so_nobody_is_sent_anywhere() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "basic-1");
    let mut wrong = Vec::new();
    for (source, refuses, changes) in PAGES {
        let said = party.browse(&changed(&party, changes)).await;
        if said.status != 400 || !said.location.is_empty() {
            wrong.push(format!("{refuses} ({source}): {} {}", said.status, said.location));
        }
    }
    let twice = changed(&party, &[]) + "&client_id=basic-2";
    let said = party.browse(&twice).await;
    if said.status != 400 || !said.location.is_empty() {
        wrong.push(format!("a client named twice: {} {}", said.status, said.location));
    }
    assert!(wrong.is_empty(), "not refused as they should be:\n{}", wrong.join("\n"));
    stand.stop().await;
}

/// `oidcc-ensure-post-request-succeeds`: the same table when the request is posted; 303, so that nothing is posted on.
#[tokio::test]
async fn a_posted_request_is_refused_and_taken_as_one_in_an_address() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "basic-1");
    let form = |changes: &[(&str, &str)]| {
        let mut all: Vec<_> = party
            .wishes()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        for (name, value) in changes {
            all.retain(|(known, _)| known != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        all
    };
    let right = party.submit("/authorize", &form(&[])).await;
    assert!(
        right.status == 303 && !right.location.starts_with(CALLBACK),
        "{right:?}"
    );
    let evil = party
        .submit("/authorize", &form(&[("redirect_uri", "https://evil.example.org/")]))
        .await;
    let evil = if evil.status == 303 {
        party.browse(&evil.location).await
    } else {
        evil
    };
    assert!(evil.status == 400 && evil.location.is_empty(), "{evil:?}");
    stand.stop().await;
}

/// `oidcc-max-age-1`, `oidcc-prompt-login`, `oidcc-prompt-none-logged-in`: a session that is too old, or not asked for, is no answer.
#[tokio::test]
async fn an_old_log_in_is_refused_where_a_young_one_is_asked_for() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "basic-1");
    let first = jwt::claims(party.tokens().await["id_token"].as_str().unwrap());
    stand.clock.advance(Duration::from_secs(2));
    let old = party
        .browse(&changed(&party, &[("prompt", "none"), ("max_age", "1")]))
        .await;
    assert!(told_with_state_and_issuer(&old, &party, &["login_required"]), "{old:?}");
    for wish in [("max_age", "1"), ("prompt", "login")] {
        let path = changed(&party, &[wish]);
        let page = party.follow(&path).await;
        assert!(
            page.body.contains("id=\"username\""),
            "{wish:?} asks for a log-in: {page:?}"
        );
        let code = party.answered(&path).await.sent("code").unwrap();
        let tokens = party.send(&party.redeeming(&code)).await.json();
        let again = jwt::claims(tokens["id_token"].as_str().unwrap());
        assert!(again["auth_time"].as_i64() > first["auth_time"].as_i64(), "{wish:?}");
        assert_eq!(again["sub"], first["sub"]);
        stand.clock.advance(Duration::from_secs(2));
    }
    let silent = party.browse(&changed(&party, &[("prompt", "none")])).await;
    assert!(
        silent.sent("code").is_some(),
        "who is logged in is not asked: {silent:?}"
    );
    stand.stop().await;
}

/// `oidcc-userinfo-get`, `-post-header`, `-post-body`, turned around: a token in an address, or in two places, is refused.
#[tokio::test]
async fn an_access_token_in_an_address_or_in_two_places_is_refused() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "basic-1");
    let tokens = party.tokens().await;
    let token = tokens["access_token"].as_str().unwrap();
    let mut address = party.asking_userinfo(token);
    address.path = format!("/userinfo?access_token={token}");
    let twice = party.send(&address).await;
    assert!(matches!(twice.status, 400 | 401), "{twice:?}");
    address.authorization = None;
    let said = party.send(&address).await;
    assert!(matches!(said.status, 400 | 401), "{said:?}");
    let mut body = party.asking_userinfo(token);
    body.method = reqwest::Method::POST;
    body.set("access_token", token);
    let said = party.send(&body).await;
    assert_eq!(
        (said.status, said.error.as_str()),
        (400, "invalid_request"),
        "in header and body"
    );
    body.authorization = None;
    assert_eq!(party.send(&body).await.status, 200, "in the body alone");
    let none = party
        .send(&super::attempt::Attempt::new(reqwest::Method::GET, "/userinfo"))
        .await;
    assert_eq!(none.status, 401);
    assert!(
        !none.challenge.is_empty() && !none.challenge.contains("error="),
        "RFC 6750 section 3.1: {none:?}"
    );
    stand.stop().await;
}

/// `oidcc-server-client-secret-post`: the secret of another client, or in two places, is none.
#[tokio::test]
async fn a_wrong_client_secret_is_refused() {
    let stand = Stand::start().await;
    let (party, other) = (Party::new(&stand, "basic-1"), Party::new(&stand, "basic-2"));
    let code = party.code().await;
    let secret = |party: &Party<'_>| party.client["client_secret"].as_str().unwrap().to_owned();
    let mut wrong = Vec::new();
    for (name, authorization) in [
        ("another client's", jwt::basic("basic-1", &secret(&other))),
        ("an empty one", jwt::basic("basic-1", "")),
        ("a truncated one", jwt::basic("basic-1", &secret(&party)[..40])),
        ("an unknown client's", jwt::basic("nobody", &secret(&party))),
        ("no Base64", "Basic ****".to_owned()),
        ("another scheme", format!("Bearer {}", secret(&party))),
    ] {
        let mut attempt = party.redeeming(&code);
        attempt.authorization = Some(authorization);
        let said = party.send(&attempt).await;
        if !refused(&said, &["invalid_client", "invalid_request"]) {
            wrong.push(format!("{name}: {said:?}"));
        }
    }
    let mut both = party.redeeming(&code);
    both.set("client_id", party.id());
    both.set("client_secret", &secret(&party));
    let said = party.send(&both).await;
    if !refused(&said, &["invalid_client", "invalid_request"]) {
        wrong.push(format!("in two places: {said:?}"));
    }
    assert!(wrong.is_empty(), "not refused:\n{}", wrong.join("\n"));
    assert_eq!(
        party.send(&party.redeeming(&code)).await.status,
        200,
        "the code is good still"
    );
    stand.stop().await;
}

/// CVE-2023-48228, CVE-2024-23647: a code of a request with PKCE is never given without its verifier.
#[tokio::test]
async fn a_code_without_its_verifier_is_refused_to_a_client_with_a_secret_as_well() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "basic-1");
    for verifier in ["", "x", CHALLENGE] {
        let mut attempt = party.redeeming(&party.code().await);
        attempt.set("code_verifier", verifier);
        let said = party.send(&attempt).await;
        assert!(refused(&said, GRANT), "{verifier}: {said:?}");
    }
    stand.stop().await;
}
