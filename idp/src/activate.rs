//! Activation: a one-time code lets its person make a log-in passkey (WebAuthn Level 3 section 7.1).

use serde_json::{Value as Json, json};
use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError, Id, Tx, params, retry_on_db_conflict};
use webauthn_rs::prelude::{
    CreationChallengeResponse, PasskeyRegistration, RegisterPublicKeyCredential, Uuid, WebauthnError,
};

use crate::login::passkey::made_in_a_frame;
use crate::passkey::{PasskeyFormat, StoredPasskey};
use crate::people::{Person, Standing};
use crate::secret::{self, Hashed};
use crate::service::Idp;

/// Why no passkey was made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActivateError {
    /// Unknown, expired or used; all look alike.
    #[error("activation code is not valid")]
    CodeInvalid,
    /// Used, expired or never given.
    #[error("no open challenge")]
    NoChallenge,
    #[error("malformed credential")]
    Malformed,
    #[error("made in a cross-origin frame")]
    CrossOrigin,
    #[error("registration refused: {0}")]
    Refused(WebauthnError),
    #[error(transparent)]
    Format(#[from] PasskeyFormat),
    /// This very credential is registered already.
    #[error("credential already registered")]
    AlreadyRegistered,
    #[error("WebAuthn: {0}")]
    Internal(String),
    #[error(transparent)]
    Db(DbError),
}
retry_on_db_conflict!(ActivateError);

impl From<DbError> for ActivateError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Duplicate { .. } => Self::AlreadyRegistered,
            other => Self::Db(other),
        }
    }
}

impl ActivateError {
    /// For the audit log.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::CodeInvalid => "code_invalid",
            Self::NoChallenge => "no_challenge",
            Self::Malformed => "malformed",
            Self::CrossOrigin => "cross_origin",
            Self::Refused(_) => "refused",
            Self::Format(_) => "unsupported_key",
            Self::AlreadyRegistered => "already_registered",
            Self::Internal(_) | Self::Db(_) => "internal",
        }
    }
}

/// Whose code this is, while it is good.
pub(crate) async fn person(idp: &Idp, code: &str) -> Result<Person, ActivateError> {
    let row = idp
        .cx
        .db
        .opt(
            "SELECT person FROM activation WHERE hash = $1 AND used_at IS NULL AND expires_at > $2",
            params![secret::hashed(code), idp.cx.now()],
        )
        .await?
        .ok_or(ActivateError::CodeInvalid)?;
    let person = idp.people.find(row.get("person")?).await?;
    person
        .filter(|person| person.standing == Standing::Active)
        .ok_or(ActivateError::CodeInvalid)
}

/// Creation options for a discoverable passkey with user verification; excludes those the person has. With them the state by which
/// the answer is verified.
pub(crate) async fn creation(idp: &Idp, person: &Person) -> Result<(CreationChallengeResponse, String), ActivateError> {
    let rows = idp
        .cx
        .db
        .all(
            "SELECT credential_id FROM passkey WHERE person = $1",
            params![person.id],
        )
        .await?;
    let exclude: Vec<_> = rows
        .iter()
        .map(|row| row.get::<Vec<u8>>("credential_id"))
        .collect::<Result<_, _>>()?;
    let name = format!("{} {}", person.given_name, person.family_name);
    let internal = |e: String| ActivateError::Internal(e);
    let (mut options, state) = idp
        .webauthn
        .start_passkey_registration(Uuid::from_bytes(person.id.0), &name, &name, Some(exclude))
        .map_err(|e| internal(e.to_string()))?;
    // Log-in names nobody beforehand, so the credential has to be discoverable.
    if let Some(selection) = &mut options.public_key.authenticator_selection {
        selection.resident_key = Some(required_resident_key()?);
        selection.require_resident_key = true;
    }
    let state = serde_json::to_string(&state).map_err(|e| internal(e.to_string()))?;
    Ok((options, state))
}

/// Begins: the options, their challenge stored with the code.
pub(crate) async fn options(idp: &Idp, code: &str) -> Result<CreationChallengeResponse, ActivateError> {
    let person = person(idp, code).await?;
    let (options, state) = creation(idp, &person).await?;
    let state = &state;
    let (cx, hash, expires) = (
        &idp.cx,
        secret::hashed(code),
        idp.cx.now().plus(idp.config.interaction_ttl()),
    );
    cx.db
        .run::<_, DbError, _, _>("activation.options", |tx| async move {
            tx.exec(
                "INSERT INTO activation_challenge (activation, state, expires_at) VALUES ($1, $2, $3)
                 ON CONFLICT (activation) DO UPDATE SET state = excluded.state, expires_at = excluded.expires_at,
                    used_at = NULL",
                params![hash, state, expires],
            )
            .await
        })
        .await?;
    Ok(options)
}

