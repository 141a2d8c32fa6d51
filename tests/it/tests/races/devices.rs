//! Device codes whose person has agreed, raced for at the token endpoint (RFC 8628 section 3.5).

use serde_json::Value as Json;

use super::field::{Field, Tally, one_winner, same, together};
use super::rounds;

const GRANT: (&str, &str) = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");

pub async fn device_codes(field: &Field) {
    let mut tally = Tally::of("device codes");
    for _ in 0..rounds() {
        let code = granted(field).await;
        let fields = [GRANT, ("device_code", &code)];
        let told = together(same(|| field.as_runner(&fields))).await;
        tally.count(&told);
        one_winner(&told, 200, (400, "invalid_grant"));
    }
    assert_eq!(field.audited("device.redeemed").await, rounds());
}

/// A device code that the person has agreed to.
async fn granted(field: &Field) -> String {
    let begun = field.runner_at("/device_authorization", &[("scope", "openid profile")]);
    let codes: Json = begun.send().await.expect("an answer").json().await.expect("JSON");
    let visitor = field.visitor.lock().await;
    let page = visitor.get(format!("{}/device", field.issuer())).await.expect(200);
    let code = codes["user_code"].as_str().expect("a user code");
    visitor.form(&page, "/device", &[("user_code", code)]).await.expect(303);
    let page = visitor
        .get(format!("{}/device/confirm", field.issuer()))
        .await
        .expect(200);
    let allow = [("decision", "allow")];
    let consent = visitor.form(&page, "/device/confirm", &allow).await.expect(303);
    let consent = visitor
        .get(consent.location.expect("the consent page"))
        .await
        .expect(200);
    let back = visitor.form(&consent, consent.url.as_str(), &allow).await.expect(303);
    let end = visitor.get(back.location.expect("our own page")).await.expect(303);
    assert!(end.location.expect("a page").path().ends_with("/device/granted"));
    codes["device_code"].as_str().expect("a device code").to_owned()
}
