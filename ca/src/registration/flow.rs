//! A request's way between officers: handed in, agreed to by a second one, rejected.

use std::time::Duration;

use serde_json::json;
use sha2::{Digest, Sha256};
use signum_core::audit::{self, Event};
use signum_core::{Timestamp, Tx, params};

use super::RegistrationError;
use super::applicant::Rules;
use super::envelope::{Envelope, Purpose, Signed, is_now, parse};
use super::issuing;
use super::record::{Record, State};
use super::request::RegistrationRequest;
use super::session::AtDesk;
use crate::issue::{IssueError, Request};
use crate::officer::{Gesture, Role};
use crate::{Service, blocked_key};

/// How long a request waits for its second officer.
const PATIENCE: Duration = Duration::from_secs(7 * 86_400);
/// Longest words of a rejection.
const LONGEST_REASON: usize = 500;

/// Hands a request in. The same one under the same idempotency key gets the same answer; the same one under another key was
/// copied by somebody.
pub(super) async fn create(
    service: &Service,
    at: &AtDesk,
    idempotency_key: &str,
    signed: &Signed,
) -> Result<Record, RegistrationError> {
    let envelope = signed.open()?;
    let taken = take(service, at, idempotency_key, &envelope).await;
    match taken {
        Ok(record) => issuing::go_on(service, record).await,
        Err(error) => Err(recorded(service, at, &envelope.id, error).await),
    }
}

async fn take(
    service: &Service,
    at: &AtDesk,
    idempotency_key: &str,
    envelope: &Envelope,
) -> Result<Record, RegistrationError> {
    let request: RegistrationRequest = parse(&envelope.octets)?;
    // Step 1. It is this officer's, of a desk of theirs.
    if request.officer != at.officer.id {
        return Err(RegistrationError::OtherOfficer);
    }
    if !at.officer.serves(&request.desk, Role::Registration) {
        return Err(RegistrationError::NotOfDesk);
    }
    // Step 2. It is exactly what the officer signed.
    let challenge = Purpose::Certificate.challenge(&envelope.id);
    at.officers
        .list()
        .verify(&at.officer.id, Role::Registration, &envelope.gesture, &challenge)?;
    // Step 3. It was not handed in before.
    if let Some(earlier) = earlier(service, at, idempotency_key, &envelope.id).await? {
        return Ok(earlier);
    }
    is_now(request.made_at, service.cx.now())?;
    // Step 4. Evidence, subject and key are what the profile asks for.
    request.check()?;
    let spki = check_subject_and_key(service, &request, &envelope.id).await?;
    insert(service, idempotency_key, envelope, &request, &spki).await
}

async fn earlier(
    service: &Service,
    at: &AtDesk,
    idempotency_key: &str,
    id: &[u8; 32],
) -> Result<Option<Record>, RegistrationError> {
    let rows = service
        .cx
        .db
        .all(
            "SELECT * FROM registration_request WHERE id = $1 OR (officer = $2 AND idempotency_key = $3)",
            params![id, &at.officer.id, idempotency_key],
        )
        .await?;
    let mut found = None;
    for row in &rows {
        let record = Record::read(row)?;
        match (record.id == *id, record.idempotency_key == idempotency_key) {
            (true, true) => found = Some(record),
            (true, false) => return Err(RegistrationError::Replayed),
            (false, _) => return Err(RegistrationError::IdempotencyMismatch),
        }
    }
    Ok(found)
}

/// Everything the CA would refuse later it refuses now; returns the key's hash.
async fn check_subject_and_key(
    service: &Service,
    request: &RegistrationRequest,
    id: &[u8; 32],
) -> Result<KeyOf, RegistrationError> {
    let leaf = request.leaf(id)?;
    let authority = service
        .authority(leaf.subject.issuer().of(service.config.algorithms))
        .await?;
    let issuer = std::sync::Arc::new(authority.issuer.clone());
    // A card's key has no statement: none is pinned for it.
    let checked = Request::for_leaf(&service.config, &leaf, issuer, None)?;
    Ok(KeyOf {
        spki: Sha256::digest(&checked.spki).into(),
        owner: checked.owner,
        profile: checked.profile.id,
    })
}

