//! Steps 3 to 6: the gesture is used up, the digests are computed again, the module is shown everything and signs.
//!
//! All of it runs to its end whether or not the browser still waits: between the module's signature and its storing nothing
//! may be given up.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use signum_activation::protocol::{Activation, DocumentSignature};
use signum_core::audit::{self, Event};
use signum_core::{DbError, Id, params};
use signum_gesture::Assertion;

use super::finish::{HEAD_START, finish};
use super::settle::{LOST, settle_now};
use super::stage::{Consumed, Digested, Signed};
use super::ticket::certified;
use super::{Document, SignError, Stage, evidence, find};
use crate::enrol::{Certified, to_json};
use crate::module::{self, Activated, ModuleError};
use crate::person::Reference;
use crate::service::Signer;

/// Signs `id` if the browser's assertion is the person's gesture over exactly this. The timestamp may come later; where it
/// is not known yet whether the module signed, the document's page says so.
pub(crate) async fn sign(
    signer: &Arc<Signer>,
    id: Id<Document>,
    person: &Reference,
    credential: &Json,
) -> Result<(), SignError> {
    let (signer, person, credential) = (signer.clone(), *person, credential.clone());
    let unbroken = signer.unbroken.clone();
    let work = unbroken.begin(async move { sign_unbroken(&signer, id, &person, &credential).await });
    // A panic leaves the document consumed; the job asks the module what became of it.
    work.ok_or(SignError::Busy)?.await.map_err(|_| SignError::Interrupted)?
}

async fn sign_unbroken(
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
    let intent = match prepare(signer, consumed, &assertion).await {
        Ok(intent) => intent,
        Err(error) => {
            refuse(signer, id, &error).await?;
            return Err(error);
        }
    };
    // Step 6: the module convinces itself and signs.
    let stored = match signer.module.activate(intent.activation.clone()).await {
        Ok(activated) => store(signer, &intent, activated).await,
        Err(error) => Err(error.into()),
    };
    match stored {
        Ok(signature) => follow(signer, intent.signed(signature)).await,
        Err(error @ SignError::Module(ModuleError::Refused(_))) => {
            refuse(signer, id, &error).await?;
            Err(error)
        }
        Err(error) => settle_now(signer, id, person, error).await,
    }
}

/// Step 7 follows from the stored signature, now or from the job.
pub(super) async fn follow(signer: &Signer, signed: Signed) -> Result<(), SignError> {
    let id = signed.document.id;
    if let Err(error) = finish(signer, signed).await {
        tracing::warn!(document = %id, %error, "signed, the timestamp will follow");
    }
    Ok(())
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
                    "UPDATE document SET state = 'consumed', activation = NULL, attempts = 0, next_attempt_at = $1,
                         changed_at = $2
                     WHERE id = $3 AND state = 'digested' AND ticket_nonce = $4 RETURNING prepared",
                    params![cx.now().plus(LOST), cx.now(), id, nonce],
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

/// What the module is about to be shown, stored before it is.
pub(super) struct Intent {
    pub document: Document,
    pub certified: Certified,
    pub bytes: Vec<u8>,
    pub activation: Activation,
}

impl Intent {
    pub(super) fn signed(self, signature: DocumentSignature) -> Signed {
        Signed {
            document: self.document,
            signature,
            certified: self.certified,
            bytes: self.bytes,
        }
    }
}

async fn prepare(signer: &Signer, consumed: Consumed, assertion: &Assertion) -> Result<Intent, SignError> {
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
    // The commitment is made of stored rows alone.
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
    let (text, id) = (&to_json(&activation)?, document.id);
    let changed = signer
        .cx
        .db
        .run::<_, DbError, _, _>("document.intent", |tx| async move {
            let sql = "UPDATE document SET activation = $1 WHERE id = $2 AND state = 'consumed'";
            tx.exec(sql, params![text, id]).await
        })
        .await?;
    match changed {
        1 => Ok(Intent {
            document,
            certified,
            bytes,
            activation,
        }),
        _ => Err(SignError::Interrupted),
    }
}

/// Stores signature, evidence and counter together. Whoever comes second finds it stored.
pub(super) async fn store(
    signer: &Signer,
    intent: &Intent,
    activated: Activated,
) -> Result<DocumentSignature, SignError> {
    let cx = &signer.cx;
    let (counter, id) = (activated.counter, intent.document.id);
    let mut signatures = activated.signatures.into_iter();
    let (Some(signature), None) = (signatures.next(), signatures.next()) else {
        return Err(ModuleError::Away("not one signature for one document".to_owned()).into());
    };
    let challenge = hex::encode(intent.activation.commitment.hash());
    let event = &Event::new("signature.made", id, json!({"challenge": challenge}));
    let stored = &signature;
    cx.db
        .run::<_, SignError, _, _>("document.signed", |tx| async move {
            let changed = tx
                .exec(
                    "UPDATE document SET state = 'signed', signed_attributes = $1, signature = $2, signed_at = $3,
                         activation = NULL, attempts = 0, next_attempt_at = $4, changed_at = $3
                     WHERE id = $5 AND state IN ('consumed', 'unknown')",
                    params![
                        &stored.signed_attributes,
                        &stored.signature,
                        cx.now(),
                        cx.now().plus(HEAD_START),
                        id
                    ],
                )
                .await?;
            if changed != 1 {
                return Err(SignError::Interrupted);
            }
            tx.exec(
                "UPDATE enrolment SET counter = $1 WHERE credential = $2 AND counter <= $1",
                params![counter, intent.document.credential],
            )
            .await?;
            evidence::insert(&tx, cx, &intent.document, &intent.certified, &intent.activation).await?;
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
    let (state, failure) = match error {
        SignError::Altered => ("failed", Some(code)),
        _ => ("prepared", None),
    };
    let event = &refusal(id, code, &why);
    cx.db
        .run::<_, DbError, _, _>("document.refused", |tx| async move {
            tx.exec(
                "UPDATE document SET state = $1, failure = $2, ticket_nonce = NULL, ticket_mac = NULL, activation = NULL,
                     changed_at = $3 WHERE id = $4 AND state = 'consumed'",
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
pub(super) fn refusal_code(error: &SignError) -> (&'static str, String) {
    let why = match error {
        SignError::Module(ModuleError::Refused(refusal)) => return (module::code(refusal), refusal.to_string()),
        SignError::Module(ModuleError::Away(_)) => "module_away",
        SignError::Altered => "document_altered",
        SignError::Status(_) => "status_unavailable",
        SignError::Gesture(error) => return ("gesture", error.to_string()),
        SignError::Expired => "expired",
        SignError::TooOld => "too_old",
        SignError::Used => "used",
        SignError::NotFound | SignError::NotEnrolled => "not_enrolled",
        SignError::Interrupted => "interrupted",
        SignError::Unsettled => "unsettled",
        SignError::Pdf(_) | SignError::Busy | SignError::TimeStamping(_) | SignError::TimeStamp(_) => "internal",
        SignError::Cms(_) | SignError::Db(_) | SignError::Quota(_) => "internal",
    };
    (why, String::new())
}
