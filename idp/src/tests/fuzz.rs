//! Everything of the provider that reads text from strangers, under changed messages: authorization requests, pushed too,
//! token requests, assertions, DPoP proofs, cookies. No panic, no answer of 500 and above, no hang, no flood of memory.
//!
//! `SIGNUM_FUZZ_SECONDS` (6 here), `SIGNUM_FUZZ_SEED`, `SIGNUM_FUZZ_TARGET` and `SIGNUM_FUZZ_FINDINGS` as in tests/fuzz.

use std::path::PathBuf;
use std::time::Duration;

use axum::body::Body;
use http::{HeaderValue, Request, header};
use serde_json::json;
use signum_fuzz::{Take, Target, Verdict, Words, run_on};

use super::agency::Agency;
use super::browser::Browser;
use super::relying_party::RelyingParty;
use super::world::{World, authorize_query};
use crate::clients::Profile;
use crate::jose::{self, Algorithm, Expected, JwkSet, Typ};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

/// Sends from within a synchronous target.
fn answered(browser: &Browser, request: Result<Request<Body>, http::Error>) -> Verdict {
    // Not even a request: nobody reads it.
    let Ok(request) = request else { return Ok(()) };
    let mut browser = browser.clone();
    let reply = tokio::runtime::Handle::current().block_on(browser.send(request));
    match reply.status {
        status if status < 500 => Ok(()),
        status => Err(format!("status {status}: {}", reply.body)),
    }
}

fn printable(input: &[u8]) -> String {
    let allowed = |octet: &u8| octet.is_ascii_graphic();
    String::from_utf8_lossy(&input.iter().copied().filter(allowed).collect::<Vec<u8>>()).into_owned()
}

async fn targets(world: &World) -> Vec<Target<'static>> {
    let mut rp = RelyingParty::register(world, |_| {}).await;
    rp.client_credentials().await;
    let (assertion, proof) = (rp.assertion(&json!({})), rp.proof("POST", "/token", None, &json!({})));
    let keys = JwkSet::parse(&rp.key.jwks()).unwrap();
    let stranger = world.browser();
    let person = world.logged_in().await;
    let cookies: Vec<_> = person
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let token_body = format!(
        "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={assertion}"
    );
    let basic = "grant_type=authorization_code&code=abc&redirect_uri=https%3A%2F%2Frp.example.org%2Fcb&code_verifier=dBjftJeZ4CVP";
    let form = |path: &'static str, browser: Browser| -> Take<'static> {
        Box::new(move |input: &[u8]| {
            let request = Request::post(path)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(input.to_vec()));
            answered(&browser, request)
        })
    };
    let target = |name: &'static str, seeds: Vec<String>, take: Take<'static>| Target {
        name,
        seeds: seeds.into_iter().map(String::into_bytes).collect(),
        take,
    };
    let query = authorize_query(&[]);
    let agency = Agency::new(world, "a-stranger", Profile::Fapi2Ms).await;
    let pushed = format!(
        "client_id=a-stranger&request={}&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
         &client_assertion={}&claims=%7B%22id_token%22%3A%7B%22acr%22%3Anull%7D%7D",
        agency.object(world, &[]),
        agency.assertion(world)
    );
    let in_query = stranger.clone();
    let (of_person, with_proof) = (stranger.clone(), stranger.clone());
    let (for_header, form_of_proof) = (proof.clone(), token_body.clone());
    vec![
        target(
            "authorize",
            vec![query.clone(), authorize_query(&[("prompt", "none"), ("max_age", "1")])],
            {
                Box::new(move |input| {
                    let request = Request::get(format!("/authorize?{}", printable(input))).body(Body::empty());
                    answered(&in_query, request)
                })
            },
        ),
        target("authorize-post", vec![query], form("/authorize", stranger.clone())),
        target(
            "token",
            vec![token_body.clone(), basic.to_owned()],
            form("/token", stranger.clone()),
        ),
        target("par", vec![pushed], form("/par", stranger.clone())),
        target(
            "introspect",
            vec![format!("{token_body}&token=abc")],
            form("/introspect", stranger.clone()),
        ),
        target(
            "logout",
            vec![format!("id_token_hint={assertion}&state=abcdefgh")],
            form("/logout", stranger),
        ),
        target("dpop", vec![for_header], {
            Box::new(move |input| {
                let Ok(value) = HeaderValue::from_bytes(input) else {
                    return Ok(());
                };
                let request = Request::post("/token")
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .header("dpop", value)
                    .body(Body::from(form_of_proof.clone()));
                answered(&with_proof, request)
            })
        }),
        target("cookies", vec![cookies.join("; ")], {
            Box::new(move |input| {
                let Ok(value) = HeaderValue::from_bytes(input) else {
                    return Ok(());
                };
                answered(
                    &of_person,
                    Request::get("/account")
                        .header(header::COOKIE, value)
                        .body(Body::empty()),
                )
            })
        }),
        target("jws", vec![assertion], {
            Box::new(move |input| {
                let text = String::from_utf8_lossy(input);
                let expected = Expected {
                    typ: Typ::AbsentOr(&["JWT"]),
                    algs: &Algorithm::ALL,
                };
                match jose::verify(&keys, &text, &expected) {
                    // Changed, and signed all the same: only what is not covered may differ, and nothing is not covered.
                    Ok(claims) if claims.text("sub") != Some(super::relying_party::RP) => Err(format!("{claims:?}")),
                    _ => Ok(()),
                }
            })
        }),
        target("jwk", vec![rp_keys(&proof)], {
            Box::new(|input| {
                let _ = jose::strict_json::value(input).map(|value| JwkSet::parse(&value));
                Ok(())
            })
        }),
    ]
}

fn rp_keys(proof: &str) -> String {
    let header = proof.split('.').next().unwrap_or_default();
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
    let header: serde_json::Value = serde_json::from_slice(&B64.decode(header).unwrap()).unwrap();
    json!({"keys": [header["jwk"]]}).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_of_strangers_is_taken_or_refused_in_good_order() {
    let world = World::new().await;
    let mut targets = targets(&world).await;
    if let Ok(only) = std::env::var("SIGNUM_FUZZ_TARGET") {
        targets.retain(|target| target.name == only);
    }
    let each =
        Duration::from_secs(number("SIGNUM_FUZZ_SECONDS").unwrap_or(6)) / u32::try_from(targets.len().max(1)).unwrap();
    let seed = number("SIGNUM_FUZZ_SEED").unwrap_or(1);
    let findings = std::env::var_os("SIGNUM_FUZZ_FINDINGS").map(PathBuf::from);
    let findings = findings.unwrap_or_else(|| std::env::temp_dir().join("signum-idp-fuzz"));
    let kept = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/kept");
    let mut found = Vec::new();
    for target in &mut targets {
        let mut inputs = Words::new(seed, target.seeds.clone());
        let figures = tokio::task::block_in_place(|| run_on(target, || inputs.next_input(), each, &kept, &findings));
        println!(
            "{:<16} {:>9} inputs {:>7.1} s, slowest {:.1} ms, {} findings",
            figures.name,
            figures.executions,
            figures.seconds,
            figures.slowest.as_secs_f64() * 1000.0,
            figures.findings.len()
        );
        found.extend(figures.findings);
    }
    assert!(found.is_empty(), "{found:#?}");
}
