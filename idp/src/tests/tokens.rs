//! The whole trip, and what the tokens say (OpenID Connect Core sections 2 and 5.3).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use serde_json::{Value, json};

use super::world::{AFTER_LOGOUT, ISSUER, OTHER_CALLBACK, SECRET, World, add_person, authorize_query};

/// What an ID token says.
pub fn claims(id_token: &str) -> Value {
    serde_json::from_slice(&B64.decode(id_token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_person_activates_logs_in_consents_and_the_service_gets_true_tokens() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let back = browser.sign_in(&authorize_query(&[])).await;
    assert_eq!(back.status, 303);
    assert_eq!(back.redirected("state").as_deref(), Some("state-0123456789"));
    assert_eq!(back.redirected("iss").as_deref(), Some(ISSUER));
    let reply = browser.redeem(&back.redirected("code").unwrap()).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.headers["cache-control"], "no-store");
    let tokens = reply.json();
    assert_eq!(tokens["token_type"], "Bearer");
    let claims = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["aud"], "demo-rp");
    assert_eq!(claims["nonce"], "nonce-0123456789");
    assert_eq!(claims["acr"], "substantial");
    assert_eq!(claims["amr"], json!(["pop", "user", "mfa"]));
    assert_eq!(claims["auth_time"], 1_790_000_000);
    assert_eq!(claims["exp"], 1_790_000_300);
    let said: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    let about_the_log_in = [
        "acr",
        "amr",
        "at_hash",
        "aud",
        "auth_time",
        "exp",
        "iat",
        "iss",
        "jti",
        "nonce",
        "sid",
        "sub",
    ];
    assert_eq!(
        said, about_the_log_in,
        "an ID token travels as id_token_hint: nothing of the person may be in it"
    );
    let userinfo = browser.userinfo(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(userinfo.status, 200);
    assert_eq!(userinfo.json()["sub"], claims["sub"]);
    assert_eq!(userinfo.json()["name"], "Testa Shembulli");
    assert_eq!(userinfo.json()["birthdate"], "1990-02-28");
    assert!(userinfo.json().get("personal_number").is_none());
    for kind in [
        "login.succeeded",
        "consent.given",
        "code.issued",
        "code.redeemed",
        "userinfo.released",
    ] {
        let (count, detail) = world.audit(kind).await;
        assert_eq!(count, 1, "{kind}");
        assert!(
            !detail.contains("Testa") && !detail.contains("1234567892"),
            "{kind}: {detail}"
        );
    }
}

#[tokio::test]
async fn the_id_token_verifies_under_the_published_keys_alone() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let code = browser.sign_in(&authorize_query(&[])).await.redirected("code").unwrap();
    let token = browser.redeem(&code).await.json()["id_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let jwks = browser.get("/jwks").await.json();
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 1);
    let key = &jwks["keys"][0];
    assert!(key.get("d").is_none());
    let header: Value = serde_json::from_slice(&B64.decode(token.split('.').next().unwrap()).unwrap()).unwrap();
    assert_eq!(header["kid"], key["kid"]);
    assert_eq!(header["alg"], "ES256");
    // An outside library agrees.
    let coordinate =
        |name: &str| openssl::bn::BigNum::from_slice(&B64.decode(key[name].as_str().unwrap()).unwrap()).unwrap();
    let group = openssl::ec::EcGroup::from_curve_name(openssl::nid::Nid::X9_62_PRIME256V1).unwrap();
    let public =
        openssl::ec::EcKey::from_public_key_affine_coordinates(&group, &coordinate("x"), &coordinate("y")).unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = signum_hsm_shim::key::ecdsa_der(&B64.decode(signature).unwrap()).unwrap();
    let public = openssl::pkey::PKey::from_ec_key(public).unwrap();
    let mut verifier = openssl::sign::Verifier::new(openssl::hash::MessageDigest::sha256(), &public).unwrap();
    assert!(verifier.verify_oneshot(&signature, input.as_bytes()).unwrap());
}

#[tokio::test]
async fn two_services_know_a_person_under_different_subjects_and_one_under_the_same() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let first = browser.sign_in(&authorize_query(&[])).await.redirected("code").unwrap();
    let first = claims(browser.redeem(&first).await.json()["id_token"].as_str().unwrap());
    // The session is known: no log-in, no consent.
    let again = browser
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .redirected("code")
        .unwrap();
    let again = claims(browser.redeem(&again).await.json()["id_token"].as_str().unwrap());
    assert_eq!(first["sub"], again["sub"]);
    assert_eq!(first["sid"], again["sid"]);
    let other = authorize_query(&[
        ("client_id", "signer"),
        ("redirect_uri", OTHER_CALLBACK),
        ("scope", "openid personal_number"),
    ]);
    let consent = browser.get(&format!("/authorize?{other}")).await.location();
    let csrf = browser.get(&consent).await.csrf();
    let code = browser
        .post_form(&consent, &[("csrf", &csrf), ("decision", "allow")])
        .await
        .redirected("code")
        .unwrap();
    let changes = [("code", code.as_str()), ("redirect_uri", OTHER_CALLBACK)];
    let reply = browser.redeem_as("signer", SECRET, &changes).await;
    let third = claims(reply.json()["id_token"].as_str().unwrap());
    let userinfo = browser.userinfo(reply.json()["access_token"].as_str().unwrap()).await;
    assert_ne!(first["sub"], third["sub"]);
    assert_ne!(first["sid"], third["sid"]);
    assert!(third.get("personal_number").is_none());
    let expected = json!({"sub": third["sub"], "personal_number": "1234567892"});
    assert_eq!(userinfo.json(), expected);
}

