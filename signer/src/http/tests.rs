//! Pages and addresses over the router: words in every language, forged and foreign requests, files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod away;

use std::sync::atomic::Ordering;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use signum_core::http::Frame;
use signum_core::{Id, i18n::Lang, params};
use tower::ServiceExt;

use crate::enrol;
use crate::pades::tests::fixture;
use crate::sign::{self, Document, Upload};
use crate::test_desk::{DESK_ORIGIN, Desk, ORIGIN};

struct Browser {
    cookie: String,
    lang: Lang,
}

impl Browser {
    async fn logged_in(desk: &Desk) -> Self {
        let now = desk.signer.cx.now();
        let secret = crate::session::begin(&desk.signer.cx, &desk.person, "x.y.z", now, None)
            .await
            .unwrap();
        Self {
            cookie: secret,
            lang: Lang::En,
        }
    }

    fn token(&self, desk: &Desk) -> String {
        desk.signer.csrf.token(&self.cookie)
    }

    async fn send(&self, desk: &Desk, mut request: Request<Body>) -> (Response<()>, Vec<u8>) {
        let cookies = format!("sid={}; lang={}", self.cookie, self.lang.tag());
        request.headers_mut().insert(header::COOKIE, cookies.parse().unwrap());
        let frame = Frame::new("signer", desk.signer.url.clone(), desk.signer.cx.random.clone());
        let router = frame.around(super::routes(desk.signer.clone()));
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, 1 << 24).await.unwrap().to_vec();
        (Response::from_parts(parts, ()), body)
    }

    async fn get(&self, desk: &Desk, path: &str) -> (Response<()>, Vec<u8>) {
        let request = Request::get(path)
            .header(header::ACCEPT, "text/html")
            .body(Body::empty());
        self.send(desk, request.unwrap()).await
    }

    async fn form(&self, desk: &Desk, path: &str, csrf: &str) -> (Response<()>, Vec<u8>) {
        let kind = "application/x-www-form-urlencoded";
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(format!("csrf={csrf}")));
        self.send(desk, request.unwrap()).await
    }

    async fn upload(&self, desk: &Desk, csrf: &str, file: &[u8]) -> (Response<()>, Vec<u8>) {
        let part = |head: &str, content: &[u8]| {
            let head = format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n");
            [head.as_bytes(), content, b"\r\n"].concat()
        };
        let body = [
            part("name=\"csrf\"", csrf.as_bytes()),
            part("name=\"file\"; filename=\"vendim.pdf\"", file),
            b"--b--\r\n".to_vec(),
        ];
        let request = Request::post("/documents")
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
            .body(Body::from(body.concat()));
        self.send(desk, request.unwrap()).await
    }

    /// Every language's page has its own words and none is missing.
    async fn expect_words(&mut self, desk: &Desk, path: &str) {
        let mut pages = Vec::new();
        for lang in Lang::ALL {
            self.lang = lang;
            let (response, body) = self.get(desk, path).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            let text = String::from_utf8(body).unwrap();
            assert!(text.contains(&format!("lang=\"{}\"", lang.tag())));
            assert!(!text.contains(">[") && !text.contains("\"["), "{path}: {text}");
            let heading = text
                .split("<h1>")
                .nth(1)
                .unwrap()
                .split("</h1>")
                .next()
                .unwrap()
                .to_owned();
            pages.push(heading);
        }
        pages.sort();
        pages.dedup();
        assert_eq!(pages.len(), 4, "{path}: {pages:?}");
        self.lang = Lang::En;
    }
}

async fn uploaded(desk: &Desk) -> Id<Document> {
    let upload = Upload {
        name: "vendim.pdf".to_owned(),
        bytes: fixture("three-pages.pdf"),
    };
    sign::upload(&desk.signer, &desk.person.reference, upload)
        .await
        .unwrap()
}

async fn signed(desk: &mut Desk, id: Id<Document>) {
    let options = sign::options(&desk.signer, id, &desk.person.reference).await.unwrap();
    let gesture = desk.authenticator.get(&options, ORIGIN).unwrap();
    sign::sign(&desk.signer, id, &desk.person.reference, &gesture)
        .await
        .unwrap();
}

