//! The steps of the trip as a browser makes them: activate, log in, enrol for signing, upload, sign.

use crate::app::TestApp;
use crate::visitor::{Answer, Visitor};

/// Opens the activation address and makes the log-in passkey.
pub async fn activate(app: &TestApp, visitor: &mut Visitor, code: &str) {
    let page = visitor.get(format!("{}/activate/{code}", app.idp)).await.expect(200);
    visitor.passkey(&page).await.expect(200);
}

/// Opens `url` and does what the identity provider asks (log in, consent) until it leads to an address that begins with
/// `stop`, which is not opened, or to a page of somebody else.
pub async fn through_idp(app: &TestApp, visitor: &mut Visitor, url: &str, stop: &str) -> Answer {
    let mut answer = visitor.follow(url, stop).await;
    for _ in 0..4 {
        let page = answer.url.as_str().strip_prefix(app.idp.as_str()).unwrap_or_default();
        let next = if page.starts_with("/login") && answer.status == 200 {
            let done = visitor.passkey(&answer).await.expect(200).json();
            answer
                .url
                .join(done["next"].as_str().expect("a next address"))
                .expect("an address")
        } else if page.starts_with("/consent") && answer.status == 200 {
            let agreed = visitor
                .form(&answer, answer.url.as_str(), &[("decision", "allow")])
                .await
                .expect(303);
            match agreed.location.clone() {
                Some(next) if next.as_str().starts_with(stop) => return agreed,
                next => next.expect("a redirect"),
            }
        } else {
            return answer;
        };
        answer = visitor.follow(next, stop).await;
    }
    panic!("the identity provider asks for ever, now {}", answer.url)
}

/// Logs in at the signer.
pub async fn log_in_at_signer(app: &TestApp, visitor: &mut Visitor) -> Answer {
    let home = through_idp(app, visitor, &format!("{}/login", app.signer), "none:")
        .await
        .expect(200);
    assert!(home.url.as_str().starts_with(&app.signer), "ended at {}", home.url);
    home
}

/// Begins an enrolment and makes the signing passkey; answers the enrolment's page address.
pub async fn begin_enrolment(app: &TestApp, visitor: &mut Visitor) -> String {
    let page = visitor.get(format!("{}/enrol", app.signer)).await.expect(200);
    let begun = visitor
        .form(&page, "/enrol", &[])
        .await
        .expect(303)
        .location
        .expect("the enrolment")
        .to_string();
    let page = visitor.get(&begun).await.expect(200);
    visitor.passkey(&page).await.expect(200);
    begun
}

/// The whole enrolment with both officers; the person is logged in at the signer before and after.
pub async fn enrol(app: &mut TestApp, visitor: &mut Visitor) {
    let page = begin_enrolment(app, visitor).await;
    for officer in &mut app.officers {
        assert_eq!(officer.round().await.expect("the desk answers"), 1, "one voucher each");
    }
    let state = visitor.get(format!("{page}/status")).await.expect(200).json();
    assert_eq!(state["state"], "ready", "after both vouchers");
}

/// Uploads a PDF; answers its confirm page.
pub async fn upload(app: &TestApp, visitor: &Visitor, pdf: Vec<u8>) -> Answer {
    let home = visitor.get(format!("{}/", app.signer)).await.expect(200);
    let stored = visitor.upload(&home, "/documents", "vendim.pdf", pdf).await.expect(303);
    visitor.get(stored.location.expect("the document")).await.expect(200)
}

/// Makes the signing gesture on a confirm page and answers the signed PDF.
pub async fn sign(visitor: &mut Visitor, confirm: &Answer) -> Vec<u8> {
    visitor.passkey(confirm).await.expect(200);
    visitor
        .get(format!("{}/signed.pdf", confirm.url))
        .await
        .expect(200)
        .body
}

/// A citizen with an activated account, logged in at the signer.
pub async fn citizen(app: &TestApp) -> Visitor {
    let mut visitor = Visitor::new();
    let code = app.new_person().await;
    activate(app, &mut visitor, &code).await;
    log_in_at_signer(app, &mut visitor).await;
    visitor
}

/// A citizen who may sign.
pub async fn signatory(app: &mut TestApp) -> Visitor {
    let mut visitor = citizen(app).await;
    enrol(app, &mut visitor).await;
    visitor
}

/// The decision of a fictional municipality, three languages, from the fixtures.
pub fn decision() -> Vec<u8> {
    std::fs::read(crate::workspace::root().join("tests/fixtures/pdf/vendim.pdf"))
        .expect("tests/fixtures/pdf/vendim.pdf")
}
