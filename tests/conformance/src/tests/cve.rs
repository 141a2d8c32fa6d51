//! What went wrong elsewhere, over HTTP: a test for each line of reference/idp.md section 4 that no row and no test of `idp` has.

use reqwest::Method;
use serde_json::json;

use super::attempt::Attempt;
use super::page;
use super::party::{Party, STATE, query};
use super::row::{GRANT, refused};
use super::stand::{CALLBACK, Stand};

fn called<'f>(form: &'f [(String, String)], name: &str) -> &'f str {
    form.iter()
        .find(|(known, _)| known == name)
        .map_or("", |(_, value)| value)
}

/// A request of this client about a token.
fn about(party: &Party<'_>, path: &str, token: &str) -> Attempt {
    let mut attempt = party.refreshing(token);
    attempt.path = path.to_owned();
    attempt.proofs.clear();
    for name in ["grant_type", "refresh_token"] {
        attempt.set(name, "");
    }
    attempt.set("token", token);
    attempt
}

/// CVE-2026-4282, CVE-2026-4325: Keycloak kept everything that is used once in one store, and took one kind for another.
#[tokio::test]
async fn what_is_good_once_for_one_purpose_is_refused_for_every_other() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "fapi2-1");
    let tokens = party.tokens().await;
    let text = |name: &str| tokens[name].as_str().unwrap();
    let (access, refresh) = (text("access_token"), text("refresh_token"));
    let pushed = party.pushed().await;
    let reference = pushed.rsplit(':').next().unwrap();
    for wrong in [reference, &pushed, access, refresh, text("id_token")] {
        let said = party.insist(party.redeeming(wrong)).await;
        assert!(refused(&said, GRANT), "as a code: {said:?}");
    }
    let code = party.code().await;
    for wrong in [reference, access, &code] {
        let said = party.insist(party.refreshing(wrong)).await;
        assert!(refused(&said, GRANT), "as a refresh token: {said:?}");
    }
    for wrong in [reference, refresh, &code, text("id_token")] {
        let said = party.insist(party.asking_userinfo(wrong)).await;
        assert_eq!(said.status, 401, "as an access token: {said:?}");
    }
    for wrong in [&code, access, refresh] {
        let path = party.authorize(&format!("urn:ietf:params:oauth:request_uri:{wrong}"));
        let said = party.browse(&path).await;
        assert!(
            said.status == 400 && said.location.is_empty(),
            "as a request_uri: {said:?}"
        );
    }
    // One identifier may be used once by an assertion and once by a proof: neither spends the other's.
    let mut both = party.redeeming(&code);
    both.proof().claims["jti"] = both.assertion().claims["jti"].clone();
    let said = party.send(&both).await;
    assert_eq!(said.status, 200, "nothing above spent the code: {said:?}");
    stand.stop().await;
}

/// CVE-2025-46815: Zitadel let a finished log-in be finished again.
#[tokio::test]
async fn an_interaction_that_was_answered_is_not_answered_again() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "basic-1");
    let mut asked = party.follow(&query("/authorize", &party.wishes())).await;
    let mut walked = Vec::new();
    while !asked.location.starts_with(CALLBACK) {
        let form = ["log-in", "decision-allow"]
            .iter()
            .find_map(|id| page::with_button(&asked.body, id));
        let mut form = form.unwrap_or_else(|| panic!("{asked:?}"));
        if form.action.starts_with("/login/form") {
            form.set("username", "besim");
            form.set("password", "besim-test");
        }
        asked = party.submit(&form.action, &form.fields).await;
        walked.push((form, asked.location.clone()));
        if !asked.location.starts_with(CALLBACK) {
            asked = party.follow(&asked.location).await;
        }
    }
    for (form, next) in walked {
        let again = party.submit(&form.action, &form.fields).await;
        assert!(again.sent("code").is_none(), "{}: {again:?}", form.action);
        if !next.starts_with(CALLBACK) {
            let resumed = party.browse(&next).await;
            assert!(resumed.sent("code").is_none(), "{next}: {resumed:?}");
        }
    }
    stand.stop().await;
}

/// The consent CSRF of ORY Hydra; CVE-2026-7507 from the other side.
#[tokio::test]
async fn a_form_of_another_browser_or_without_its_token_is_refused() {
    let stand = Stand::start().await;
    let (party, attacker) = (Party::new(&stand, "basic-1"), Party::new(&stand, "basic-1"));
    let own = party.follow(&query("/authorize", &party.wishes())).await;
    let theirs = attacker.follow(&query("/authorize", &attacker.wishes())).await;
    let (own, theirs) = (
        page::with_button(&own.body, "log-in").unwrap(),
        page::with_button(&theirs.body, "log-in").unwrap(),
    );
    assert_ne!(called(&own.fields, "csrf"), called(&theirs.fields, "csrf"));
    let log_in = |csrf: &str| {
        [("username", "besim"), ("password", "besim-test"), ("csrf", csrf)].map(|(n, v)| (n.to_owned(), v.to_owned()))
    };
    for (action, csrf) in [
        (&own.action, ""),
        (&own.action, called(&theirs.fields, "csrf")),
        (&theirs.action, called(&theirs.fields, "csrf")),
        (&theirs.action, called(&own.fields, "csrf")),
    ] {
        let said = party.submit(action, &log_in(csrf)).await;
        assert!(
            !said.location.starts_with("/authorize/resume"),
            "{action} {csrf}: {said:?}"
        );
    }
    let said = party.submit(&own.action, &log_in(called(&own.fields, "csrf"))).await;
    assert!(said.location.starts_with("/authorize/resume"), "its own: {said:?}");
    stand.stop().await;
}

