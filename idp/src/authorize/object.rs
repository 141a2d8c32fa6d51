//! Request objects by value (RFC 9101; FAPI 2.0 Message Signing section 5.3.1): the client's signature over its own request.
//! What stands outside is not looked at, but for `client_id`; nothing is ever fetched.

use serde_json::Value as Json;
use signum_core::Timestamp;

use super::error::AuthorizeError;
use super::request::Once;
use crate::clients::{Client, Profile, keys};
use crate::form::Form;
use crate::jose::{Algorithm, Claims, Expected, Typ};
use crate::service::Idp;

/// Clients should name the type and many do not (FAPI 2.0 Message Signing section 5.3.2). What sets a request apart from the
/// client's other JWTs in any case is `client_id` within it, and a `sub` that is not the client (RFC 9101 section 10.8).
const TYP: Typ<'static> = Typ::AbsentOr(&["oauth-authz-req+jwt", "JWT"]);
/// How far a client's clock may be ahead of ours, in seconds.
const AHEAD: i64 = 10;
/// Longest life, and longest time since `nbf`, in seconds.
const LIFE: i64 = 60 * 60;
const LONGEST_JTI: usize = 256;

/// A request object that is the client's.
pub(crate) struct Object {
    /// Its parameters.
    pub form: Form,
    /// What is spent by its answer, where it has a `jti`.
    pub once: Option<Once>,
}

/// Whether the client has keys to sign with; whoever has none cannot send a request object.
pub(crate) fn can_sign(client: &Client) -> bool {
    client.metadata.jwks.is_some() || client.metadata.jwks_uri.is_some()
}

/// Verifies a request object of `client`.
pub(crate) async fn read(idp: &Idp, client: &Client, token: &str) -> Result<Object, AuthorizeError> {
    let refuse = AuthorizeError::InvalidRequestObject;
    let one;
    let algs = match client.metadata.request_object_signing_alg {
        Some(alg) => {
            one = [alg];
            &one[..]
        }
        None => &Algorithm::FAPI,
    };
    let verified = keys::verify(idp, client, token, &Expected { typ: TYP, algs }).await;
    let claims = verified.map_err(|error| {
        tracing::warn!(client = client.client_id, %error, "request object refused");
        refuse("the type, algorithm, key or signature of the request object is not taken")
    })?;
    let now = idp.cx.now().seconds();
    let expires = judge(&claims, client, idp.issuer(), now).map_err(refuse)?;
    let once = match claims.text("jti") {
        None if claims.has("jti") => return Err(refuse("jti is no text")),
        None => None,
        Some(jti) if jti.is_empty() || jti.len() > LONGEST_JTI => return Err(refuse("jti is empty or too long")),
        // The log-in may take longer than the object lives, and then the jti has to be remembered still.
        Some(jti) => Some(Once::Object {
            jti: jti.to_owned(),
            expires: Timestamp::from_seconds(expires).plus(idp.config.interaction_ttl()),
        }),
    };
    Ok(Object {
        form: parameters(&claims).ok_or(refuse("a parameter has a value of another type than its own"))?,
        once,
    })
}

/// Who, for whom, when. Tells when it expires.
fn judge(claims: &Claims, client: &Client, issuer: &str, now: i64) -> Result<i64, &'static str> {
    let client_id = client.client_id.as_str();
    if claims.text("iss") != Some(client_id) || claims.text("client_id") != Some(client_id) {
        return Err("iss and client_id are not the client");
    }
    if claims.text("sub") == Some(client_id) {
        return Err("sub is the client: this is no request object (RFC 9101 section 10.8)");
    }
    if !is_for(claims, issuer) {
        return Err("aud is not the issuer");
    }
    // Section 4: they would lead in circles.
    if claims.has("request") || claims.has("request_uri") {
        return Err("request and request_uri may not stand in a request object");
    }
    let exp = claims.seconds("exp").ok_or("exp is missing")?;
    let nbf = match claims.seconds("nbf") {
        Some(nbf) => nbf,
        // Libraries from before FAPI send none: then the hour counts from now.
        None if client.profile == Profile::GovBasic && !claims.has("nbf") => now,
        None => return Err("nbf is missing"),
    };
    if exp <= now {
        return Err("expired");
    }
    if nbf > now.saturating_add(AHEAD) {
        return Err("nbf lies in the future");
    }
    if nbf < now.saturating_sub(LIFE) || exp > nbf.saturating_add(LIFE) {
        return Err("nbf and exp are more than 60 minutes away");
    }
    match claims.seconds("iat") {
        Some(iat) if iat > now.saturating_add(AHEAD) => Err("iat lies in the future"),
        None if claims.has("iat") => Err("iat is no time"),
        _ => Ok(exp),
    }
}

/// A text, or a list with the issuer in it (RFC 9101 section 4).
fn is_for(claims: &Claims, issuer: &str) -> bool {
    match claims.0.get("aud") {
        Some(Json::String(aud)) => aud == issuer,
        Some(Json::Array(several)) => several.iter().any(|aud| aud == issuer),
        _ => false,
    }
}

/// What may be in the value of a parameter that is read here.
enum Kind {
    Text,
    /// A number, or its text.
    Number,
    /// JSON, as it is or as text.
    Json,
    /// A text or a list of texts: the one parameter that may be repeated (RFC 8707 section 2).
    Texts,
}

/// The parameters of the table of checks, and those that it refuses by name. Section 4: what else there is has no meaning here and
/// refuses nothing.
const PARAMETERS: [(&str, Kind); 21] = [
    ("client_id", Kind::Text),
    ("redirect_uri", Kind::Text),
    ("response_type", Kind::Text),
    ("response_mode", Kind::Text),
    ("scope", Kind::Text),
    ("state", Kind::Text),
    ("nonce", Kind::Text),
    ("code_challenge", Kind::Text),
    ("code_challenge_method", Kind::Text),
    ("prompt", Kind::Text),
    ("display", Kind::Text),
    ("login_hint", Kind::Text),
    ("id_token_hint", Kind::Text),
    ("ui_locales", Kind::Text),
    ("acr_values", Kind::Text),
    ("dpop_jkt", Kind::Text),
    ("max_age", Kind::Number),
    ("claims", Kind::Json),
    ("authorization_details", Kind::Json),
    ("registration", Kind::Json),
    ("resource", Kind::Texts),
];

/// The parameters in it; the error names none of them, since anybody may have written it.
fn parameters(claims: &Claims) -> Option<Form> {
    let mut pairs = Vec::new();
    for (name, kind) in &PARAMETERS {
        let Some(value) = claims.0.get(*name) else { continue };
        let values = match (kind, value) {
            (_, Json::String(text)) => vec![text.clone()],
            (Kind::Number, Json::Number(number)) => vec![number.to_string()],
            (Kind::Json, Json::Object(_) | Json::Array(_)) => vec![value.to_string()],
            (Kind::Texts, Json::Array(several)) => {
                let texts = several.iter().map(|one| one.as_str().map(str::to_owned));
                texts.collect::<Option<_>>()?
            }
            _ => return None,
        };
        pairs.extend(values.into_iter().map(|value| ((*name).to_owned(), value)));
    }
    Some(Form::of(pairs))
}
