//! Step 2: the browser makes the signing passkey on the signer's own origin (WebAuthn section 7.1).

use std::time::Duration;

use serde_json::{Value as Json, json};
use signum_core::audit::{self, Event};
use signum_core::{DbError, Id, params};
use signum_gesture::options::{User, creation_options};
use signum_gesture::{Registration, registration};

use super::stage::to_json;
use super::{EnrolError, Enrolment, Stage, advance, find, fingerprint};
use crate::person::Person;
use crate::service::Signer;

/// How long a person may take to make the passkey.
const PATIENCE: Duration = Duration::from_secs(300);

/// Creation options with a fresh challenge; an earlier challenge of this enrolment is worth nothing any more.
pub(crate) async fn options(signer: &Signer, id: Id<Enrolment>, person: &Person) -> Result<Json, EnrolError> {
    let cx = &signer.cx;
    let enrolment = find(cx, id, &person.reference).await?;
    let Stage::Begun = enrolment.stage else {
        return Err(EnrolError::OutOfTurn);
    };
    let challenge: [u8; 32] = cx.random.bytes();
    let until = cx.now().plus(PATIENCE);
    cx.db
        .run::<_, DbError, _, _>("enrolment.challenge", |tx| async move {
            tx.exec(
                "UPDATE enrolment SET challenge = $1, challenge_until = $2 WHERE id = $3 AND state = 'begun'",
                params![challenge, until, id],
            )
            .await
        })
        .await?;
    // The user handle is the credential's id: opaque, and a new key gets a passkey of its own.
    let name = person.full_name();
    let user = User {
        handle: &enrolment.credential,
        name: &name,
        display_name: &name,
    };
    Ok(creation_options(&challenge, &signer.rp, "Signum", user, &[]))
}

/// Takes the passkey that the browser made and gives its code. The challenge is used up whether or not it is accepted.
pub(crate) async fn register(
    signer: &Signer,
    id: Id<Enrolment>,
    person: &Person,
    credential: &Json,
) -> Result<String, EnrolError> {
    let cx = &signer.cx;
    let registration = Registration::from_json(credential)?;
    let challenge = take_challenge(signer, id, person).await?;
    let authenticator = match registration::verify(&registration, &signer.rp, &challenge) {
        Ok(authenticator) => authenticator,
        Err(error) => {
            let event = Event::new("enrolment.authenticator_refused", id, json!({"why": error.to_string()}));
            signer.record(&event).await?;
            return Err(error.into());
        }
    };
    let text = &to_json(&authenticator)?;
    let detail = json!({
        "aaguid": hex::encode(authenticator.aaguid),
        "backup_eligible": authenticator.backup_eligible,
    });
    let event = &Event::new("enrolment.authenticator_registered", id, detail);
    let changed = cx
        .db
        .run::<_, DbError, _, _>("enrolment.authenticator", |tx| async move {
            let changed = tx
                .exec(
                    "UPDATE enrolment SET state = 'registered', authenticator = $1, changed_at = $2
                     WHERE id = $3 AND state = 'begun'",
                    params![text, cx.now(), id],
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
    // The passkey is taken, whatever the module says now: the job goes on from it.
    if let Err(error) = advance(signer, find(cx, id, &person.reference).await?).await {
        tracing::warn!(enrolment = %id, %error, "an enrolment could not go on; it will be tried again");
    }
    Ok(fingerprint(&authenticator))
}

/// One statement; the old value is read in the same transaction because RETURNING gives the new one.
async fn take_challenge(signer: &Signer, id: Id<Enrolment>, person: &Person) -> Result<[u8; 32], EnrolError> {
    let cx = &signer.cx;
    let reference = person.reference;
    cx.db
        .run::<_, EnrolError, _, _>("enrolment.take_challenge", |tx| async move {
            let row = tx
                .opt(
                    "SELECT challenge FROM enrolment WHERE id = $1 AND person = $2 AND state = 'begun'
                     AND challenge IS NOT NULL AND challenge_until > $3",
                    params![id, reference, cx.now()],
                )
                .await?
                .ok_or(EnrolError::OutOfTurn)?;
            let challenge: [u8; 32] = row.get("challenge")?;
            let taken = tx
                .exec(
                    "UPDATE enrolment SET challenge = NULL WHERE id = $1 AND challenge = $2",
                    params![id, challenge],
                )
                .await?;
            match taken {
                1 => Ok(challenge),
                _ => Err(EnrolError::OutOfTurn),
            }
        })
        .await
}
