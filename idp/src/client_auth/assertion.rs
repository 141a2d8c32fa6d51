//! private_key_jwt (RFC 7523 section 2.2, OpenID Connect Core section 9, FAPI 2.0 Security Profile section 5.3.2.1).

use serde_json::{Value as Json, json};
use signum_core::{DbError, Timestamp};

use super::{AuthMethod, ClientAuthError, Refusal};
use crate::clients::{Client, keys};
use crate::form::Form;
use crate::jose::{self, Algorithm, Claims, Expected, JwkSet, Typ};
use crate::service::Idp;
use crate::single_use::{self, Kind};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// What `typ` may say: nothing, as in RFC 7523, or that it is for this alone.
const TYP: Typ<'static> = Typ::AbsentOr(&["JWT", "client-authentication+jwt"]);
/// How far a client's clock may be ahead of ours, in seconds.
const AHEAD: i64 = 10;
/// Longest life of an assertion, in seconds.
const LIFE: i64 = 300;
const LONGEST_JTI: usize = 256;

/// Whose assertion it says it is; nothing is believed of it yet.
pub(super) fn named(form: &Form) -> Result<(String, String), ClientAuthError> {
    if form.get("client_assertion_type") != Some(JWT_BEARER) {
        return Err(Refusal::Assertion("another client_assertion_type").into());
    }
    let token = form.get("client_assertion").ok_or(Refusal::Nothing)?;
    let claims = jose::unverified(token).ok_or(Refusal::Assertion("malformed"))?;
    let id = claims.text("sub").ok_or(Refusal::Assertion("sub is missing"))?;
    Ok((id.to_owned(), token.to_owned()))
}

/// The same work whether or not there is such a client, but for the statement that spends a good assertion.
pub(super) async fn check(idp: &Idp, client: Option<&Client>, token: &str) -> Result<(), ClientAuthError> {
    let registered = client.filter(|client| client.metadata.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt);
    let one;
    let algs = match registered {
        Some(client) => match client.metadata.token_endpoint_auth_signing_alg {
            Some(alg) => {
                one = [alg];
                &one[..]
            }
            None => &Algorithm::FAPI,
        },
        None => &Algorithm::FAPI,
    };
    let expected = Expected { typ: TYP, algs };
    let verified = match registered {
        Some(client) => keys::verify(idp, client, token, &expected).await,
        None => jose::verify(&nobodys_keys(), token, &expected),
    };
    let client = client.ok_or(Refusal::Unknown)?;
    if registered.is_none() {
        return Err(Refusal::Method.into());
    }
    let claims = verified.map_err(|error| {
        tracing::debug!(client = client.client_id, %error, "client assertion");
        Refusal::Assertion("the signature or its key is not taken")
    })?;
    let now = idp.cx.now();
    let (jti, expires) = judge(&claims, &client.client_id, idp.issuer(), now).map_err(Refusal::Assertion)?;
    match spend(idp, &client.client_id, jti, expires).await? {
        true => Ok(()),
        false => Err(Refusal::Assertion("jti was used before").into()),
    }
}

/// Who, for whom, when. Tells `jti` and until when it must be remembered.
fn judge<'c>(
    claims: &'c Claims,
    client_id: &str,
    issuer: &str,
    now: Timestamp,
) -> Result<(&'c str, Timestamp), &'static str> {
    if claims.text("iss") != Some(client_id) || claims.text("sub") != Some(client_id) {
        return Err("iss and sub are not the client");
    }
    // As a string: an array could be meant for somebody else as well, who could pass it on.
    if claims.text("aud") != Some(issuer) {
        return Err("aud is not exactly the issuer");
    }
    let now = now.seconds();
    let exp = claims.seconds("exp").ok_or("exp is missing")?;
    if exp <= now {
        return Err("expired");
    }
    if exp > now.saturating_add(LIFE + AHEAD) {
        return Err("exp is too far away");
    }
    for name in ["iat", "nbf"] {
        match claims.seconds(name) {
            Some(time) if time > now.saturating_add(AHEAD) => return Err("iat or nbf lies in the future"),
            None if claims.has(name) => return Err("iat or nbf is no time"),
            _ => {}
        }
    }
    let jti = claims.text("jti").ok_or("jti is missing")?;
    if jti.is_empty() || jti.len() > LONGEST_JTI {
        return Err("jti is empty or too long");
    }
    Ok((jti, Timestamp::from_seconds(exp)))
}

async fn spend(idp: &Idp, client_id: &str, jti: &str, expires: Timestamp) -> Result<bool, DbError> {
    let cx = &idp.cx;
    cx.db
        .run("client.assertion", |tx| async move {
            single_use::spend(&tx, cx, Kind::ClientAssertion, client_id, jti, expires).await
        })
        .await
}

/// A key that verifies nothing for anybody: its only work is to take the time that a registered one takes.
fn nobodys_keys() -> JwkSet {
    let generator: Json = json!({"keys": [{
        "kty": "EC", "crv": "P-256",
        "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
        "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
    }]});
    JwkSet::parse(&generator).unwrap_or_default()
}