#[tokio::test]
async fn every_page_of_enrolment_has_its_words_in_every_language() {
    let mut desk = Desk::new().await;
    let mut nobody = Browser {
        cookie: String::new(),
        lang: Lang::En,
    };
    nobody.expect_words(&desk, "/").await;
    let mut browser = Browser::logged_in(&desk).await;
    browser.expect_words(&desk, "/").await;
    browser.expect_words(&desk, "/enrol").await;
    let enrolment = enrol::begin(&desk.signer, &desk.person.reference).await.unwrap();
    let page = format!("/enrol/{}", enrolment.id);
    browser.expect_words(&desk, &page).await;
    desk.with_passkey().await;
    browser.expect_words(&desk, &page).await;
    for number in [0, 1] {
        desk.vouch(enrolment.id, number).await.unwrap();
    }
    browser.expect_words(&desk, &page).await;
    browser.expect_words(&desk, "/enrol/restart").await;
    desk.clock.advance(std::time::Duration::from_secs(300));
    browser.expect_words(&desk, "/enrol/restart").await;
    for (failure, words) in [
        ("voucher", "was not accepted"),
        ("away", "away for too long"),
        ("unreadable", "Code: "),
    ] {
        let set = "UPDATE enrolment SET state = 'failed', failure = $1";
        desk.tamper(set, signum_core::params![failure]).await;
        browser.expect_words(&desk, &page).await;
        let text = String::from_utf8(browser.get(&desk, &page).await.1).unwrap();
        assert!(text.contains(words) && text.contains(failure), "{failure}");
    }
}

#[tokio::test]
async fn a_person_starts_over_after_a_fresh_log_in_only() {
    let desk = Desk::enrolled().await;
    let browser = Browser::logged_in(&desk).await;
    let csrf = browser.token(&desk);
    let to = |response: &Response<()>| response.headers()[header::LOCATION].to_str().unwrap().to_owned();
    desk.clock.advance(std::time::Duration::from_secs(300));
    let (_, body) = browser.get(&desk, "/enrol/restart").await;
    assert!(String::from_utf8(body).unwrap().contains("/login?again=true"));
    let (response, _) = browser.form(&desk, "/enrol/restart", &csrf).await;
    assert_eq!(to(&response), "/enrol/restart", "the page that asks for the log-in");
    desk.certified().await;

    let browser = Browser::logged_in(&desk).await;
    let (response, _) = browser.form(&desk, "/enrol/restart", &browser.token(&desk)).await;
    assert_eq!(to(&response), "/enrol");
    assert!(desk.stage().await.is_none());
    let (response, _) = browser.get(&desk, "/enrol").await;
    assert_eq!(response.status(), StatusCode::OK, "and may begin");
}