/// The library does not export the type, only the field.
fn required_resident_key<T: serde::de::DeserializeOwned>() -> Result<T, ActivateError> {
    serde_json::from_value(json!("required")).map_err(|e| ActivateError::Internal(e.to_string()))
}

/// Verifies the new credential; stores it and spends the code in one transaction.
pub(crate) async fn finish(idp: &Idp, code: &str, credential: Json) -> Result<(), ActivateError> {
    let outcome = register(idp, code, credential).await;
    if let Err(error) = &outcome {
        tracing::warn!(%error, "activation refused");
        let cx = &idp.cx;
        let event = &Event::new("activation.refused", "activation", json!({"reason": error.reason()}));
        cx.db
            .run::<_, DbError, _, _>(
                "activation.refused",
                |tx| async move { audit::record(&tx, cx, event).await },
            )
            .await?;
    }
    outcome
}

/// The new credential, if it is what was asked for.
pub(crate) fn verified(
    idp: &Idp,
    person: Id<Person>,
    state: &PasskeyRegistration,
    credential: Json,
) -> Result<StoredPasskey, ActivateError> {
    let credential: RegisterPublicKeyCredential =
        serde_json::from_value(credential).map_err(|_| ActivateError::Malformed)?;
    if made_in_a_frame(&credential.response.client_data_json) {
        return Err(ActivateError::CrossOrigin);
    }
    let passkey = idp
        .webauthn
        .finish_passkey_registration(&credential, state)
        .map_err(ActivateError::Refused)?;
    let attestation = &credential.response.attestation_object;
    Ok(StoredPasskey::from_verified(&passkey, person, attestation)?)
}

/// Stores a new passkey under its name, which may be empty.
pub(crate) async fn store(tx: &Tx, cx: &Cx, stored: &StoredPasskey, name: &str) -> Result<(), ActivateError> {
    tx.exec(
        "INSERT INTO passkey (credential_id, person, cose_key, aaguid, counter, backup_eligible, backup_state,
            created_at, name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            &stored.credential_id,
            stored.person,
            &stored.cose_key,
            stored.aaguid,
            stored.counter,
            stored.backup_eligible,
            stored.backup_state,
            cx.now(),
            name
        ],
    )
    .await?;
    let detail = json!({"aaguid": hex::encode(stored.aaguid), "backup_eligible": stored.backup_eligible});
    audit::record(tx, cx, &Event::new("passkey.registered", stored.person, detail)).await?;
    Ok(())
}

async fn register(idp: &Idp, code: &str, credential: Json) -> Result<(), ActivateError> {
    let hash = secret::hashed(code);
    let person = person(idp, code).await?;
    let state = take_challenge(idp, hash).await?;
    let stored = &verified(idp, person.id, &state, credential)?;
    let cx = &idp.cx;
    cx.db
        .run("activation.finish", |tx| async move {
            let spent = tx
                .opt(
                    "UPDATE activation SET used_at = $1 WHERE hash = $2 AND used_at IS NULL AND expires_at > $1
                     RETURNING person",
                    params![cx.now(), hash],
                )
                .await?;
            spent.ok_or(ActivateError::CodeInvalid)?;
            store(&tx, cx, stored, "").await
        })
        .await
}

async fn take_challenge(idp: &Idp, hash: Hashed) -> Result<PasskeyRegistration, ActivateError> {
    let cx = &idp.cx;
    let row = cx
        .db
        .run::<_, DbError, _, _>("activation.challenge", |tx| async move {
            tx.opt(
                "UPDATE activation_challenge SET used_at = $1 WHERE activation = $2 AND used_at IS NULL AND expires_at > $1
                 RETURNING state",
                params![cx.now(), hash],
            )
            .await
        })
        .await?;
    let row = row.ok_or(ActivateError::NoChallenge)?;
    serde_json::from_str(&row.get::<String>("state")?).map_err(|e| ActivateError::Internal(e.to_string()))
}
