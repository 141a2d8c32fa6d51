//! Promotion to production: what one officer asks for another one agrees to, and then it is done, once. Both make a gesture over
//! the request's hash, which covers the client as it is at that moment; that they are two is the database's business as well
//! (`migrations/idp/0006_registration.sql`), and both gestures are verified when it is done, so rows that somebody wrote open
//! nothing.

mod officers;
mod request;

use serde_json::{Value as Json, json};
use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError, Tx, params, retry_on_db_conflict};
use signum_gesture::GestureError;

use super::document::Document;
use super::look::{self, Stored};
use super::store::json as text;
use super::{ClientError, Profile, Realm, Status, rules, store};
use crate::jose::Algorithm;
use crate::keys;

pub use officers::{Officers, OfficersError};
pub use request::PromotionRequest;

/// Why a promotion is not asked for, not agreed to, or not made. Officers are named by their ids only.
#[derive(Debug, thiserror::Error)]
pub enum PromotionError {
    #[error("no officers are configured: set idp.registration.officers")]
    NoOfficers,
    #[error("{0} is no officer of idp.registration.officers")]
    UnknownOfficer(String),
    #[error("the gesture of {officer} is refused: {problem}")]
    Gesture { officer: String, problem: GestureError },
    #[error("the request: {0}")]
    Malformed(&'static str),
    #[error("no client of this id, or it is stopped")]
    UnknownClient,
    #[error("the client is in production, and its owner proposed no change")]
    NothingToPromote,
    #[error("the client cannot be in production: {0}")]
    Rule(ClientError),
    #[error("no such request")]
    UnknownRequest,
    #[error("who asked for it does not approve it")]
    SelfApproval,
    #[error("the request is over: ask anew")]
    Expired,
    #[error("the request was used before")]
    Spent,
    #[error("the client is another than when it was asked for: look at it and ask anew")]
    Changed,
    #[error("a stored gesture or request is not what its officer made")]
    Forged,
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(PromotionError);

impl PromotionError {
    /// Stable name, for audit.
    const fn code(&self) -> &'static str {
        match self {
            Self::NoOfficers => "no_officers",
            Self::UnknownOfficer(_) => "unknown_officer",
            Self::Gesture { .. } => "gesture_refused",
            Self::Malformed(_) => "malformed",
            Self::UnknownClient => "unknown_client",
            Self::NothingToPromote => "nothing_to_promote",
            Self::Rule(_) => "rule",
            Self::UnknownRequest => "unknown_request",
            Self::SelfApproval => "self_approval",
            Self::Expired => "expired",
            Self::Spent => "spent",
            Self::Changed => "changed",
            Self::Forged => "forged",
            Self::Db(_) => "database",
        }
    }
}

/// What would be in force, and its sector.
fn wanted(stored: &Stored, offered: &[Algorithm]) -> Result<(Document, String), PromotionError> {
    if stored.status != Status::Active {
        return Err(PromotionError::UnknownClient);
    }
    let document = match (stored.realm, &stored.proposed) {
        (Realm::Sandbox, _) => &stored.document,
        (Realm::Production, Some(proposed)) => proposed,
        (Realm::Production, None) => return Err(PromotionError::NothingToPromote),
    };
    let words = store::words(&document.name).and_then(|()| store::words(&document.purpose));
    words.map_err(PromotionError::Rule)?;
    let (profile, metadata) = (document.profile, &document.metadata);
    let has_secret = stored.secret_hash.is_some();
    if profile != Profile::Native {
        rules::no_plain_http(metadata).map_err(PromotionError::Rule)?;
    }
    let id = &stored.client_id;
    let sector = rules::check(id, Realm::Production, profile, metadata, has_secret, offered);
    Ok((document.clone(), sector.map_err(PromotionError::Rule)?))
}

/// What officers say of a client beyond what its owner does. What is not said stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms<'a> {
    /// The law that lets the service have the personal number.
    pub legal_basis: Option<&'a str>,
    /// Networks (CIDR) from which it may ask for tokens; an empty list: from anywhere.
    pub token_networks: Option<&'a [String]>,
}

