//! Token introspection (RFC 7662), for resource servers; as a JWT where the caller asks for one (RFC 9701).

use serde_json::{Value as Json, json};
use signum_core::DbError;
use signum_hsm_shim::HsmError;

use crate::binding::SenderConstraint;
use crate::clients::Client;
use crate::service::Idp;
use crate::token::access_token::{self, Found};
use crate::token::resource;
use crate::{clients, jws, subject};

/// Why nothing is told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IntrospectionError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Hsm(#[from] HsmError),
}

/// What `caller` may know of the token: everything if it is its own or meant for it, else that it is not active (RFC 7662
/// section 2.2). Asked anew each time: a token that was taken back is not active from then on.
pub(crate) async fn introspect(idp: &Idp, caller: &Client, token: &str) -> Result<Json, IntrospectionError> {
    let inactive = json!({"active": false});
    let Some(found) = access_token::find(idp, token).await? else {
        return Ok(inactive);
    };
    let own = found.right.client_id == caller.client_id;
    if !own && !resource::is_for(&idp.cx, &found.right.audience, &caller.client_id).await? {
        return Ok(inactive);
    }
    let other;
    let holder = if own {
        caller
    } else {
        // The client that holds it was switched off.
        let Some(found) = clients::find(&idp.cx, &found.right.client_id).await? else {
            return Ok(inactive);
        };
        other = found;
        &other
    };
    let sub = match found.person {
        Some(person) => subject::known_subject(&idp.cx, person, &holder.sector).await?,
        None => Some(found.right.client_id.clone()),
    };
    Ok(active(idp.issuer(), &found, sub))
}

fn active(issuer: &str, found: &Found, sub: Option<String>) -> Json {
    let right = &found.right;
    let audience = match right.audience.as_slice() {
        [one] => json!(one),
        several => json!(several),
    };
    let mut told = json!({
        "active": true,
        "iss": issuer,
        "client_id": right.client_id,
        "scope": right.scope,
        "aud": audience,
        "token_type": SenderConstraint::token_type(right.cnf.as_ref()),
        "iat": right.issued_at.seconds(),
        "exp": right.expires_at.seconds(),
    });
    let mut put = |name: &str, value: Option<Json>| {
        if let (Some(told), Some(value)) = (told.as_object_mut(), value) {
            told.insert(name.to_owned(), value);
        }
    };
    put("sub", sub.map(Json::String));
    put("cnf", right.cnf.as_ref().map(SenderConstraint::claim));
    // RFC 9396 section 9.2.
    put("authorization_details", right.details.member());
    let authentication = found.authentication.as_ref();
    put("auth_time", authentication.map(|a| json!(a.time.seconds())));
    put("acr", authentication.map(|a| json!(a.acr.name())));
    put("amr", authentication.map(|a| json!(a.amr)));
    told
}

/// The answer signed for `caller` (RFC 9701 section 5).
pub(crate) async fn signed(idp: &Idp, caller: &Client, answer: &Json) -> Result<String, IntrospectionError> {
    let claims = json!({
        "iss": idp.issuer(),
        "aud": caller.client_id,
        "iat": idp.cx.now().seconds(),
        "token_introspection": answer,
    });
    let keys = idp.keys.fresh(&idp.cx).await;
    let wanted = caller.metadata.introspection_signed_response_alg;
    Ok(keys.sign(&*idp.hsm, wanted, jws::INTROSPECTION, &claims).await?)
}
