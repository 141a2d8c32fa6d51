//! Beginning anew, when the signing passkey is lost: the old credential is superseded for good, its key destroyed, its
//! certificate revoked. Nothing adds an authenticator to it (DESIGN "Trust"); officers vouch for the new one from the start.

use std::time::Duration;

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::contract::{AskedBy, ContractError, StatusAction, StatusChange};
use signum_core::{Cx, DbError, Id, params};

use super::{EnrolError, Enrolment, of_person};
use crate::service::Signer;
use crate::session::Session;

/// How long after the person's gesture at the identity provider they may do this.
const FRESH: Duration = Duration::from_secs(300);
/// CRLReason superseded (RFC 5280 section 5.3.1).
const SUPERSEDED: u8 = 4;

/// Whether the person logged in just now, with a gesture.
pub(crate) fn is_fresh(cx: &Cx, session: &Session) -> bool {
    session.authenticated_at > cx.now().minus(FRESH)
}

/// Ends the person's credential, ready or under way. What the CA is just issuing, or a signature under way, is waited for.
pub(crate) async fn restart(signer: &Signer, session: &Session) -> Result<(), EnrolError> {
    let cx = &signer.cx;
    let person = &session.person.reference;
    let enrolment = of_person(cx, person).await?.ok_or(EnrolError::NotFound)?;
    let id = enrolment.id;
    if !is_fresh(cx, session) {
        let why = Event::new("enrolment.restart_refused", id, json!({"why": "not_fresh"}));
        signer.record(&why).await?;
        return Err(EnrolError::NotFresh);
    }
    let event = &Event::new("enrolment.superseded", id, json!({"was": enrolment.stage.word()}));
    let changed = cx
        .db
        .run::<_, DbError, _, _>("enrolment.supersede", |tx| async move {
            let changed = tx
                .exec(
                    "UPDATE enrolment SET state = CASE WHEN certificate IS NULL THEN 'superseded' ELSE 'superseding' END,
                         stored_key = NULL, sealed_set = NULL, authenticator = NULL, challenge = NULL,
                         attempts = 0, next_attempt_at = 0, changed_at = $1
                     WHERE id = $2 AND state IN ('begun', 'registered', 'authenticator', 'vouched', 'ready')
                     AND NOT EXISTS (SELECT 1 FROM document WHERE document.credential = enrolment.credential
                         AND document.state IN ('consumed', 'unknown', 'signed'))",
                    params![cx.now(), id],
                )
                .await?;
            if changed == 1 {
                audit::record(&tx, cx, event).await?;
            }
            Ok(changed)
        })
        .await?;
    if changed != 1 {
        return Err(EnrolError::OutOfTurn);
    }
    // The credential is gone, whatever the CA says now: the job goes on until the certificate is revoked.
    if let Err(error) = revoke(signer, id).await {
        tracing::warn!(enrolment = %id, %error, "a certificate is still to be revoked; it will be tried again");
    }
    Ok(())
}

/// Revokes the certificate of a superseded credential, if that is still owed.
pub(super) async fn revoke(signer: &Signer, id: Id<Enrolment>) -> Result<(), EnrolError> {
    let cx = &signer.cx;
    let row = cx
        .db
        .opt(
            "SELECT certificate FROM enrolment WHERE id = $1 AND state = 'superseding'",
            params![id],
        )
        .await?;
    let Some(row) = row else { return Ok(()) };
    let serial = serial_of(&row.get::<Vec<u8>>("certificate")?)?;
    let action = StatusAction::Revoke { reason: SUPERSEDED };
    let change = StatusChange::new(&serial, action, AskedBy::Holder(id.to_string()));
    match signer.ca.change_status(change).await {
        Ok(()) => {}
        Err(ContractError::NotFound) => tracing::error!(enrolment = %id, "the CA does not know this certificate"),
        Err(error) => return Err(error.into()),
    }
    let event = &Event::new(
        "enrolment.certificate_revoked",
        id,
        json!({"serial": hex::encode(&serial)}),
    );
    cx.db
        .run::<_, DbError, _, _>("enrolment.revoked", |tx| async move {
            let changed = tx
                .exec(
                    "UPDATE enrolment SET state = 'superseded', changed_at = $1 WHERE id = $2 AND state = 'superseding'",
                    params![cx.now(), id],
                )
                .await?;
            audit::record_changed(&tx, cx, changed, event).await
        })
        .await?;
    Ok(())
}

/// Content octets of the serial number.
fn serial_of(certificate: &[u8]) -> Result<Vec<u8>, DbError> {
    use der::Decode;
    let certificate = x509_cert::Certificate::from_der(certificate)
        .map_err(|_| super::impossible("certificate", "not DER of a certificate"))?;
    Ok(certificate.tbs_certificate().serial_number().as_bytes().to_vec())
}