/// What an officer would ask for: the client as it is now.
pub async fn draft(
    cx: &Cx,
    client_id: &str,
    requester: &str,
    terms: Terms<'_>,
    hours: u64,
) -> Result<PromotionRequest, PromotionError> {
    let stored = look::one(cx, client_id).await?.ok_or(PromotionError::UnknownClient)?;
    let (document, _) = wanted(&stored, &keys::offered(cx).await?)?;
    let lives = std::time::Duration::from_secs(hours.saturating_mul(3_600));
    let basis = terms.legal_basis.or(stored.legal_basis.as_deref());
    let networks = terms.token_networks.unwrap_or(&stored.token_networks);
    let request = PromotionRequest::new(
        client_id,
        &document,
        (basis, networks),
        requester,
        (cx.now(), lives),
        &*cx.random,
    );
    request.check(cx.now())?;
    Ok(request)
}

/// An officer asks. Asked again it is the same request.
pub async fn ask(
    cx: &Cx,
    officers: &Officers,
    request: &PromotionRequest,
    gesture: &Json,
) -> Result<[u8; 32], PromotionError> {
    let asked = asked(cx, officers, request, gesture).await;
    refused(cx, &request.client_id, &request.requester, asked.as_ref().err()).await?;
    asked
}

async fn asked(
    cx: &Cx,
    officers: &Officers,
    request: &PromotionRequest,
    gesture: &Json,
) -> Result<[u8; 32], PromotionError> {
    officers.verify(&request.requester, gesture, &request.asked())?;
    request.check(cx.now())?;
    let stored = look::one(cx, &request.client_id).await?;
    let stored = stored.ok_or(PromotionError::UnknownClient)?;
    let (document, _) = wanted(&stored, &keys::offered(cx).await?)?;
    if !request.is_of(&document) {
        return Err(PromotionError::Changed);
    }
    let id = request.hash();
    cx.db
        .run("client.ask_promotion", |tx| async move {
            let new = tx
                .exec(
                    "INSERT INTO client_promotion (id, client_id, request, requester, gesture, made_at, expires_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
                    params![
                        id,
                        &request.client_id,
                        text(request),
                        &request.requester,
                        gesture.to_string(),
                        request.made_at.saturating_mul(1_000_000),
                        request.expires_at.saturating_mul(1_000_000)
                    ],
                )
                .await?;
            if new == 1 {
                let detail = json!({"officer": request.requester, "request": hex::encode(id)});
                let event = Event::new("client.promotion_asked", &request.client_id, detail);
                audit::record(&tx, cx, &event).await?;
            }
            Ok(id)
        })
        .await
}

/// Another officer agrees, and the client is in production.
pub async fn approve(
    cx: &Cx,
    officers: &Officers,
    id: &[u8; 32],
    officer: &str,
    gesture: &Json,
) -> Result<PromotionRequest, PromotionError> {
    let offered = &keys::offered(cx).await?;
    let approved = cx.db.run("client.promote", |tx| async move {
        let (request, asked) = find(&tx, id).await?;
        if officer == request.requester {
            return Err(PromotionError::SelfApproval);
        }
        officers.verify(officer, gesture, &request.approved())?;
        officers
            .verify(&request.requester, &asked, &request.asked())
            .map_err(|_| PromotionError::Forged)?;
        if request.expires_at <= cx.now().seconds() {
            return Err(PromotionError::Expired);
        }
        let spend = "UPDATE client_promotion SET approver = $1, approver_gesture = $2, spent_at = $3
             WHERE id = $4 AND spent_at IS NULL AND requester <> $1";
        if tx
            .exec(spend, params![officer, gesture.to_string(), cx.now(), id])
            .await?
            == 0
        {
            return Err(PromotionError::Spent);
        }
        promote(&tx, cx, &request, officer, offered).await?;
        Ok(request)
    });
    let approved = approved.await;
    refused(cx, &hex::encode(id), officer, approved.as_ref().err()).await?;
    approved
}

