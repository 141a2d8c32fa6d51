//! Steps 3 to 6: the gesture is used up, the digests are computed again, the module is shown everything and signs.

use serde_json::{Value as Json, json};
use signum_activation::protocol::{Activation, DocumentSignature};
use signum_core::audit::{self, Event};
use signum_core::{DbError, Id, params};
use signum_gesture::Assertion;

use super::finish::finish;
use super::stage::{Consumed, Digested, Signed};
use super::ticket::certified;
use super::{Document, SignError, Stage, evidence, find};
use crate::enrol::Certified;
use crate::module::{self, Activated, ModuleError};
use crate::person::Reference;
use crate::service::Signer;

/// Signs `id` if the browser's assertion is the person's gesture over exactly this. The timestamp may come later.
pub(crate) async fn sign(
    signer: &Signer,
    id: Id<Document>,
    person: &Reference,
    credential: &Json,
) -> Result<(), SignError> {
    find(&signer.cx, id, person).await?;
    // Step 3: one statement; whoever comes second finds nothing.
    let (assertion, consumed) = match begin(signer, id, person, credential).await {
        Ok(begun) => begun,
        Err(error) => {
            let (code, why) = refusal_code(&error);
            signer.record(&refusal(id, code, &why)).await?;
            return Err(error);
        }
    };
    let signed = match activate(signer, consumed, &assertion).await {
        Ok(signed) => signed,
        Err(error) => {
            refuse(signer, id, &error).await?;
            return Err(error);
        }
    };
    // Step 7 follows from the stored signature, now or from the job.
    match finish(signer, signed).await {
        Ok(()) => Ok(()),
        Err(SignError::TimeStamping(error)) => {
            tracing::warn!(document = %id, %error, "signed, the timestamp will follow");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

async fn begin(
    signer: &Signer,
    id: Id<Document>,
    person: &Reference,
    credential: &Json,
) -> Result<(Assertion, Consumed), SignError> {
    let assertion = Assertion::from_json(credential)?;
    Ok((assertion, consume(signer, id, person).await?))
}

async fn consume(signer: &Signer, id: Id<Document>, person: &Reference) -> Result<Consumed, SignError> {
    let cx = &signer.cx;
    let document = find(cx, id, person).await?;
    let Stage::Digested(ticket) = document.stage.clone() else {
        return Err(SignError::Used);
    };
    if ticket.deadline < cx.now().seconds() {
        return Err(SignError::Expired);
    }
    let nonce = ticket.nonce;
    let event = &Event::new("signature.gesture_given", id, json!({}));
    let row = cx
        .db
        .run::<_, DbError, _, _>("document.consume", |tx| async move {
            let row = tx
                .opt(
                    "UPDATE document SET state = 'consumed', changed_at = $1
                     WHERE id = $2 AND state = 'digested' AND ticket_nonce = $3 RETURNING prepared",
                    params![cx.now(), id, nonce],
                )
                .await?;
            if row.is_some() {
                audit::record(&tx, cx, event).await?;
            }
            Ok(row)
        })
        .await?
        .ok_or(SignError::Used)?;
    Ok(Consumed {
        bytes: row.get("prepared")?,
        document,
        ticket,
    })
}

async fn activate(signer: &Signer, consumed: Consumed, assertion: &Assertion) -> Result<Signed, SignError> {
    // Step 4: what is stored now is what the gesture was asked for.
    let bytes = consumed.bytes.clone();
    let Digested { document, ticket } = consumed.digest().map_err(|_| SignError::Altered)?;
    let certified = certified(signer, &document).await?;
    let issuer = certified.chain.first().cloned().unwrap_or_default();
    // Step 5: the certificate's status, fresh.
    let ocsp = signer
        .status
        .ocsp(&certified.certificate, &issuer)
        .await
        .map_err(SignError::Status)?;
    // Step 6: the module convinces itself and signs. The commitment is made of stored rows alone.
    let activation = Activation {
        commitment: document.commitment(&certified, &ticket),
        ticket,
        assertion: assertion.clone(),
        set: certified.set.clone(),
        key: certified.key.clone(),
        certificate: certified.certificate.clone(),
        issuer,
        ocsp,
        last_counter: certified.counter,
    };
    let activated = signer.module.activate(activation.clone()).await?;
    let signature = store(signer, &document, &certified, &activation, activated).await?;
    Ok(Signed {
        document,
        signature,
        certified,
        bytes,
    })
}

/// Stores signature, evidence and counter together.
async fn store(
    signer: &Signer,
    document: &Document,
    certified: &Certified,
    activation: &Activation,
    activated: Activated,
) -> Result<DocumentSignature, SignError> {
    let cx = &signer.cx;
    let (counter, id) = (activated.counter, document.id);
    let mut signatures = activated.signatures.into_iter();
    let (Some(signature), None) = (signatures.next(), signatures.next()) else {
        return Err(ModuleError::Away("not one signature for one document".to_owned()).into());
    };
    let event = &Event::new(
        "signature.made",
        id,
        json!({"challenge": hex::encode(activation.commitment.hash())}),
    );
    let stored = &signature;
    cx.db
        .run::<_, SignError, _, _>("document.signed", |tx| async move {
            let changed = tx
                .exec(
                    "UPDATE document SET state = 'signed', signed_attributes = $1, signature = $2, signed_at = $3,
                         changed_at = $3 WHERE id = $4 AND state = 'consumed'",
                    params![&stored.signed_attributes, &stored.signature, cx.now(), id],
                )
                .await?;
            if changed != 1 {
                return Err(SignError::Interrupted);
            }
            tx.exec(
                "UPDATE enrolment SET counter = $1 WHERE credential = $2 AND counter <= $1",
                params![counter, document.credential],
            )
            .await?;
            evidence::insert(&tx, cx, document, certified, activation).await?;
            audit::record(&tx, cx, event).await?;
            Ok(())
        })
        .await?;
    Ok(signature)
}

/// Nothing was signed: the refusal is recorded. A document that is still what was uploaded may be tried again with a new
/// ticket; one that is not, never.
async fn refuse(signer: &Signer, id: Id<Document>, error: &SignError) -> Result<(), SignError> {
    let (code, why) = refusal_code(error);
    let cx = &signer.cx;
    // After a database error the module may have signed: that gesture and this transaction are over.
    let over = matches!(error, SignError::Altered | SignError::Interrupted | SignError::Db(_));
    let (state, failure) = if over {
        ("failed", Some(code))
    } else {
        ("prepared", None)
    };
    let event = &refusal(id, code, &why);
    cx.db
        .run::<_, DbError, _, _>("document.refused", |tx| async move {
            tx.exec(
                "UPDATE document SET state = $1, failure = $2, ticket_nonce = NULL, ticket_mac = NULL, changed_at = $3
                 WHERE id = $4 AND state = 'consumed'",
                params![state, failure, cx.now(), id],
            )
            .await?;
            audit::record(&tx, cx, event).await
        })
        .await?;
    Ok(())
}

fn refusal(id: Id<Document>, code: &str, why: &str) -> Event {
    Event::new("signature.refused", id, json!({"code": code, "why": why}))
}

/// Stable code and the refusal's own words, which name no person and no document.
fn refusal_code(error: &SignError) -> (&'static str, String) {
    let why = match error {
        SignError::Module(ModuleError::Refused(refusal)) => return (module::code(refusal), refusal.to_string()),
        SignError::Module(ModuleError::Away(_)) => "module_away",
        SignError::Altered => "document_altered",
        SignError::Status(_) => "status_unavailable",
        SignError::Gesture(error) => return ("gesture", error.to_string()),
        SignError::Expired => "expired",
        SignError::Used => "used",
        SignError::NotFound | SignError::NotEnrolled => "not_enrolled",
        SignError::Interrupted => "interrupted",
        SignError::Pdf(_) | SignError::Busy | SignError::TimeStamping(_) | SignError::TimeStamp(_) => "internal",
        SignError::Cms(_) | SignError::Db(_) => "internal",
    };
    (why, String::new())
}
