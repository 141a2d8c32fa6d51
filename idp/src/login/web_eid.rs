//! Log-in by a Web eID authentication token (Web eID system architecture, "Authentication token"; formats web-eid:1 and 1.x): the
//! card signs a challenge of ours together with our origin.
//!
//! The challenge belongs to one interaction, which belongs to one browser; the first token that comes takes it away. The origin is
//! that of the configuration, never one that the token or the request names.

mod signature;
mod signing_certificate;
mod token;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use signum_core::{DbError, Id, Timestamp, params};

use super::card::refusal::{CardError, Told};
use super::card::used::Used;
use super::card::{self, Authentic, NAME, Refusal};
use super::{Admitted, LoginError, Outcome, Visit};
use crate::interaction::Interaction;
use crate::service::Idp;
use crate::worth::Authenticator;
use token::Token;

/// A card, its PIN, and thereby two factors (RFC 8176 section 2): the PIN is asked for each log-in.
const AMR: [&str; 3] = ["sc", "pin", "mfa"];

/// What the card is to sign.
#[derive(Serialize)]
pub(crate) struct Challenge {
    /// 32 random octets in base64; this very text is what is signed.
    pub nonce: String,
}

/// A fresh challenge, stored with the interaction in place of any earlier one.
pub(crate) async fn challenge(idp: &Idp, interaction: Id<Interaction>) -> Result<Challenge, DbError> {
    let (cx, seconds) = (&idp.cx, idp.config.card.challenge_seconds);
    let nonce = STANDARD.encode(cx.random.bytes::<32>());
    let (stored, expires) = (
        &nonce,
        cx.now().plus(std::time::Duration::from_secs(u64::from(seconds))),
    );
    cx.db
        .run::<_, DbError, _, _>("card.challenge", |tx| async move {
            tx.exec(
                "INSERT INTO card_challenge (interaction, nonce, expires_at) VALUES ($1, $2, $3)
                 ON CONFLICT (interaction) DO UPDATE SET nonce = excluded.nonce, expires_at = excluded.expires_at",
                params![interaction, stored, expires],
            )
            .await
        })
        .await?;
    Ok(Challenge { nonce })
}

/// Verifies a token and logs in. Whatever comes of it, the challenge is gone.
pub(crate) async fn login(idp: &Idp, visit: &Visit, token: &[u8]) -> Result<Admitted, CardError> {
    let (outcome, used) = match verify(idp, visit, token).await? {
        Ok(verified) => verified,
        Err(why) => return refuse(idp, visit, why).await,
    };
    match super::admit(idp, visit, NAME, &outcome, &used).await {
        // Suspended, or locked out.
        Err(LoginError::Refused(_)) => Err(CardError::Refused(Told::Refused)),
        other => Ok(other?),
    }
}

/// Records a refusal and says what the holder is told.
pub(crate) async fn refuse<T>(idp: &Idp, visit: &Visit, why: Refusal) -> Result<T, CardError> {
    match super::refuse::<()>(idp, visit, NAME, None, why.code()).await {
        Err(LoginError::Refused(_)) | Ok(()) => Err(CardError::Refused(why.told())),
        Err(other) => Err(other.into()),
    }
}

async fn verify(idp: &Idp, visit: &Visit, token: &[u8]) -> Result<Result<(Outcome, Used), Refusal>, CardError> {
    let Some(nonce) = take_challenge(idp, visit.interaction).await? else {
        return Ok(Err(Refusal::NoChallenge));
    };
    let certificate = match proven(idp, &nonce, token).await {
        Ok(certificate) => certificate,
        Err(why) => return Ok(Err(why)),
    };
    // Only now, so that whoever learns something of it holds the card.
    let outcome = card::outcome(idp, &certificate, Authenticator::Card, &AMR).await?;
    Ok(outcome.ok_or(Refusal::UnknownPerson).map(|outcome| {
        let used = Used::by(&certificate, outcome.person);
        (outcome, used)
    }))
}

/// The certificate whose key has signed the challenge: format, certificate, chain, status, signature.
async fn proven(idp: &Idp, nonce: &str, token: &[u8]) -> Result<Authentic, Refusal> {
    // Without cards there is no route to here.
    let cards = idp.cards.as_ref().ok_or(Refusal::Untrusted)?;
    let token = Token::read(token)?;
    let certificate = cards.authentic(&idp.cx, &token.certificate).await?;
    let now = idp.cx.now().seconds();
    for signing in &token.signing {
        signing_certificate::check(signing, &certificate, cards, now)?;
    }
    token
        .algorithm
        .verify(&certificate.spki, &token.signature, idp.issuer(), nonce)?;
    Ok(certificate)
}

/// Takes the interaction's challenge: one statement, so two tokens cannot share it.
async fn take_challenge(idp: &Idp, interaction: Id<Interaction>) -> Result<Option<String>, DbError> {
    let cx = &idp.cx;
    let row = cx
        .db
        .run::<_, DbError, _, _>("card.take", |tx| async move {
            tx.opt(
                "DELETE FROM card_challenge WHERE interaction = $1 RETURNING nonce, expires_at",
                params![interaction],
            )
            .await
        })
        .await?;
    let Some(row) = row else { return Ok(None) };
    let fresh = row.get::<Timestamp>("expires_at")? > cx.now();
    Ok(fresh.then_some(row.get("nonce")?))
}
