//! Log-in with a passkey (WebAuthn Level 3 section 7.2): discoverable, user verification required, one challenge one attempt.

use async_trait::async_trait;
use serde_json::Value as Json;
use signum_core::{DbError, Id, Timestamp, Tx, params};
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, PublicKeyCredential, RequestChallengeResponse, WebauthnError,
};

use super::{Admitted, LoginError, Outcome, Spend, Visit};
use crate::interaction::Interaction;
use crate::passkey::StoredPasskey;
use crate::people::Person;
use crate::service::Idp;
use crate::session::Amr;
use crate::worth::Authenticator;

/// The name of this means in the audit log and in addresses.
pub(crate) const NAME: &str = "passkey";

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

impl From<Refusal> for LoginError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.code())
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

/// Verifies an assertion and logs in. Whatever happens, the challenge is spent.
pub(crate) async fn finish(idp: &Idp, visit: &Visit, credential: Json) -> Result<Admitted, LoginError> {
    let verified = match verify(idp, visit.interaction, credential).await {
        Ok(verified) => verified,
        Err((LoginError::Refused(why), person)) => return super::refuse(idp, visit, NAME, person, why).await,
        Err((other, _)) => return Err(other),
    };
    let passkey = &verified.passkey;
    let held = if passkey.backup_eligible {
        Authenticator::PasskeySynced
    } else {
        Authenticator::PasskeyDeviceBound
    };
    let outcome = Outcome {
        person: passkey.person,
        level: idp.config.levels.worth(held).level,
        amr: Amr::passkey(passkey.backup_eligible).values(),
    };
    super::admit(idp, visit, NAME, &outcome, &verified).await
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
    let nobody = |why: Refusal| (why.into(), None);
    let state = take_challenge(idp, interaction).await.map_err(|e| (e, None))?;
    let credential: PublicKeyCredential = serde_json::from_value(credential).map_err(|_| nobody(Refusal::Malformed))?;
    // The library ignores crossOrigin in assertions; an embedded page must not log anyone in.
    if made_in_a_frame(&credential.response.client_data_json) {
        return Err(nobody(Refusal::CrossOrigin));
    }
    let stored = find(idp, &credential.raw_id).await.map_err(|e| (e.into(), None))?;
    let person = stored.as_ref().map(|passkey| passkey.person);
    let handle = idp.webauthn.identify_discoverable_authentication(&credential);
    let handle = handle.map(|(handle, _)| *handle.as_bytes()).ok();
    // Everybody's signature is verified before anything is said: nobody learns by the time taken what is registered here.
    let decoy = || StoredPasskey::decoy(&credential.raw_id, Id::new(&*idp.cx.random));
    let key = stored.clone().unwrap_or_else(decoy).to_webauthn();
    let key = key.map_err(|e| (LoginError::Internal(e.to_string()), person))?;
    metrics::counter!("idp_passkey_verifications_total").increment(1);
    let result = idp
        .webauthn
        .finish_discoverable_authentication_v2(&credential, state, &key);
    let passkey = stored.ok_or(nobody(Refusal::UnknownCredential))?;
    if handle != Some(passkey.person.0) {
        return Err((Refusal::WrongUserHandle.into(), person));
    }
    let result = result.map_err(|e| (Refusal::of(&e).into(), person))?;
    if !result.user_verified() {
        return Err((Refusal::UserNotVerified.into(), person));
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
    let row = row.ok_or(Refusal::NoChallenge)?;
    serde_json::from_str(&row.get::<String>("state")?).map_err(|e| LoginError::Internal(e.to_string()))
}

async fn find(idp: &Idp, credential_id: &[u8]) -> Result<Option<StoredPasskey>, DbError> {
    let row = idp
        .cx
        .db
        .opt(
            "SELECT credential_id, person, cose_key, aaguid, counter, backup_eligible, backup_state FROM passkey
             WHERE credential_id = $1 AND suspended_at IS NULL",
            params![credential_id],
        )
        .await?;
    row.as_ref().map(StoredPasskey::read).transpose()
}

#[async_trait]
impl Spend for Verified {
    async fn spend(&self, tx: &Tx, now: Timestamp) -> Result<(), LoginError> {
        advance_counter(tx, now, &self.passkey, &self.result).await
    }

    fn credential(&self) -> Option<&[u8]> {
        Some(&self.passkey.credential_id)
    }
}

/// Moves signCount forward in one statement; of two assertions with the same count only one can win.
async fn advance_counter(
    tx: &Tx,
    now: Timestamp,
    passkey: &StoredPasskey,
    result: &AuthenticationResult,
) -> Result<(), LoginError> {
    let moved = tx
        .opt(
            "UPDATE passkey SET counter = $1, backup_state = $2, last_used_at = $3
             WHERE credential_id = $4 AND suspended_at IS NULL AND (counter < $1 OR (counter = 0 AND $1 = 0))
             RETURNING credential_id",
            params![result.counter(), result.backup_state(), now, &passkey.credential_id],
        )
        .await?;
    moved.map(drop).ok_or_else(|| Refusal::CounterWentBackwards.into())
}

/// `crossOrigin` of clientDataJSON (WebAuthn Level 3 section 5.8.1).
pub(crate) fn made_in_a_frame(client_data: &[u8]) -> bool {
    let data: Json = serde_json::from_slice(client_data).unwrap_or_default();
    data.get("crossOrigin").and_then(Json::as_bool) == Some(true)
        || data.get("topOrigin").is_some_and(|top| !top.is_null())
}