/// The list that an officer's desk is given.
async fn officers_list(desk: &mut Desk) -> serde_json::Value {
    let options = crate::desk::options(&desk.signer, "officer-0").await.unwrap();
    let credential = desk.log_ins[0].get(&options, DESK_ORIGIN).unwrap();
    let token = crate::desk::log_in(&desk.signer, "officer-0", &credential)
        .await
        .unwrap();
    let request = Request::get("/desk/enrolments")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty());
    let nobody = Browser {
        cookie: String::new(),
        lang: Lang::En,
    };
    let (response, body) = nobody.send(desk, request.unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn citizen_and_officer_see_the_same_code_until_somebody_puts_another_passkey_into_the_database() {
    let mut desk = Desk::new().await;
    let mut citizen = Browser::logged_in(&desk).await;
    let enrolment = enrol::begin(&desk.signer, &desk.person.reference).await.unwrap();
    let page = format!("/enrol/{}", enrolment.id);
    let options = enrol::options(&desk.signer, enrolment.id, &desk.person).await.unwrap();
    let credential = desk.authenticator.create(&options, ORIGIN).unwrap();
    let request = Request::post(format!("{page}/authenticator"))
        .header(header::CONTENT_TYPE, "application/json")
        .header("X-CSRF-Token", citizen.token(&desk))
        .body(Body::from(credential.to_string()));
    let (response, _) = citizen.send(&desk, request.unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
    let kept = response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    let elsewhere = citizen.get(&desk, &page).await.1;

    let sid = citizen.cookie.clone();
    citizen.cookie = format!("{sid}; {}", kept.split(';').next().unwrap());
    let here = String::from_utf8(citizen.get(&desk, &page).await.1).unwrap();
    let code = officers_list(&mut desk).await[0]["fingerprint"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(here.contains(&code), "{here}");
    assert!(
        !String::from_utf8(elsewhere).unwrap().contains(&code),
        "only the browser that made the passkey knows its code"
    );

    let mut other = desk.authenticator.clone();
    let other = other.create(&options, ORIGIN).unwrap();
    let other = signum_gesture::Registration::from_json(&other).unwrap();
    let challenge = options["publicKey"]["challenge"].as_str().unwrap();
    let challenge = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, challenge).unwrap();
    let other = signum_gesture::registration::verify(&other, &desk.signer.rp, &challenge).unwrap();
    let text = serde_json::to_string(&other).unwrap();
    desk.tamper("UPDATE enrolment SET authenticator = $1", params![text])
        .await;
    let swapped = officers_list(&mut desk).await[0]["fingerprint"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_ne!(swapped, code);
    let here = String::from_utf8(citizen.get(&desk, &page).await.1).unwrap();
    assert!(here.contains(&code) && !here.contains(&swapped), "{here}");
}

#[tokio::test]
async fn an_officer_is_given_all_that_the_voucher_is_over() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let mut desk = Desk::new().await;
    desk.with_passkey().await;
    let one = officers_list(&mut desk).await[0].clone();
    let text = |pointer: &str| one.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let base64url = |pointer: &str| URL_SAFE_NO_PAD.decode(text(pointer)).unwrap();
    let enrolment = enrol::of_person(&desk.signer.cx, &desk.person.reference)
        .await
        .unwrap()
        .unwrap();
    let enrol::Stage::AuthenticatorRegistered(material, authenticator) = enrolment.stage else {
        panic!("not yet with the officers")
    };
    assert_eq!(
        text("/pkcs10_sha256"),
        hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&material.pkcs10))
    );
    let shown = signum_gesture::Authenticator {
        credential_id: base64url("/authenticator/credential_id"),
        cose_key: base64url("/authenticator/cose_key"),
        aaguid: hex::decode(text("/authenticator/aaguid")).unwrap().try_into().unwrap(),
        backup_eligible: one["authenticator"]["backup_eligible"].as_bool().unwrap(),
        counter: one["authenticator"]["counter"].as_u64().unwrap().try_into().unwrap(),
    };
    assert_eq!(shown, authenticator);
    let number = format!("PNO{}-{}", text("/country"), text("/personal_number"));
    let challenge = signum_activation::voucher::voucher_challenge(
        &signum_activation::commitment::person_reference(&number),
        &shown,
        &hex::decode(text("/credential")).unwrap().try_into().unwrap(),
        &material.pkcs10,
    );
    assert_eq!(base64url("/options/publicKey/challenge"), challenge);
}

#[tokio::test]
async fn every_page_of_signing_has_its_words_in_every_language() {
    let mut desk = Desk::enrolled().await;
    let mut browser = Browser::logged_in(&desk).await;
    browser.expect_words(&desk, "/").await;
    let id = uploaded(&desk).await;
    let (_, body) = browser.get(&desk, &format!("/documents/{id}")).await;
    let text = String::from_utf8(body).unwrap();
    for shown in ["vendim.pdf", "3 pages", "Testa Shembulli", "passkey."] {
        assert!(text.contains(shown), "{shown}");
    }
    browser.expect_words(&desk, &format!("/documents/{id}")).await;
    desk.neighbours.tsa_away.store(true, Ordering::SeqCst);
    signed(&mut desk, id).await;
    browser.expect_words(&desk, &format!("/documents/{id}/done")).await;
    desk.neighbours.tsa_away.store(false, Ordering::SeqCst);
    let other = uploaded(&desk).await;
    signed(&mut desk, other).await;
    browser.expect_words(&desk, &format!("/documents/{other}/done")).await;
    browser.expect_words(&desk, "/").await;
    desk.tamper(
        "UPDATE document SET state = 'failed', failure = 'x' WHERE state = 'done'",
        vec![],
    )
    .await;
    browser.expect_words(&desk, &format!("/documents/{other}/done")).await;
}

