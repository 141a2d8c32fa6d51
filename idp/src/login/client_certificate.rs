//! Log-in by the card's certificate in the TLS handshake (RFC 8446 section 4.4), on a port with a host name of its own: browsers
//! ask for certificates before they know what page it is for, so the log-in page itself never asks.
//!
//! An errand in three steps, each one statement that happens once: the waiting browser gets a ticket ([`begin`]), shows the card
//! at the other port ([`shown`]), and comes back with a code ([`back`]) that only the browser which began can use.

use std::time::Duration;

use signum_core::{DbError, Id, params};

use super::card::refusal::{CardError, Told};
use super::card::used::Used;
use super::card::{self, NAME, Refusal};
use super::web_eid::refuse;
use super::{Admitted, LoginError, Outcome, Visit};
use crate::client_auth::TlsCertificate;
use crate::interaction::Interaction;
use crate::level::Level;
use crate::people::Person;
use crate::secret;
use crate::service::Idp;
use crate::worth::Authenticator;

/// A card and, behind it, a PIN (RFC 8176 section 2). Browsers keep a card unlocked, so nobody says that the PIN was typed now.
const AMR: [&str; 2] = ["sc", "mfa"];
/// How long the browser may take to come back.
const CODE: Duration = Duration::from_secs(60);

/// Sends the browser of an interaction off; returns the ticket. An earlier one that was not shown is worth nothing any more.
pub(crate) async fn begin(idp: &Idp, interaction: Id<Interaction>) -> Result<String, DbError> {
    let cx = &idp.cx;
    let (ticket, hash) = secret::fresh(&*cx.random);
    let patience = Duration::from_secs(u64::from(idp.config.card.challenge_seconds));
    let expires = cx.now().plus(patience);
    cx.db
        .run::<_, DbError, _, _>("card.errand", |tx| async move {
            tx.exec(
                "DELETE FROM card_errand WHERE interaction = $1 AND shown_at IS NULL",
                params![interaction],
            )
            .await?;
            tx.exec(
                "INSERT INTO card_errand (ticket_hash, interaction, expires_at) VALUES ($1, $2, $3)",
                params![hash, interaction, expires],
            )
            .await
        })
        .await?;
    Ok(ticket)
}

/// Takes a ticket: whose interaction it is for. Used, expired and unknown tickets look alike.
pub(crate) async fn take(idp: &Idp, ticket: &str) -> Result<Option<Id<Interaction>>, DbError> {
    let (cx, hash) = (&idp.cx, secret::hashed(ticket));
    let row = cx
        .db
        .run::<_, DbError, _, _>("card.take_ticket", |tx| async move {
            tx.opt(
                "UPDATE card_errand SET shown_at = $1 WHERE ticket_hash = $2 AND shown_at IS NULL AND expires_at > $1
                 RETURNING interaction",
                params![cx.now(), hash],
            )
            .await
        })
        .await?;
    row.map(|row| row.get("interaction")).transpose()
}

/// The card that was shown for a taken ticket: the code with which the browser goes back.
pub(crate) async fn shown(
    idp: &Idp,
    visit: &Visit,
    ticket: &str,
    certificate: Option<&TlsCertificate>,
) -> Result<String, CardError> {
    let (outcome, used) = match holder(idp, certificate).await? {
        Ok(holder) => holder,
        Err(why) => return refuse(idp, visit, why).await,
    };
    let cx = &idp.cx;
    let (code, hash) = secret::fresh(&*cx.random);
    let (ticket, expires) = (secret::hashed(ticket), cx.now().plus(CODE));
    let (acr, used) = (outcome.level.name(), &used);
    cx.db
        .run::<_, DbError, _, _>("card.shown", |tx| async move {
            tx.exec(
                "UPDATE card_errand SET code_hash = $1, person = $2, fingerprint = $3, acr = $4, expires_at = $5, not_after = $6
                 WHERE ticket_hash = $7 AND code_hash IS NULL",
                params![hash, used.person, used.fingerprint, acr, expires, used.not_after, ticket],
            )
            .await
        })
        .await?;
    Ok(code)
}

/// Certificate, chain, status, person; the handshake, or the proxy that had it, has proved possession.
async fn holder(idp: &Idp, certificate: Option<&TlsCertificate>) -> Result<Result<(Outcome, Used), Refusal>, DbError> {
    let (Some(shown), Some(cards)) = (certificate, idp.cards.as_ref()) else {
        return Ok(Err(Refusal::NoCertificate));
    };
    let certificate = match cards.authentic_now(&idp.cx, &shown.der).await {
        Ok(certificate) => certificate,
        Err(why) => return Ok(Err(why)),
    };
    let outcome = card::outcome(idp, &certificate, Authenticator::CardTls, &AMR).await?;
    Ok(outcome.ok_or(Refusal::UnknownPerson).map(|outcome| {
        let used = Used::by(&certificate, outcome.person);
        (outcome, used)
    }))
}

/// Whether this way can lead to where the interaction goes: not where the PIN has to be typed.
pub(crate) fn will_do(idp: &Idp, interaction: &Interaction) -> bool {
    let level = idp.config.levels.worth(Authenticator::CardTls).level;
    level >= interaction.request.acr && !interaction.wants_presence()
}

/// The browser is back with its code, in the interaction that it began: it is logged in.
pub(crate) async fn back(
    idp: &Idp,
    visit: &Visit,
    interaction: &Interaction,
    code: &str,
) -> Result<Admitted, CardError> {
    if !will_do(idp, interaction) {
        return refuse(idp, visit, Refusal::PinNotTyped).await;
    }
    let Some((outcome, used)) = take_code(idp, visit.interaction, code).await? else {
        return refuse(idp, visit, Refusal::NoErrand).await;
    };
    match super::admit(idp, visit, NAME, &outcome, &used).await {
        // Suspended, or locked out.
        Err(LoginError::Refused(_)) => Err(CardError::Refused(Told::Refused)),
        other => Ok(other?),
    }
}

async fn take_code(idp: &Idp, interaction: Id<Interaction>, code: &str) -> Result<Option<(Outcome, Used)>, LoginError> {
    let (cx, hash) = (&idp.cx, secret::hashed(code));
    let row = cx
        .db
        .run::<_, DbError, _, _>("card.take_code", |tx| async move {
            tx.opt(
                "UPDATE card_errand SET used_at = $1
                 WHERE code_hash = $2 AND interaction = $3 AND used_at IS NULL AND expires_at > $1
                 RETURNING person, fingerprint, acr, not_after",
                params![cx.now(), hash, interaction],
            )
            .await
        })
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (person, acr): (Id<Person>, String) = (row.get("person")?, row.get("acr")?);
    let level = Level::parse(&acr).ok_or_else(|| LoginError::Internal("level of an errand".to_owned()))?;
    let outcome = Outcome {
        person,
        level,
        amr: AMR.map(str::to_owned).to_vec(),
    };
    let used = Used {
        fingerprint: row.get("fingerprint")?,
        person,
        not_after: row.get("not_after")?,
    };
    Ok(Some((outcome, used)))
}

/// Who stands at the other port for this interaction.
pub(crate) fn visit_of(interaction: Id<Interaction>, address: Option<std::net::IpAddr>) -> Visit {
    Visit {
        interaction,
        old: None,
        address,
    }
}
