//! Steps 1 and 3: the person begins; when their passkey is there, the module makes the key pair and its request for it.

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{DbError, Id, params};
use signum_gesture::Authenticator;

use super::advance::fail;
use super::stage::to_json;
use super::{EnrolError, Enrolment, of_person};
use crate::module::{self, ModuleError};
use crate::person::Reference;
use crate::service::Signer;

/// The person's enrolment: the one under way or done, or a new one.
pub(crate) async fn begin(signer: &Signer, person: &Reference) -> Result<Enrolment, EnrolError> {
    match of_person(&signer.cx, person).await? {
        Some(enrolment) => Ok(enrolment),
        None => insert(signer, person).await,
    }
}

async fn insert(signer: &Signer, person: &Reference) -> Result<Enrolment, EnrolError> {
    let cx = &signer.cx;
    let id: Id<Enrolment> = Id::new(&*cx.random);
    let credential: Id<()> = Id::new(&*cx.random);
    let event = &Event::new("enrolment.begun", id, json!({"credential": credential.to_string()}));
    cx.db
        .run::<_, DbError, _, _>("enrolment.begin", |tx| async move {
            let inserted = tx
                .exec(
                    "INSERT INTO enrolment (id, person, credential, state, began_at, changed_at)
                     VALUES ($1, $2, $3, 'begun', $4, $4) ON CONFLICT DO NOTHING",
                    params![id, person, credential, cx.now()],
                )
                .await?;
            // Otherwise another request of the same person was first.
            audit::record_changed(&tx, cx, inserted, event).await
        })
        .await?;
    of_person(cx, person).await?.ok_or(EnrolError::NotFound)
}

/// Asks the module for a key made for this passkey, and stores it. A key whose storing is interrupted is never used: it exists
/// only wrapped.
pub(super) async fn make_key(
    signer: &Signer,
    enrolment: &Enrolment,
    authenticator: &Authenticator,
) -> Result<(), EnrolError> {
    let cx = &signer.cx;
    let made = signer
        .module
        .create_key(enrolment.credential, enrolment.person, authenticator.clone())
        .await;
    let (key, pkcs10) = match made {
        Ok(made) => made,
        Err(ModuleError::Refused(refusal)) => {
            tracing::warn!(enrolment = %enrolment.id, %refusal, "the module refused to make a key");
            return fail(signer, enrolment.id, "registered", module::code(&refusal)).await;
        }
        Err(error) => return Err(error.into()),
    };
    let (id, text, pkcs10) = (enrolment.id, &to_json(&key)?, &pkcs10);
    let event = &Event::new("enrolment.key_made", id, json!({"epoch": key.epoch}));
    cx.db
        .run::<_, DbError, _, _>("enrolment.key", |tx| async move {
            let changed = tx
                .exec(
                    "UPDATE enrolment SET state = 'authenticator', stored_key = $1, pkcs10 = $2, changed_at = $3,
                         attempts = 0, next_attempt_at = 0
                     WHERE id = $4 AND state = 'registered'",
                    params![text, pkcs10, cx.now(), id],
                )
                .await?;
            audit::record_changed(&tx, cx, changed, event).await
        })
        .await?;
    Ok(())
}
