//! Codes, refresh tokens, DPoP proofs and client assertions, each raced for at the token endpoint.

use std::collections::BTreeSet;

use super::field::{ASSERTER, Field, JWT_BEARER, RUNNER, Tally, one_winner, same, together};
use super::{WIDTH, rounds};

/// RFC 6749 section 4.1.2: what came with the code is taken back when it is shown again, so nothing is left of the grant.
pub async fn codes(field: &Field) {
    let mut tally = Tally::of("codes");
    for _ in 0..rounds() {
        let (code, verifier) = field.code().await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &field.redirect_uri),
            ("code_verifier", &verifier),
        ];
        let told = together(same(|| field.as_runner(&fields))).await;
        tally.count(&told);
        one_winner(&told, 200, (400, "invalid_grant"));
    }
    let issued = "SELECT COUNT(*) AS n FROM access_token WHERE client_id = $1";
    let left = "SELECT COUNT(*) AS n FROM access_token WHERE client_id = $1 AND revoked_at IS NULL";
    assert_eq!(field.count(issued, RUNNER).await, rounds());
    assert_eq!(field.count(left, RUNNER).await, 0, "each code was shown again");
    assert_eq!(field.audited("code.redeemed").await, rounds());
    assert_eq!(field.audited("code.reuse_refused").await, rounds() * (WIDTH - 1));
}

/// One rotation. Who shows the replaced token within ten seconds, while its successor is unused, is told the very same answer;
/// whoever comes later is refused and ends the family. So there is never a second successor.
pub async fn refresh_tokens(field: &Field) {
    let mut tally = Tally::of("refresh tokens");
    let tokens = "SELECT COUNT(*) AS n FROM refresh_token WHERE client_id = $1";
    let access = "SELECT COUNT(*) AS n FROM access_token WHERE client_id = $1";
    for _ in 0..rounds() {
        let first = redeemed(field).await;
        let before = (field.count(tokens, RUNNER).await, field.count(access, RUNNER).await);
        let fields = [("grant_type", "refresh_token"), ("refresh_token", first.as_str())];
        let told = together(same(|| field.as_runner(&fields))).await;
        tally.count(&told);
        let mut answers = BTreeSet::new();
        for told in &told {
            match told.status {
                200 => drop(answers.insert(told.body.to_string())),
                _ => assert_eq!(told.error(), (400, "invalid_grant")),
            }
        }
        assert_eq!(answers.len(), 1, "one answer for all: {told:?}");
        let after = (field.count(tokens, RUNNER).await, field.count(access, RUNNER).await);
        assert_eq!(after, (before.0 + 1, before.1 + 1), "one successor, one access token");
    }
    assert_eq!(field.audited("refresh.done").await, rounds());
}

/// A refresh token of a grant of its own.
async fn redeemed(field: &Field) -> String {
    let (code, verifier) = field.code().await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &field.redirect_uri),
        ("code_verifier", &verifier),
    ];
    let response = field.as_runner(&fields).send().await.expect("an answer");
    let tokens: serde_json::Value = response.json().await.expect("JSON");
    tokens["refresh_token"].as_str().expect("a refresh token").to_owned()
}

const CREDENTIALS: (&str, &str) = ("grant_type", "client_credentials");

/// RFC 9449 section 11.1.
pub async fn proofs(field: &Field) {
    let mut tally = Tally::of("DPoP proofs");
    let htu = format!("{}/token", field.issuer());
    for _ in 0..rounds() {
        let told = field
            .as_runner(&[CREDENTIALS])
            .header("dpop", field.key.proof(&htu, None));
        let told = told.send().await.expect("an answer");
        let nonce = told.headers()["dpop-nonce"].to_str().expect("a nonce").to_owned();
        let proof = field.key.proof(&htu, Some(&nonce));
        let told = together(same(|| field.as_runner(&[CREDENTIALS]).header("dpop", &proof))).await;
        tally.count(&told);
        one_winner(&told, 200, (400, "invalid_dpop_proof"));
    }
}

/// RFC 7523 section 3.
pub async fn assertions(field: &Field) {
    let mut tally = Tally::of("client assertions");
    for _ in 0..rounds() {
        let assertion = field.key.assertion(ASSERTER, field.issuer());
        let fields = [CREDENTIALS, JWT_BEARER, ("client_assertion", &assertion)];
        let told = together(same(|| field.post("/token").form(&fields))).await;
        tally.count(&told);
        one_winner(&told, 200, (401, "invalid_client"));
    }
}