/// A key and who it is asked for.
struct KeyOf {
    spki: [u8; 32],
    owner: [u8; 32],
    profile: &'static str,
}

impl KeyOf {
    async fn check(&self, tx: &Tx) -> Result<(), RegistrationError> {
        if blocked_key::is_blocked(tx, &self.spki).await? {
            return Err(IssueError::refused("key_compromised", "this key is blocked").into());
        }
        let known = tx
            .opt(
                "SELECT owner, profile FROM subject_key WHERE spki_sha256 = $1",
                params![self.spki],
            )
            .await?;
        let Some(known) = known else { return Ok(()) };
        if known.get::<[u8; 32]>("owner")? != self.owner || known.get::<String>("profile")? != self.profile {
            let message = "this key is certified for another owner or purpose";
            return Err(IssueError::refused("key_in_use", message).into());
        }
        Ok(())
    }
}

async fn insert(
    service: &Service,
    idempotency_key: &str,
    envelope: &Envelope,
    request: &RegistrationRequest,
    key: &KeyOf,
) -> Result<Record, RegistrationError> {
    let cx = &service.cx;
    let Rules { four_eyes, .. } = request.subject.rules();
    let state = if four_eyes { State::Waiting } else { State::Ready };
    let gesture = &envelope.gesture.to_json().to_string();
    cx.db
        .run("ra.create", |tx| async move {
            key.check(&tx).await?;
            let now = cx.now();
            let new = tx
                .exec(
                    "INSERT INTO registration_request
                         (id, officer, idempotency_key, desk, profile, request, gesture, four_eyes, state, created_at, expires_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
                    params![
                        envelope.id,
                        &request.officer,
                        idempotency_key,
                        &request.desk,
                        key.profile,
                        envelope.octets.clone(),
                        gesture,
                        four_eyes,
                        state.word(),
                        now,
                        now.plus(PATIENCE),
                    ],
                )
                .await?;
            let record = Record::find(&tx, &envelope.id).await;
            if new == 0 {
                // Somebody was faster, with this request or with this idempotency key.
                return match record {
                    Ok(record) if record.idempotency_key == idempotency_key => Ok(record),
                    Ok(_) => Err(RegistrationError::Replayed),
                    Err(_) => Err(RegistrationError::IdempotencyMismatch),
                };
            }
            let detail = json!({ "desk": request.desk, "officer": request.officer, "profile": key.profile });
            audit::record(&tx, cx, &Event::new("registration.requested", hex::encode(envelope.id), detail)).await?;
            record
        })
        .await
}

/// A second officer of the desk agrees.
pub(super) async fn approve(
    service: &Service,
    at: &AtDesk,
    id: &[u8; 32],
    gesture: &Gesture,
) -> Result<Record, RegistrationError> {
    let cx = &service.cx;
    let officer = &at.officer;
    let approved = cx.db.run("ra.approve", |tx| async move {
        let record = of_desk(&tx, at, id).await?;
        if record.officer == officer.id {
            return Err(RegistrationError::SelfApproval);
        }
        let challenge = Purpose::Approval.challenge(id);
        at.officers
            .list()
            .verify(&officer.id, Role::Registration, gesture, &challenge)?;
        if record.state == State::Waiting && record.expires_at <= cx.now() {
            return Err(RegistrationError::Expired);
        }
        let done = tx
            .exec(
                "UPDATE registration_request SET state = 'ready', approver = $2, approval = $3, approved_at = $4
                 WHERE id = $1 AND state = 'waiting'",
                params![id, &officer.id, gesture.to_json().to_string(), cx.now()],
            )
            .await?;
        if done == 0 {
            return Err(RegistrationError::State);
        }
        let detail = json!({ "desk": record.desk, "officer": officer.id });
        audit::record(&tx, cx, &Event::new("registration.approved", hex::encode(id), detail)).await?;
        Record::find(&tx, id).await
    });
    match approved.await {
        Ok(record) => issuing::go_on(service, record).await,
        Err(error) => Err(recorded(service, at, id, error).await),
    }
}

/// An officer of the desk says no, the requester included.
pub(super) async fn reject(
    service: &Service,
    at: &AtDesk,
    id: &[u8; 32],
    reason: &str,
) -> Result<Record, RegistrationError> {
    if reason.trim().is_empty() || reason.chars().count() > LONGEST_REASON || reason.chars().any(char::is_control) {
        return Err(RegistrationError::Malformed(
            "reason: one line of at most 500 characters",
        ));
    }
    let cx = &service.cx;
    cx.db
        .run("ra.reject", |tx| async move {
            let record = of_desk(&tx, at, id).await?;
            let done = tx
                .exec(
                    "UPDATE registration_request SET state = 'rejected', rejected_by = $2, reason = $3, closed_at = $4
                     WHERE id = $1 AND state = 'waiting'",
                    params![id, &at.officer.id, reason, cx.now()],
                )
                .await?;
            if done == 0 {
                return Err(RegistrationError::State);
            }
            let detail = json!({ "desk": record.desk, "officer": at.officer.id });
            audit::record(&tx, cx, &Event::new("registration.rejected", hex::encode(id), detail)).await?;
            Record::find(&tx, id).await
        })
        .await
}

/// A request of one of the officer's desks; of another desk's there is nothing to see.
async fn of_desk(tx: &Tx, at: &AtDesk, id: &[u8; 32]) -> Result<Record, RegistrationError> {
    let record = Record::find(tx, id).await?;
    match at.officer.serves(&record.desk, Role::Registration) {
        true => Ok(record),
        false => Err(RegistrationError::NotFound),
    }
}

/// One request, with the person in it: looking is recorded.
pub(super) async fn look(service: &Service, at: &AtDesk, id: &[u8; 32]) -> Result<Record, RegistrationError> {
    let cx = &service.cx;
    cx.db
        .run("ra.look", |tx| async move {
            let record = of_desk(&tx, at, id).await?;
            let event = Event::new(
                "registration.read",
                hex::encode(id),
                json!({ "officer": at.officer.id }),
            );
            audit::record(&tx, cx, &event).await?;
            Ok(record)
        })
        .await
}

/// Requests of the officer's desks in a state, oldest first, after a time; a page of them.
pub(super) async fn list(
    service: &Service,
    at: &AtDesk,
    state: State,
    after: Timestamp,
) -> Result<Vec<Record>, RegistrationError> {
    let mut found = Vec::new();
    for desk in &at.officer.desks {
        if !at.officer.serves(desk, Role::Registration) {
            continue;
        }
        let rows = service
            .cx
            .db
            .all(
                "SELECT * FROM registration_request WHERE desk = $1 AND state = $2 AND created_at > $3
                 ORDER BY created_at LIMIT 100",
                params![desk, state.word(), after],
            )
            .await?;
        for row in &rows {
            found.push(Record::read(row)?);
        }
    }
    found.sort_by_key(|record| record.created_at);
    found.truncate(100);
    Ok(found)
}

/// A refusal is recorded in a transaction of its own; returns it.
pub(super) async fn recorded(
    service: &Service,
    at: &AtDesk,
    id: &[u8; 32],
    error: RegistrationError,
) -> RegistrationError {
    if error.is_ours() && !matches!(error, RegistrationError::Forged) {
        return error;
    }
    let cx = &service.cx;
    let detail = json!({ "code": error.code(), "officer": at.officer.id });
    let event = &Event::new("registration.refused", hex::encode(id), detail);
    let written =
        cx.db.run::<_, RegistrationError, _, _>(
            "ra.refused",
            |tx| async move { Ok(audit::record(&tx, cx, event).await?) },
        );
    match written.await {
        Ok(()) => error,
        Err(unwritten) => unwritten,
    }
}