/// CVE-2024-21637: authentik wrote what came with a request into the page that posts the answer.
#[tokio::test]
async fn a_state_with_a_script_in_it_is_no_script_in_the_posted_answer() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "basic-1");
    party.tokens().await;
    for state in [
        "\"><script>alert(1)</script>",
        "'onload='alert(1)",
        "javascript:alert(1)//",
    ] {
        let mut wishes = party.wishes().to_vec();
        wishes.retain(|(name, _)| *name != "state");
        wishes.extend([("state", state), ("response_mode", "form_post"), ("prompt", "none")]);
        let said = party.browse(&query("/authorize", &wishes)).await;
        assert_eq!(said.status, 200, "{said:?}");
        assert!(!said.body.contains("<script>alert"), "{}", said.body);
        let form = page::with_action(&said.body, CALLBACK).unwrap_or_else(|| panic!("{}", said.body));
        assert!(!called(&form.fields, "code").is_empty(), "{form:?}");
        assert_eq!(called(&form.fields, "state"), state, "whole, as a value");
    }
    for mode in ["fragment", "web_message", "javascript"] {
        let mut wishes = party.wishes().to_vec();
        wishes.push(("response_mode", mode));
        let said = party.browse(&query("/authorize", &wishes)).await;
        assert_eq!(
            (said.error.as_str(), said.sent("state").as_deref()),
            ("invalid_request", Some(STATE)),
            "{mode}"
        );
    }
    stand.stop().await;
}

/// CVE-2020-15223: fosite told of errors at revocation; RFC 7009 section 2.2: of none but the client's own. CVE-2021-32701: a
/// cache told of a revoked token as of a good one.
#[tokio::test]
async fn a_revoked_token_is_dead_at_once_and_nobody_else_revokes_it() {
    let stand = Stand::start().await;
    let (party, other) = (Party::new(&stand, "basic-1"), Party::new(&stand, "basic-2"));
    let tokens = party.tokens().await;
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(party.send(&about(&party, "/revoke", "unknown")).await.status, 200);
    let foreign = other.send(&about(&other, "/revoke", access)).await;
    assert!(foreign.status == 200 || refused(&foreign, &["invalid_grant", "invalid_request", "unauthorized_client"]));
    assert_eq!(
        party.send(&about(&party, "/introspect", access)).await.json()["active"],
        true
    );
    let foreign = other.send(&about(&other, "/introspect", access)).await.json();
    assert_eq!(
        foreign,
        json!({"active": false}),
        "not its own, and nothing more is said"
    );
    let mut alone = about(&party, "/introspect", access);
    alone.authorization = None;
    assert_eq!(party.send(&alone).await.status, 401, "without the client");
    assert_eq!(party.send(&about(&party, "/revoke", access)).await.status, 200);
    assert_eq!(
        party.send(&about(&party, "/introspect", access)).await.json(),
        json!({"active": false})
    );
    assert_eq!(party.send(&party.asking_userinfo(access)).await.status, 401);
    for path in ["/revoke", "/introspect", "/token"] {
        let mut get = Attempt::new(Method::GET, path);
        get.authorization = about(&party, path, access).authorization;
        assert_eq!(party.send(&get).await.status, 405, "{path}");
    }
    stand.stop().await;
}

/// CVE-2023-6787: in Keycloak a new log-in that was asked for and cancelled left the old session open to the request.
#[tokio::test]
async fn a_new_log_in_that_is_cancelled_gives_the_old_sessions_code_to_nobody() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "basic-1");
    party.tokens().await;
    let mut wishes = party.wishes().to_vec();
    wishes.push(("prompt", "login"));
    let asked = party.follow(&query("/authorize", &wishes)).await;
    let form = page::with_button(&asked.body, "cancel").unwrap_or_else(|| panic!("{asked:?}"));
    let interaction = form.action.split_once("i=").unwrap().1.split('&').next().unwrap();
    let early = party.browse(&format!("/authorize/resume?i={interaction}")).await;
    assert!(early.sent("code").is_none(), "not logged in anew: {early:?}");
    let said = party.submit(&form.action, &form.fields).await;
    assert_eq!(
        (said.error.as_str(), said.sent("code")),
        ("access_denied", None),
        "{said:?}"
    );
    let late = party.browse(&format!("/authorize/resume?i={interaction}")).await;
    assert!(late.sent("code").is_none(), "cancelled: {late:?}");
    stand.stop().await;
}