/// Puts in force what was asked for, if the client still is that.
async fn promote(
    tx: &Tx,
    cx: &Cx,
    request: &PromotionRequest,
    approver: &str,
    offered: &[Algorithm],
) -> Result<(), PromotionError> {
    let stored = look::locked(tx, &request.client_id).await?;
    let stored = stored.ok_or(PromotionError::UnknownClient)?;
    let (document, sector) = wanted(&stored, offered)?;
    if !request.is_of(&document) {
        return Err(PromotionError::Changed);
    }
    let basis = request.legal_basis.as_deref();
    let networks = request.token_networks.join(" ");
    tx.exec(
        "UPDATE client SET realm = 'production', profile = $1, name = $2, purpose = $3, metadata = $4, sector = $5,
            legal_basis_personal_number = $6, legal_basis = $7, proposed = NULL, changed_at = $8, token_networks = $10 WHERE client_id = $9",
        params![
            document.profile.name(),
            text(&document.name),
            text(&document.purpose),
            text(&document.metadata),
            sector,
            basis.is_some(),
            basis,
            cx.now(),
            &request.client_id,
            (!networks.is_empty()).then_some(networks.as_str())
        ],
    )
    .await?;
    let detail = json!({"requester": request.requester, "approver": approver, "legal_basis": basis,
        "token_networks": networks,
        "request": hex::encode(request.hash())});
    Ok(audit::record(tx, cx, &Event::new("client.promoted", &request.client_id, detail)).await?)
}

async fn find(tx: &Tx, id: &[u8; 32]) -> Result<(PromotionRequest, Json), PromotionError> {
    let sql = "SELECT request, requester, gesture, spent_at FROM client_promotion WHERE id = $1";
    let row = tx.opt(sql, params![id]).await?.ok_or(PromotionError::UnknownRequest)?;
    if row.get::<Option<i64>>("spent_at")?.is_some() {
        return Err(PromotionError::Spent);
    }
    let request: PromotionRequest =
        serde_json::from_str(&row.get::<String>("request")?).map_err(|_| PromotionError::Forged)?;
    if request.hash() != *id || request.requester != row.get::<String>("requester")? {
        return Err(PromotionError::Forged);
    }
    let gesture = serde_json::from_str(&row.get::<String>("gesture")?).map_err(|_| PromotionError::Forged)?;
    Ok((request, gesture))
}

/// Requests that wait for another officer, with the hash that names them.
pub async fn waiting(cx: &Cx) -> Result<Vec<([u8; 32], PromotionRequest)>, PromotionError> {
    let sql = "SELECT id, request FROM client_promotion WHERE spent_at IS NULL AND expires_at > $1 ORDER BY made_at LIMIT 200";
    let rows = cx.db.all(sql, params![cx.now()]).await?;
    let read = |row: &signum_core::db::Row| {
        let text: String = row.get("request")?;
        let request = serde_json::from_str(&text).map_err(|_| PromotionError::Forged)?;
        Ok((row.get("id")?, request))
    };
    rows.iter().map(read).collect()
}

/// A refusal is recorded in a transaction of its own.
async fn refused(cx: &Cx, subject: &str, officer: &str, error: Option<&PromotionError>) -> Result<(), PromotionError> {
    let Some(error) = error.filter(|error| !matches!(error, PromotionError::Db(_))) else {
        return Ok(());
    };
    let detail = match error {
        // An id that nobody has may be anything.
        PromotionError::UnknownOfficer(_) => json!({"code": error.code()}),
        error => json!({"code": error.code(), "officer": officer}),
    };
    let event = &Event::new("client.promotion_refused", subject, detail);
    cx.db
        .run("client.promotion_refused", |tx| async move {
            Ok(audit::record(&tx, cx, event).await?)
        })
        .await
}
