//! Device authorization grant (RFC 8628): a device without a browser shows a code, and its person agrees on another one.
//!
//! The browser's part is an ordinary authorization request of the device's client to ourselves, so log-in, levels, consent and
//! sessions are those of every other service. Its code is redeemed here, with the browser's cookie as PKCE verifier: only the
//! browser in which the person typed the user code can grant it.

pub(crate) mod attempts;
pub(crate) mod browser;
pub(crate) mod poll;
mod store;
mod user_code;

use std::time::Duration;

use serde_json::{Value as Json, json};
use signum_core::audit::{self, Event};
use signum_core::{DbError, Id};

use crate::abuse::address;
use crate::authorize::checks::scope;
use crate::client_auth::{self, AuthMethod};
use crate::clients::GrantType;
use crate::dpop;
use crate::scope::{Scope, Scopes};
use crate::secret;
use crate::service::Idp;
use crate::token::{self, TokenError, TokenRequest, resource};

/// Life of both codes.
pub(crate) const LIFE: Duration = Duration::from_secs(10 * 60);
/// Seconds that a device waits between two questions (section 3.5).
const INTERVAL: i64 = 5;

/// A device's wish for tokens.
pub(crate) struct Device;

/// Answers a device with its codes (section 3.2).
pub(crate) async fn begin(idp: &Idp, request: &TokenRequest<'_>) -> Result<Json, TokenError> {
    dpop::ask_for_nonce(idp, request.headers, &idp.at("/device_authorization"))?;
    let client = client_auth::authenticate(idp, &token::shown(request)).await?.client;
    if !client.metadata.may_use(GrantType::DeviceCode) {
        return Err(TokenError::UnauthorizedClient);
    }
    let public = client.metadata.token_endpoint_auth_method == AuthMethod::Public;
    if let (true, Some(from)) = (public, address::noted(request.headers)) {
        let counted = idp.abuse.devices.count(from, idp.cx.now());
        counted.map_err(TokenError::TooMany)?;
    }
    let asked = request.form.get("scope").unwrap_or_default();
    let scope = scope::asked_by(&client, asked).map_err(|_| TokenError::InvalidScope)?;
    if !scope.contains(Scope::Openid) {
        return Err(TokenError::InvalidScope);
    }
    let resources = resource::known(idp, &client, request.form).await?;
    if !request
        .form
        .all("resource")
        .iter()
        .all(|asked| resources.contains(asked))
    {
        return Err(TokenError::InvalidTarget);
    }
    // Who shows a key here can alone redeem the code with it.
    let proof = dpop::read(idp, request.headers, "POST", &idp.at("/device_authorization"), None)?;
    let constraint = proof.as_ref().map(dpop::Proof::constraint);
    let (device_code, hash) = secret::fresh(&*idp.cx.random);
    let wish = &store::Wish {
        id: Id::new(&*idp.cx.random),
        hash,
        client_id: &client.client_id,
        scope: &scope,
        resources: &resources,
        cnf: constraint.as_ref(),
    };
    // Two devices seldom draw the same user code; then the next one is taken.
    let drawn = &[(); 4].map(|()| user_code::fresh(&*idp.cx.random));
    let (cx, proof) = (&idp.cx, &proof);
    let taken = cx
        .db
        .run::<_, TokenError, _, _>("device.begin", |tx| async move {
            if let Some(proof) = proof {
                proof.spend(&tx, cx).await?;
            }
            for code in drawn {
                if wish.store(&tx, cx, user_code::hashed(idp, code)).await? {
                    let detail = json!({"client": wish.client_id, "scope": wish.scope.to_string()});
                    audit::record(&tx, cx, &Event::new("device.begun", wish.id, detail)).await?;
                    return Ok(user_code::shown(code));
                }
            }
            Err(DbError::NotFound.into())
        })
        .await?;
    let verification = idp.at("/device");
    Ok(json!({
        "device_code": device_code,
        "user_code": taken,
        "verification_uri": verification,
        "verification_uri_complete": format!("{verification}?user_code={taken}"),
        "expires_in": LIFE.as_secs(),
        "interval": INTERVAL,
    }))
}

/// A wish whose user code was typed in a browser and that nobody has answered yet.
pub(crate) struct Waiting {
    pub id: Id<Device>,
    pub client_id: String,
    pub scope: Scopes,
    /// Resource servers (RFC 8707).
    pub resources: Vec<String>,
}
