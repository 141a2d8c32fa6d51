//! The person's part, in a browser: the code is typed, the service is shown, and an ordinary authorization request follows, which
//! ends here instead of at a client (RFC 8628 section 3.3).

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use serde_json::json;
use sha2::{Digest, Sha256};
use signum_core::audit::{self, Event};
use signum_core::{DbError, Id};

use super::attempts::Guesser;
use super::{Device, Waiting, store, user_code};
use crate::authorize::error::Unanswered;
use crate::authorize::request::{AuthorizeRequest, Prompt};
use crate::authorize::{self, Answer};
use crate::clients::{self, Client};
use crate::code::{self, Redemption};
use crate::form::Form;
use crate::level::Level;
use crate::secret;
use crate::service::Idp;
use crate::session::Session;

/// Where our own authorization request ends.
pub(crate) const DONE: &str = "/device/done";

/// What became of a typed code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    Right,
    /// Unknown, expired or answered: all look alike.
    Wrong,
    /// Too many wrong ones came from this person or their network.
    TooMany,
}

/// A person who is logged in typed a code in the browser that holds `cookie`.
pub(crate) async fn typed(
    idp: &Idp,
    text: &str,
    cookie: &str,
    session: &Session,
    address: Option<IpAddr>,
) -> Result<Typed, DbError> {
    let (cx, browser) = (&idp.cx, secret::hashed(cookie));
    let guesser = &Guesser::of(idp, session.person, address);
    let code = user_code::typed(text).map(|code| user_code::hashed(idp, &code));
    let judged = cx
        .db
        .run::<_, DbError, _, _>("device.claim", |tx| async move {
            if !guesser.count(&tx, cx).await? {
                return Ok(Typed::TooMany);
            }
            let right = match code {
                Some(code) => store::claim(&tx, cx, code, browser).await?,
                None => false,
            };
            if !right {
                return Ok(Typed::Wrong);
            }
            guesser.was_right(&tx).await?;
            Ok(Typed::Right)
        })
        .await?;
    if judged != Typed::Right {
        tracing::warn!(session = %session.id, "wrong user code of a device");
        metrics::counter!("idp_device_codes_refused_total").increment(1);
    }
    Ok(judged)
}

/// What waits in the browser that holds `cookie`, with the client, if that is still there.
pub(crate) async fn waiting(idp: &Idp, cookie: &str) -> Result<Option<(Waiting, Client)>, DbError> {
    let Some(waiting) = store::waiting(&idp.cx, secret::hashed(cookie)).await? else {
        return Ok(None);
    };
    let client = clients::find(&idp.cx, &waiting.client_id).await?;
    Ok(client.map(|client| (waiting, client)))
}

/// The person says that it is their device: log-in and consent follow. Consent is asked for each time, since nothing else tells
/// a device that stands before its person from one that somebody else wants opened.
pub(crate) async fn go_on(
    idp: &Idp,
    waiting: &Waiting,
    client: &Client,
    cookie: &str,
    session_cookie: Option<&str>,
) -> Result<Answer, Unanswered> {
    let request = AuthorizeRequest {
        client_id: waiting.client_id.clone(),
        redirect_uri: idp.at(DONE),
        scope: waiting.scope.clone(),
        state: Some(state(idp, waiting.id, cookie)),
        nonce: None,
        code_challenge: B64.encode(Sha256::digest(cookie.as_bytes())),
        prompt: Prompt {
            consent: true,
            ..Prompt::default()
        },
        max_age: None,
        acr: level(client, idp.best_level()),
        ui_locales: None,
        hinted_subject: None,
        mode: Default::default(),
        claims: Default::default(),
        id_token_claims: Default::default(),
        resources: waiting
            .resources
            .iter()
            .filter(|resource| *resource != idp.issuer())
            .cloned()
            .collect(),
        details: Default::default(),
        dpop_jkt: None,
        once: None,
    };
    let session = authorize::current_session(idp, session_cookie).await?;
    authorize::answer(idp, request, &client.sector, session.as_ref()).await
}

/// What the client registered as its least level, if anybody can reach it here.
fn level(client: &Client, best: Level) -> Level {
    let registered = client.metadata.default_acr_values.iter();
    let mut registered = registered.filter_map(|word| Level::parse(word));
    registered.find(|level| *level <= best).unwrap_or(Level::Substantial)
}

/// The device, and proof that this browser confirmed it.
fn state(idp: &Idp, id: Id<Device>, cookie: &str) -> String {
    format!("{id}.{}", idp.csrf.proof("device", &format!("{id} {cookie}")))
}

/// The person says that it is not their device.
pub(crate) async fn refuse(idp: &Idp, id: Id<Device>, cookie: &str) -> Result<(), DbError> {
    let (cx, browser) = (&idp.cx, secret::hashed(cookie));
    cx.db
        .run::<_, DbError, _, _>("device.deny", |tx| async move {
            if store::deny(&tx, cx, id, browser).await? {
                audit::record(&tx, cx, &Event::new("device.denied", id, json!({}))).await?;
            }
            Ok(())
        })
        .await
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Granted,
    Denied,
    /// Expired, or answered before.
    Over,
}

/// Our own authorization request was answered: with a code the device is given its grant.
pub(crate) async fn done(idp: &Idp, answer: &Form, cookie: &str) -> Result<Ended, DbError> {
    let state = answer.get("state").unwrap_or_default();
    let device = state.split_once('.').and_then(|(id, proof)| {
        let id: Id<Device> = Id::parse(id)?;
        let ours = idp.csrf.proves("device", &format!("{id} {cookie}"), proof);
        ours.then_some(id)
    });
    let Some(id) = device else {
        return Ok(Ended::Over);
    };
    let Some(code) = answer.get("code") else {
        refuse(idp, id, cookie).await?;
        return Ok(Ended::Denied);
    };
    let Some((waiting, _)) = self::waiting(idp, cookie)
        .await?
        .filter(|(waiting, _)| waiting.id == id)
    else {
        return Ok(Ended::Over);
    };
    let (cx, browser, redirect_uri) = (&idp.cx, secret::hashed(cookie), &idp.at(DONE));
    let redemption = &Redemption {
        code,
        client_id: &waiting.client_id,
        redirect_uri,
        code_verifier: cookie,
        shown: None,
    };
    cx.db
        .run::<_, DbError, _, _>("device.grant", |tx| async move {
            let Ok(redeemed) = code::redeem(&tx, cx, redemption).await? else {
                return Ok(Ended::Over);
            };
            if !store::grant(&tx, cx, id, browser, redeemed.grant).await? {
                code::revoke(&tx, cx, redeemed.grant).await?;
                return Ok(Ended::Over);
            }
            audit::record(
                &tx,
                cx,
                &Event::new("device.granted", id, json!({"grant": redeemed.grant})),
            )
            .await?;
            Ok(Ended::Granted)
        })
        .await
}
