//! Tells services that a session has ended (OpenID Connect Back-Channel Logout 1.0 section 2.5): a leased job works off the outbox.
//! The browser never waits for a service. Every attempt is a token of its own, so that a retry is no replay.

use futures::future::join_all;
use signum_core::{DbError, Id};
use signum_hsm_shim::HsmError;

use super::outbox::{self, Outcome, Owed};
use super::token::{LogoutToken, TYP};
use crate::outbound::OutboundError;
use crate::service::Idp;
use crate::{clients, subject};

/// How many services are told at a time: a slow one delays these and no others.
const AT_ONCE: i64 = 32;
/// How many rounds one run makes at most.
const ROUNDS: usize = 32;

/// Why a service could not be told just now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeliveryError {
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("the service answered {0}")]
    Answer(u16),
    #[error(transparent)]
    Hsm(#[from] HsmError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// One run of the job; returns how many services have been told.
pub(crate) async fn run(idp: &Idp) -> Result<usize, DbError> {
    let mut told = 0;
    for _ in 0..ROUNDS {
        let due = outbox::due(&idp.cx, AT_ONCE).await?;
        if due.is_empty() {
            break;
        }
        for outcome in join_all(due.iter().map(|owed| attempt(idp, owed))).await {
            told += usize::from(outcome? == Some(Outcome::Told));
        }
    }
    Ok(told)
}

/// Tells one service, and records how that went.
async fn attempt(idp: &Idp, owed: &Owed) -> Result<Option<Outcome>, DbError> {
    match tell(idp, owed).await {
        Ok(outcome) => {
            outbox::settle(&idp.cx, owed, outcome).await?;
            metrics::counter!("idp_logout_deliveries_total", "outcome" => outcome.name()).increment(1);
            Ok(Some(outcome))
        }
        Err(DeliveryError::Db(error)) => Err(error),
        Err(error) => {
            tracing::warn!(client = owed.client_id, session = %owed.session, %error, "a service was not told of a log-out");
            metrics::counter!("idp_logout_deliveries_total", "outcome" => "later").increment(1);
            outbox::postpone(&idp.cx, owed).await?;
            Ok(None)
        }
    }
}

async fn tell(idp: &Idp, owed: &Owed) -> Result<Outcome, DeliveryError> {
    let client = clients::find(&idp.cx, &owed.client_id).await?;
    let Some((client, address)) = client.and_then(|client| {
        let address = client.metadata.backchannel_logout_uri.clone()?;
        Some((client, address))
    }) else {
        return Ok(Outcome::CannotBeTold);
    };
    let Some(subject) = subject::known_subject(&idp.cx, owed.person, &client.sector).await? else {
        // It never redeemed a code, so it knows of nobody.
        return Ok(Outcome::CannotBeTold);
    };
    let jti: Id<()> = Id::new(&*idp.cx.random);
    let claims = LogoutToken {
        issuer: idp.issuer(),
        client_id: &owed.client_id,
        subject: &subject,
        sid: &owed.sid,
        jti: jti.to_string(),
        issued_at: idp.cx.now().seconds(),
    }
    .claims();
    let token = idp
        .keys
        .fresh(&idp.cx)
        .await
        .sign(&*idp.hsm, None, TYP, &claims)
        .await?;
    match idp.outbound.post_form(&address, &[("logout_token", &token)]).await? {
        200 | 204 => Ok(Outcome::Told),
        other => Err(DeliveryError::Answer(other)),
    }
}
