//! What became of a gesture whose answer is missing: the module is asked, and never asked to sign again.
//!
//! The module remembers what it answered, and a commitment that it had not yet seen is spent by the question; so a made
//! signature is stored, and what was not signed may be confirmed anew without two signatures ever coming of one gesture.

use std::time::Duration;

use serde_json::json;
use signum_activation::protocol::{Activation, Outcome};
use signum_core::audit::{self, Event};
use signum_core::{DbError, Id, params};

use super::activate::{Intent, follow, refusal_code, store};
use super::ticket::certified;
use super::{Document, SignError, find};
use crate::enrol::stored;
use crate::module::Activated;
use crate::person::Reference;
use crate::service::Signer;

/// A module call that has not come back after this long never will: its process or ours ended.
pub(super) const LOST: Duration = Duration::from_secs(120);
/// The job asks this soon after the request that lost the answer.
const FIRST: Duration = Duration::from_secs(5);

/// What the question came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// The signature is stored.
    Signed,
    /// Nothing was signed; the person may confirm anew.
    NotSigned,
    /// A signature may have been made in an earlier life of the module; nobody has it. Over.
    Lost,
}

/// After `error` left open whether the module signed: says so in the audit log and asks once. Where the answer stays open
/// the job asks again, and the document's page explains.
pub(super) async fn settle_now(
    signer: &Signer,
    id: Id<Document>,
    person: &Reference,
    error: SignError,
) -> Result<(), SignError> {
    tracing::error!(document = %id, %error, "whether the module signed is not known");
    mark_unknown(signer, id, &error).await?;
    let settled = match find(&signer.cx, id, person).await {
        Ok(document) => settle(signer, document).await,
        Err(error) => Err(error),
    };
    match settled {
        Ok(Settled::NotSigned) => Err(error),
        Ok(Settled::Signed | Settled::Lost) => Ok(()),
        Err(error) => {
            tracing::warn!(document = %id, %error, "the module will be asked again");
            Ok(())
        }
    }
}

async fn mark_unknown(signer: &Signer, id: Id<Document>, error: &SignError) -> Result<(), SignError> {
    let cx = &signer.cx;
    let event = &Event::new("signature.outcome_unknown", id, json!({"code": refusal_code(error).0}));
    cx.db
        .run::<_, DbError, _, _>("document.unknown", |tx| async move {
            let changed = tx
                .exec(
                    "UPDATE document SET state = 'unknown', attempts = 0, next_attempt_at = $1, changed_at = $2
                     WHERE id = $3 AND state = 'consumed'",
                    params![cx.now().plus(FIRST), cx.now(), id],
                )
                .await?;
            audit::record_changed(&tx, cx, changed, event).await
        })
        .await?;
    Ok(())
}

/// Asks the module and stores what it says. The document is `consumed` or `unknown`.
pub(super) async fn settle(signer: &Signer, document: Document) -> Result<Settled, SignError> {
    let row = signer
        .cx
        .db
        .opt(
            "SELECT activation, prepared FROM document WHERE id = $1 AND state IN ('consumed', 'unknown')",
            params![document.id],
        )
        .await?
        .ok_or(SignError::Used)?;
    if row.get::<Option<String>>("activation")?.is_none() {
        // The module was never asked.
        release(signer, document.id).await?;
        return Ok(Settled::NotSigned);
    }
    let activation: Activation = stored(&row, "activation")?;
    match signer.module.settle(activation.commitment.hash()).await? {
        Outcome::Signed { signatures, counter } => {
            let intent = Intent {
                certified: certified(signer, &document).await?,
                document,
                bytes: row.get("prepared")?,
                activation,
            };
            let signature = store(signer, &intent, Activated { signatures, counter }).await?;
            follow(signer, intent.signed(signature)).await?;
            Ok(Settled::Signed)
        }
        Outcome::NotSigned => {
            release(signer, document.id).await?;
            Ok(Settled::NotSigned)
        }
        Outcome::Working => Err(SignError::Unsettled),
        Outcome::Lost => {
            lose(signer, document.id).await?;
            Ok(Settled::Lost)
        }
    }
}

/// Nothing was signed and nothing will be: the document may be confirmed anew.
async fn release(signer: &Signer, id: Id<Document>) -> Result<(), DbError> {
    let cx = &signer.cx;
    let event = &Event::new("signature.not_made", id, json!({}));
    cx.db
        .run::<_, DbError, _, _>("document.release", |tx| async move {
            let changed = tx
                .exec(
                    "UPDATE document SET state = 'prepared', ticket_nonce = NULL, ticket_mac = NULL, activation = NULL,
                         changed_at = $1 WHERE id = $2 AND state IN ('consumed', 'unknown')",
                    params![cx.now(), id],
                )
                .await?;
            audit::record_changed(&tx, cx, changed, event).await
        })
        .await
}

/// Nobody knows and nobody will: this transaction is over, and the page says what that means.
pub(super) async fn lose(signer: &Signer, id: Id<Document>) -> Result<(), DbError> {
    let cx = &signer.cx;
    let event = &Event::new("signature.lost", id, json!({"code": super::OUTCOME_UNKNOWN}));
    cx.db
        .run::<_, DbError, _, _>("document.lose", |tx| async move {
            let changed = tx
                .exec(
                    "UPDATE document SET state = 'failed', failure = $1, activation = NULL, changed_at = $2
                     WHERE id = $3 AND state IN ('consumed', 'unknown')",
                    params![super::OUTCOME_UNKNOWN, cx.now(), id],
                )
                .await?;
            audit::record_changed(&tx, cx, changed, event).await
        })
        .await
}