#[tokio::test]
async fn a_refused_pdf_is_told_on_a_page_with_what_to_do() {
    let desk = Desk::enrolled().await;
    let browser = Browser::logged_in(&desk).await;
    for (file, words) in [
        ("encrypted.pdf", "protected"),
        ("xfa.pdf", "dynamic form"),
        ("certified-p1.pdf", "locked"),
    ] {
        let (response, body) = browser.upload(&desk, &browser.token(&desk), &fixture(file)).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(String::from_utf8(body).unwrap().contains(words), "{file}");
    }
    let (response, _) = browser.upload(&desk, &browser.token(&desk), b"").await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_document_is_uploaded_signed_and_fetched_by_its_signer_alone() {
    let mut desk = Desk::enrolled().await;
    let browser = Browser::logged_in(&desk).await;
    let (response, _) = browser
        .upload(&desk, &browser.token(&desk), &fixture("plain.pdf"))
        .await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let page = response.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let id = Id::parse(page.trim_start_matches("/documents/")).unwrap();
    signed(&mut desk, id).await;
    let (response, body) = browser.get(&desk, &format!("{page}/signed.pdf")).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/pdf");
    assert!(
        response.headers()[header::CONTENT_DISPOSITION]
            .to_str()
            .unwrap()
            .contains("vendim-signed.pdf")
    );
    assert!(body.starts_with(&fixture("plain.pdf")));

    let name = signum_core::contract::PersonName {
        personal_number: "9".to_owned(),
        ..desk.person.name.clone()
    };
    desk.person = crate::person::Person::new("XK", name);
    let other = Browser::logged_in(&desk).await;
    for path in ["", "/done", "/status", "/signed.pdf", "/evidence.json"] {
        let (response, _) = other.get(&desk, &format!("{page}{path}")).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn requests_that_are_not_from_our_page_change_nothing() {
    let desk = Desk::enrolled().await;
    let browser = Browser::logged_in(&desk).await;
    for path in ["/enrol", "/enrol/restart", "/logout"] {
        assert_eq!(
            browser.form(&desk, path, "00").await.0.status(),
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    let (response, _) = browser.upload(&desk, "", &fixture("plain.pdf")).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let id = uploaded(&desk).await;
    for path in ["options", "sign"] {
        let request = Request::post(format!("/documents/{id}/{path}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from("{}"));
        let (response, body) = browser.send(&desk, request.unwrap()).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
        assert!(String::from_utf8(body).unwrap().contains("urn:signum:problem:"));
    }
}

#[tokio::test]
async fn nobody_who_is_not_logged_in_gets_anything() {
    let desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    let nobody = Browser {
        cookie: "x".repeat(43),
        lang: Lang::En,
    };
    for path in [
        "/enrol".to_owned(),
        format!("/documents/{id}"),
        format!("/documents/{id}/done"),
    ] {
        let (response, _) = nobody.get(&desk, &path).await;
        assert_eq!(response.headers()[header::LOCATION], "/login", "{path}");
    }
    for path in ["status", "signed.pdf", "evidence.json"] {
        let (response, _) = nobody.get(&desk, &format!("/documents/{id}/{path}")).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(
        nobody.get(&desk, "/desk/enrolments").await.0.status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_callback_that_was_not_begun_here_logs_nobody_in() {
    let desk = Desk::new().await;
    let nobody = Browser {
        cookie: String::new(),
        lang: Lang::En,
    };
    for query in ["", "?code=x", "?code=x&state=y", "?error=access_denied&state=y"] {
        let (response, _) = nobody.get(&desk, &format!("/callback{query}")).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
        assert!(!response.headers().contains_key(header::SET_COOKIE));
    }
}

#[tokio::test]
async fn a_session_ends_by_idleness_and_by_logout() {
    let desk = Desk::new().await;
    let browser = Browser::logged_in(&desk).await;
    for _ in 0..3 {
        desk.clock.advance(std::time::Duration::from_secs(14 * 60));
        let (_, body) = browser.get(&desk, "/").await;
        assert!(String::from_utf8(body).unwrap().contains("Testa"), "use keeps it alive");
    }
    desk.clock.advance(std::time::Duration::from_secs(16 * 60));
    assert!(
        !String::from_utf8(browser.get(&desk, "/").await.1)
            .unwrap()
            .contains("Testa")
    );

    let browser = Browser::logged_in(&desk).await;
    let (response, _) = browser.form(&desk, "/logout", &browser.token(&desk)).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert!(
        !String::from_utf8(browser.get(&desk, "/").await.1)
            .unwrap()
            .contains("Testa")
    );
}
