//! Pushed requests, answered once at the authorization endpoint, and request objects, taken once at `/par`.

use reqwest::Method;
use serde_json::Value as Json;
use signum_tests::relying_party::Request;
use url::Url;

use super::field::{ASSERTER, Field, JWT_BEARER, RUNNER, Tally, one_winner, same, together};
use super::{WIDTH, rounds};

/// The parameters of a correct request.
fn parameters(request: &Request) -> Vec<(String, String)> {
    let url = Url::parse(&request.url).expect("an address");
    url.query_pairs().into_owned().collect()
}

/// RFC 9126 section 7.3: a reference is for one answer. The person is logged in and has agreed, so each visit would be answered
/// with a code at once.
pub async fn request_uris(field: &Field) {
    let mut tally = Tally::of("request_uris");
    let codes = "SELECT COUNT(*) AS n FROM auth_code WHERE client_id = $1";
    for _ in 0..rounds() {
        let request = Request::of(field.issuer(), RUNNER, &field.redirect_uri);
        let parameters = parameters(&request);
        let fields: Vec<_> = parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let pushed = field.runner_at("/par", &fields).send().await.expect("an answer");
        let pushed: Json = pushed.json().await.expect("JSON");
        let reference = pushed["request_uri"].as_str().expect("a reference");
        let query = [("client_id", RUNNER), ("request_uri", reference)];
        let url = Url::parse_with_params(&format!("{}/authorize", field.issuer()), query).expect("an address");
        let before = field.count(codes, RUNNER).await;
        let told = {
            let visitor = field.visitor.lock().await;
            together(same(|| visitor.request(Method::GET, url.as_str()))).await
        };
        tally.count(&told);
        // A page, for there is nobody to send an error to.
        one_winner(&told, 303, (400, ""));
        assert_eq!(field.count(codes, RUNNER).await, before + 1);
    }
}

/// RFC 9101 section 10.8 with the `jti` of FAPI 2.0 Message Signing: the same object is not taken twice, whoever hands it over.
pub async fn request_objects(field: &Field) {
    let mut tally = Tally::of("request objects");
    for _ in 0..rounds() {
        let request = Request::of(field.issuer(), ASSERTER, &field.redirect_uri);
        let parameters = parameters(&request);
        let fields: Vec<_> = parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let object = field.key.request_object(ASSERTER, field.issuer(), &fields);
        let requests = (0..WIDTH).map(|_| {
            let assertion = field.key.assertion(ASSERTER, field.issuer());
            field
                .post("/par")
                .form(&[JWT_BEARER, ("client_assertion", &assertion), ("request", &object)])
        });
        let told = together(requests.collect()).await;
        tally.count(&told);
        one_winner(&told, 201, (400, "invalid_request_object"));
    }
}
