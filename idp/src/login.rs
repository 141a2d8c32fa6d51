//! Log-in with a passkey (WebAuthn Level 3 section 7.2): discoverable, user verification required, one challenge one attempt.

use serde_json::{Value as Json, json};
use signum_core::audit::{self, Event};
use signum_core::{DbError, Id, Tx, params, retry_on_db_conflict};
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, PublicKeyCredential, RequestChallengeResponse, WebauthnError,
};

use crate::authorize::resume::InteractionError;
use crate::interaction::{self, Interaction};
use crate::passkey::StoredPasskey;
use crate::people::Person;
use crate::secret;
use crate::service::Idp;
use crate::session::{self, Amr, Authentication, Session};

/// Why nobody is logged in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    #[error(transparent)]
    Interaction(#[from] InteractionError),
    #[error("login refused: {}", .0.code())]
    Refused(Refusal),
    /// The library or a stored form fails: ours.
    #[error("WebAuthn: {0}")]
    Internal(String),
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(LoginError);

/// Why an assertion is refused. The person sees one text for all, the audit log the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Malformed,
    /// Used, expired or never given.
    NoChallenge,
    UnknownCredential,
    WrongUserHandle,
    WrongChallenge,
    WrongOrigin,
    WrongRelyingParty,
    CrossOrigin,
    UserNotPresent,
    UserNotVerified,
    CounterWentBackwards,
    BadSignature,
    Other,
}

impl Refusal {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NoChallenge => "no_challenge",
            Self::UnknownCredential => "unknown_credential",
            Self::WrongUserHandle => "wrong_user_handle",
            Self::WrongChallenge => "wrong_challenge",
            Self::WrongOrigin => "wrong_origin",
            Self::WrongRelyingParty => "wrong_relying_party",
            Self::CrossOrigin => "cross_origin",
            Self::UserNotPresent => "user_not_present",
            Self::UserNotVerified => "user_not_verified",
            Self::CounterWentBackwards => "counter_went_backwards",
            Self::BadSignature => "bad_signature",
            Self::Other => "other",
        }
    }

    pub(crate) fn of(error: &WebauthnError) -> Self {
        match error {
            WebauthnError::MismatchedChallenge => Self::WrongChallenge,
            WebauthnError::InvalidRPOrigin => Self::WrongOrigin,
            WebauthnError::InvalidRPIDHash => Self::WrongRelyingParty,
            WebauthnError::UserNotPresent => Self::UserNotPresent,
            WebauthnError::UserNotVerified => Self::UserNotVerified,
            WebauthnError::CredentialPossibleCompromise => Self::CounterWentBackwards,
            WebauthnError::AuthenticationFailure => Self::BadSignature,
            // The library knows some eighty more, all of them malformed input to us.
            _ => Self::Other,
        }
    }
}

/// Begins an attempt: a fresh challenge, stored with the interaction in place of any earlier one.
pub(crate) async fn options(idp: &Idp, interaction: Id<Interaction>) -> Result<RequestChallengeResponse, LoginError> {
    let internal = |e: String| LoginError::Internal(e);
    let (mut options, state) = idp
        .webauthn
        .start_discoverable_authentication()
        .map_err(|e| internal(e.to_string()))?;
    // The page has a button: the browser shows its own choice at once.
    options.mediation = None;
    let state = &serde_json::to_string(&state).map_err(|e| internal(e.to_string()))?;
    let (cx, expires) = (&idp.cx, idp.cx.now().plus(idp.config.interaction_ttl()));
    cx.db
        .run::<_, DbError, _, _>("login.options", |tx| async move {
            tx.exec(
                "INSERT INTO login_challenge (interaction, state, expires_at) VALUES ($1, $2, $3)
                 ON CONFLICT (interaction) DO UPDATE SET state = excluded.state, expires_at = excluded.expires_at,
                    used_at = NULL",
                params![interaction, state, expires],
            )
            .await
        })
        .await?;
    Ok(options)
}

/// Verifies an assertion and logs in; returns the new session cookie. Whatever happens, the challenge is spent.
pub(crate) async fn finish(
    idp: &Idp,
    interaction: Id<Interaction>,
    old: Option<&Session>,
    credential: Json,
) -> Result<String, LoginError> {
    match verify(idp, interaction, credential).await {
        Ok(verified) => match log_in(idp, interaction, old, &verified).await {
            Err(LoginError::Refused(why)) => refused(idp, interaction, Some(verified.passkey.person), why).await,
            other => other,
        },
        Err((LoginError::Refused(why), person)) => refused(idp, interaction, person, why).await,
        Err((other, _)) => Err(other),
    }
}

struct Verified {
    passkey: StoredPasskey,
    result: AuthenticationResult,
}

