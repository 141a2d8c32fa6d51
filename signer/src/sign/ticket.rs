//! Step 2: the module's nonce and deadline, and commitment C as the challenge of the gesture.

use serde_json::{Value as Json, json};
use signum_core::audit::{self, Event};
use signum_core::{DbError, Id, params};
use signum_gesture::options::request_options;

use super::{Document, SignError, Stage, find};
use crate::enrol::{self, Certified, Stage as Enrolment};
use crate::person::Reference;
use crate::service::Signer;

/// Request options whose challenge is C. Asking again replaces the ticket: gestures over an earlier one are worth nothing.
pub(crate) async fn options(signer: &Signer, id: Id<Document>, person: &Reference) -> Result<Json, SignError> {
    let cx = &signer.cx;
    let document = find(cx, id, person).await?;
    match document.stage {
        Stage::Prepared | Stage::Digested(_) => {}
        Stage::Consumed
        | Stage::Unknown
        | Stage::Signed(..)
        | Stage::Unfinished
        | Stage::Done(_)
        | Stage::Failed(_) => return Err(SignError::Used),
    }
    if cx.now() > document.uploaded_at.plus(signer.config.document_ttl()) {
        return Err(SignError::TooOld);
    }
    let certified = certified(signer, &document).await?;
    let ticket = signer.module.begin().await?;
    let challenge = document.commitment(&certified, &ticket).hash();
    let detail = json!({"deadline": ticket.deadline, "challenge": hex::encode(challenge)});
    let (ticket, event) = (&ticket, &Event::new("signature.begun", id, detail));
    let changed = cx
        .db
        .run::<_, DbError, _, _>("document.ticket", |tx| async move {
            let changed = tx
                .exec(
                    "UPDATE document SET state = 'digested', ticket_nonce = $1, ticket_deadline = $2, ticket_mac = $3,
                         changed_at = $4
                     WHERE id = $5 AND state IN ('prepared', 'digested')",
                    params![ticket.nonce, ticket.deadline, ticket.mac, cx.now(), id],
                )
                .await?;
            if changed == 1 {
                audit::record(&tx, cx, event).await?;
            }
            Ok(changed)
        })
        .await?;
    if changed != 1 {
        return Err(SignError::Used);
    }
    let ids: Vec<Vec<u8>> = certified
        .set
        .authenticators
        .iter()
        .map(|a| a.credential_id.clone())
        .collect();
    Ok(request_options(&challenge, &signer.rp, &ids))
}

/// The signing credential that the document was uploaded for.
pub(super) async fn certified(signer: &Signer, document: &Document) -> Result<Certified, SignError> {
    let enrolment = enrol::of_person(&signer.cx, &document.person)
        .await?
        .ok_or(SignError::NotEnrolled)?;
    match enrolment.stage {
        Enrolment::Ready(certified) if enrolment.credential == document.credential => Ok(*certified),
        _ => Err(SignError::NotEnrolled),
    }
}
