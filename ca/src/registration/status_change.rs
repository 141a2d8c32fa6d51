//! Suspend, reinstate and revoke at a desk: signed as everything else, carried out once.

use serde::{Deserialize, Serialize};
use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::contract::{AskedBy, StatusAction, StatusChange};
use signum_core::{Timestamp, params};

use super::RegistrationError;
use super::envelope::{Envelope, Purpose, Signed, is_nonce, is_now, parse};
use super::flow::recorded;
use super::session::AtDesk;
use crate::Service;
use crate::officer::Role;
use crate::profile::organization_seal;
use crate::profile::{self, Profile, agency_tls, citizen_authentication, citizen_signature, official_signature};

/// Profiles that desks register; nothing else is a desk's to suspend or revoke.
const OF_DESKS: [&Profile; 5] = [
    &citizen_authentication::PROFILE,
    &citizen_signature::PROFILE,
    &official_signature::PROFILE,
    &organization_seal::PROFILE,
    &agency_tls::PROFILE,
];

/// What the officer says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusRequest {
    pub desk: String,
    pub officer: String,
    /// Of the certificate, in hexadecimal.
    pub serial: String,
    pub action: Action,
    /// Why it is revoked: a CRLReason of RFC 5280 section 5.3.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<u8>,
    /// Since when it is doubtful, seconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid_since: Option<i64>,
    pub made_at: i64,
    pub nonce: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Action {
    Suspend,
    Reinstate,
    Revoke,
}

impl StatusRequest {
    fn change(&self) -> Result<StatusChange, RegistrationError> {
        let action = match (self.action, self.reason) {
            (Action::Suspend, None) => StatusAction::Suspend,
            (Action::Reinstate, None) => StatusAction::Reinstate,
            (Action::Revoke, Some(reason)) => StatusAction::Revoke { reason },
            _ => {
                return Err(RegistrationError::Malformed(
                    "reason: with revoke, and with nothing else",
                ));
            }
        };
        let serial = hex::decode(&self.serial).map_err(|_| RegistrationError::Malformed("serial: hexadecimal"))?;
        let mut change = StatusChange::new(&serial, action, AskedBy::Officer(self.officer.clone()));
        change.invalid_since = self.invalid_since.map(Timestamp::from_seconds);
        Ok(change)
    }
}

/// Carries a signed request out. Repeated with its idempotency key it says the same again and does nothing more.
pub(super) async fn change(
    service: &Service,
    at: &AtDesk,
    idempotency_key: &str,
    signed: &Signed,
) -> Result<StatusRequest, RegistrationError> {
    let envelope = signed.open()?;
    match carry_out(service, at, idempotency_key, &envelope).await {
        Ok(request) => Ok(request),
        Err(error) => Err(recorded(service, at, &envelope.id, error).await),
    }
}

async fn carry_out(
    service: &Service,
    at: &AtDesk,
    idempotency_key: &str,
    envelope: &Envelope,
) -> Result<StatusRequest, RegistrationError> {
    let request: StatusRequest = parse(&envelope.octets)?;
    if request.officer != at.officer.id {
        return Err(RegistrationError::OtherOfficer);
    }
    if !at.officer.serves(&request.desk, Role::Revocation) {
        return Err(RegistrationError::NotOfDesk);
    }
    let challenge = Purpose::Status.challenge(&envelope.id);
    at.officers
        .list()
        .verify(&at.officer.id, Role::Revocation, &envelope.gesture, &challenge)?;
    if !is_nonce(&request.nonce) {
        return Err(RegistrationError::Malformed("nonce: 16 octets or more in hexadecimal"));
    }
    let change = request.change()?;
    if claim(service, &request, idempotency_key, envelope).await? {
        return Ok(request);
    }
    // A claim whose change was interrupted may be carried on, but not when the world has moved on.
    is_now(request.made_at, service.cx.now())?;
    for_desks(service, &request, &change).await?;
    service.change(&change).await?;
    done(service, &request, &envelope.id).await?;
    Ok(request)
}

/// Whether it was done before.
async fn claim(
    service: &Service,
    request: &StatusRequest,
    idempotency_key: &str,
    envelope: &Envelope,
) -> Result<bool, RegistrationError> {
    let cx = &service.cx;
    let gesture = &envelope.gesture.to_json().to_string();
    cx.db
        .run("ra.status_claim", |tx| async move {
            tx.exec(
                "INSERT INTO desk_status_request (id, officer, idempotency_key, desk, request, gesture, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
                params![
                    envelope.id,
                    &request.officer,
                    idempotency_key,
                    &request.desk,
                    envelope.octets.clone(),
                    gesture,
                    cx.now()
                ],
            )
            .await?;
            let row = tx
                .opt(
                    "SELECT idempotency_key, done_at FROM desk_status_request WHERE id = $1",
                    params![envelope.id],
                )
                .await?
                .ok_or(RegistrationError::IdempotencyMismatch)?;
            if row.get::<String>("idempotency_key")? != idempotency_key {
                return Err(RegistrationError::Replayed);
            }
            Ok(row.get::<Option<i64>>("done_at")?.is_some())
        })
        .await
}

/// A certificate of a kind that desks register; reinstated only where it was asked for.
async fn for_desks(service: &Service, request: &StatusRequest, change: &StatusChange) -> Result<(), RegistrationError> {
    let row = service
        .cx
        .db
        .opt(
            "SELECT profile, desk FROM certificate WHERE serial = $1 AND certificate IS NOT NULL AND holder IS NULL",
            params![&change.serial],
        )
        .await?
        .ok_or(RegistrationError::NotForDesks)?;
    let profile: String = row.get("profile")?;
    let known = profile::by_id(&profile).is_some_and(|profile| OF_DESKS.iter().any(|own| own.id == profile.id));
    let desk: Option<String> = row.get("desk")?;
    let elsewhere = desk.is_some_and(|desk| desk != request.desk);
    if !known || (request.action == Action::Reinstate && elsewhere) {
        return Err(RegistrationError::NotForDesks);
    }
    Ok(())
}

async fn done(service: &Service, request: &StatusRequest, id: &[u8; 32]) -> Result<(), RegistrationError> {
    let cx = &service.cx;
    cx.db
        .run("ra.status_done", |tx| async move {
            tx.exec(
                "UPDATE desk_status_request SET done_at = $2 WHERE id = $1 AND done_at IS NULL",
                params![id, cx.now()],
            )
            .await?;
            let detail = json!({ "desk": request.desk, "officer": request.officer, "action": request.action });
            audit::record(
                &tx,
                cx,
                &Event::new("registration.status_changed", hex::encode(id), detail),
            )
            .await?;
            Ok(())
        })
        .await
}