/// The person is told with a refusal as far as the credential names one, for the audit log.
async fn verify(
    idp: &Idp,
    interaction: Id<Interaction>,
    credential: Json,
) -> Result<Verified, (LoginError, Option<Id<Person>>)> {
    let nobody = |why| (LoginError::Refused(why), None);
    let state = take_challenge(idp, interaction).await.map_err(|e| (e, None))?;
    let credential: PublicKeyCredential = serde_json::from_value(credential).map_err(|_| nobody(Refusal::Malformed))?;
    // The library ignores crossOrigin in assertions; an embedded page must not log anyone in.
    if made_in_a_frame(&credential.response.client_data_json) {
        return Err(nobody(Refusal::CrossOrigin));
    }
    let passkey = find(idp, &credential.raw_id).await.map_err(|e| (e.into(), None))?;
    let passkey = passkey.ok_or(nobody(Refusal::UnknownCredential))?;
    let person = Some(passkey.person);
    let (handle, _) = idp
        .webauthn
        .identify_discoverable_authentication(&credential)
        .map_err(|_| (LoginError::Refused(Refusal::WrongUserHandle), person))?;
    if *handle.as_bytes() != passkey.person.0 {
        return Err((LoginError::Refused(Refusal::WrongUserHandle), person));
    }
    let key = passkey
        .to_webauthn()
        .map_err(|e| (LoginError::Internal(e.to_string()), person))?;
    let result = idp
        .webauthn
        .finish_discoverable_authentication_v2(&credential, state, &key)
        .map_err(|e| (LoginError::Refused(Refusal::of(&e)), person))?;
    if !result.user_verified() {
        return Err((LoginError::Refused(Refusal::UserNotVerified), person));
    }
    Ok(Verified { passkey, result })
}

/// Takes the interaction's challenge: one statement, so two attempts cannot share it.
async fn take_challenge(idp: &Idp, interaction: Id<Interaction>) -> Result<DiscoverableAuthentication, LoginError> {
    let cx = &idp.cx;
    let row = cx
        .db
        .run::<_, DbError, _, _>("login.challenge", |tx| async move {
            tx.opt(
                "UPDATE login_challenge SET used_at = $1 WHERE interaction = $2 AND used_at IS NULL AND expires_at > $1
                 RETURNING state",
                params![cx.now(), interaction],
            )
            .await
        })
        .await?;
    let row = row.ok_or(LoginError::Refused(Refusal::NoChallenge))?;
    serde_json::from_str(&row.get::<String>("state")?).map_err(|e| LoginError::Internal(e.to_string()))
}

async fn find(idp: &Idp, credential_id: &[u8]) -> Result<Option<StoredPasskey>, DbError> {
    let row = idp
        .cx
        .db
        .opt(
            "SELECT credential_id, person, cose_key, aaguid, counter, backup_eligible, backup_state FROM passkey
             WHERE credential_id = $1",
            params![credential_id],
        )
        .await?;
    row.as_ref().map(StoredPasskey::read).transpose()
}

/// Counter, session and interaction move together.
async fn log_in(
    idp: &Idp,
    interaction: Id<Interaction>,
    old: Option<&Session>,
    verified: &Verified,
) -> Result<String, LoginError> {
    let (cx, passkey) = (&idp.cx, &verified.passkey);
    let levels = &idp.config.levels;
    let acr = if passkey.backup_eligible {
        levels.passkey_synced
    } else {
        levels.passkey_device_bound
    };
    let authentication = &Authentication {
        time: cx.now(),
        acr,
        amr: Amr::passkey(passkey.backup_eligible),
    };
    let (cookie, hash) = secret::fresh(&*cx.random);
    cx.db
        .run("login", |tx| async move {
            advance_counter(&tx, cx.now(), passkey, &verified.result).await?;
            let session = session::rotate(&tx, cx, old, passkey.person, authentication, hash).await?;
            interaction::logged_in(&tx, interaction, session).await?;
            let detail = json!({"interaction": interaction, "session": session, "means": "passkey", "acr": acr.name()});
            audit::record(&tx, cx, &Event::new("login.succeeded", passkey.person, detail)).await?;
            Ok::<_, LoginError>(())
        })
        .await?;
    Ok(cookie)
}

/// Moves signCount forward in one statement; of two assertions with the same count only one can win.
async fn advance_counter(
    tx: &Tx,
    now: signum_core::Timestamp,
    passkey: &StoredPasskey,
    result: &AuthenticationResult,
) -> Result<(), LoginError> {
    let moved = tx
        .opt(
            "UPDATE passkey SET counter = $1, backup_state = $2, last_used_at = $3
             WHERE credential_id = $4 AND (counter < $1 OR (counter = 0 AND $1 = 0)) RETURNING credential_id",
            params![result.counter(), result.backup_state(), now, &passkey.credential_id],
        )
        .await?;
    moved
        .map(drop)
        .ok_or(LoginError::Refused(Refusal::CounterWentBackwards))
}

async fn refused<T>(
    idp: &Idp,
    interaction: Id<Interaction>,
    person: Option<Id<Person>>,
    why: Refusal,
) -> Result<T, LoginError> {
    tracing::warn!(%interaction, reason = why.code(), "login refused");
    let cx = &idp.cx;
    let subject = person.map_or_else(|| "nobody".to_owned(), |person| person.to_string());
    let event = &Event::new(
        "login.refused",
        subject,
        json!({"interaction": interaction, "reason": why.code()}),
    );
    cx.db
        .run::<_, DbError, _, _>("login.refused", |tx| async move { audit::record(&tx, cx, event).await })
        .await?;
    Err(LoginError::Refused(why))
}

/// `crossOrigin` of clientDataJSON (WebAuthn Level 3 section 5.8.1).
pub(crate) fn made_in_a_frame(client_data: &[u8]) -> bool {
    let data: Json = serde_json::from_slice(client_data).unwrap_or_default();
    data.get("crossOrigin").and_then(Json::as_bool) == Some(true)
        || data.get("topOrigin").is_some_and(|top| !top.is_null())
}