#[tokio::test]
async fn an_access_token_ends_with_its_time_its_session_and_is_not_taken_from_the_query() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let code = browser.sign_in(&authorize_query(&[])).await.redirected("code").unwrap();
    let token = browser.redeem(&code).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        browser.get(&format!("/userinfo?access_token={token}")).await.status,
        400
    );
    let posted = browser.post_form("/userinfo", &[("access_token", &token)]).await;
    assert_eq!(posted.status, 200, "{}", posted.body);
    let none = browser.get("/userinfo").await;
    assert_eq!(none.status, 401);
    assert_eq!(none.headers["www-authenticate"], "Bearer realm=\"userinfo\"");
    world.advance(301);
    let late = browser.userinfo(&token).await;
    assert_eq!(late.status, 401);
    assert!(
        late.headers["www-authenticate"]
            .to_str()
            .unwrap()
            .contains("invalid_token")
    );
}

#[tokio::test]
async fn logging_out_ends_the_access_token() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let code = browser.sign_in(&authorize_query(&[])).await.redirected("code").unwrap();
    let tokens = browser.redeem(&code).await.json();
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    let hint = tokens["id_token"].as_str().unwrap();
    let query = super::world::encode(&[("id_token_hint", hint), ("post_logout_redirect_uri", AFTER_LOGOUT)]);
    assert_eq!(browser.get(&format!("/logout?{query}")).await.location(), AFTER_LOGOUT);
    assert_eq!(browser.userinfo(&token).await.status, 401);
}

#[tokio::test]
async fn discovery_offers_only_what_works_and_is_revalidated_by_its_tag() {
    let world = World::new().await;
    let mut browser = world.browser();
    let reply = browser.get("/.well-known/openid-configuration").await;
    assert_eq!(reply.status, 200);
    let metadata = reply.json();
    assert_eq!(metadata["issuer"], ISSUER);
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    assert_eq!(metadata["acr_values_supported"], json!(["low", "substantial"]));
    let request = http::Request::get("/.well-known/openid-configuration")
        .header("if-none-match", &reply.headers["etag"])
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(browser.send(request).await.status, 304);
}

#[tokio::test]
async fn a_code_without_a_live_session_behind_it_is_worth_nothing() {
    let world = World::new().await;
    let mut browser = world.enrolled().await;
    let code = browser.sign_in(&authorize_query(&[])).await.redirected("code").unwrap();
    let page = browser.get("/").await;
    let csrf = page.csrf();
    assert_eq!(
        browser.post_form("/logout/confirm", &[("csrf", &csrf)]).await.status,
        303
    );
    assert_eq!(browser.redeem(&code).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn people_with_odd_names_or_numbers_are_judged_before_they_are_stored() {
    let world = World::new().await;
    let second = add_person(&world.service, "Ëngjëll", "1234567893").await;
    assert_ne!(second.id, world.person.id);
    let new = |number: &str, birthdate: &str| crate::people::NewPerson {
        given_name: "X".into(),
        family_name: "Y".into(),
        personal_number: number.into(),
        birthdate: birthdate.into(),
    };
    for (number, birthdate) in [
        ("123", "1990-01-01"),
        ("12345678901", "1990-01-01"),
        ("1234567899", "1990-02-30"),
    ] {
        assert!(world.people().add(new(number, birthdate)).await.is_err());
    }
    let twice = world.people().add(new("1234567892", "1990-01-01")).await;
    assert!(matches!(twice, Err(crate::people::PeopleError::AlreadyThere)));
}

#[tokio::test]
async fn a_passkey_that_may_be_copied_is_called_a_software_key() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.authenticator.behaviour.backup_eligible = true;
    let code = crate::people::activation_code(&world.cx, world.person.id)
        .await
        .unwrap();
    assert_eq!(browser.activate(&code).await.status, 200);
    let code = browser.sign_in(&authorize_query(&[])).await.redirected("code").unwrap();
    let claims = claims(browser.redeem(&code).await.json()["id_token"].as_str().unwrap());
    assert_eq!(claims["amr"], json!(["swk", "user", "mfa"]));
}
