//! A row of `registration_request`.

use signum_core::db::Row;
use signum_core::{DbError, Timestamp, Tx, params};

use super::RegistrationError;
use super::envelope::{Purpose, parse};
use super::request::RegistrationRequest;
use crate::officer::{Gesture, OfficerList, Role};

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// For a second officer.
    Waiting,
    /// For the CA; it goes on when asked for the certificate.
    Ready,
    Issued,
    /// By the CA.
    Refused,
    /// By an officer.
    Rejected,
    Expired,
}

impl State {
    pub const ALL: [Self; 6] = [
        Self::Waiting,
        Self::Ready,
        Self::Issued,
        Self::Refused,
        Self::Rejected,
        Self::Expired,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::Issued => "issued",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A request and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub id: [u8; 32],
    pub officer: String,
    pub idempotency_key: String,
    pub desk: String,
    pub profile: String,
    pub octets: Vec<u8>,
    pub gesture: String,
    pub four_eyes: bool,
    pub state: State,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub approver: Option<String>,
    pub approval: Option<String>,
    pub rejected_by: Option<String>,
    pub reason: Option<String>,
    pub serial: Option<Vec<u8>>,
    pub chain: Option<String>,
}

impl Record {
    pub fn read(row: &Row) -> Result<Self, DbError> {
        let state: String = row.get("state")?;
        Ok(Self {
            id: row.get("id")?,
            officer: row.get("officer")?,
            idempotency_key: row.get("idempotency_key")?,
            desk: row.get("desk")?,
            profile: row.get("profile")?,
            octets: row.get("request")?,
            gesture: row.get("gesture")?,
            four_eyes: row.get("four_eyes")?,
            state: State::parse(&state).ok_or_else(|| DbError::Column {
                column: "state".to_owned(),
                problem: "has an impossible value".to_owned(),
            })?,
            created_at: row.get("created_at")?,
            expires_at: row.get("expires_at")?,
            approver: row.get("approver")?,
            approval: row.get("approval")?,
            rejected_by: row.get("rejected_by")?,
            reason: row.get("reason")?,
            serial: row.get("serial")?,
            chain: row.get("chain")?,
        })
    }

    pub async fn find(tx: &Tx, id: &[u8; 32]) -> Result<Self, RegistrationError> {
        let row = tx
            .opt("SELECT * FROM registration_request WHERE id = $1", params![id])
            .await?
            .ok_or(RegistrationError::NotFound)?;
        Ok(Self::read(&row)?)
    }

    /// What was signed, after every gesture was verified against the list in force: the database is not believed.
    pub fn verified(&self, list: &OfficerList) -> Result<RegistrationRequest, RegistrationError> {
        use sha2::{Digest, Sha256};
        if <[u8; 32]>::from(Sha256::digest(&self.octets)) != self.id {
            return Err(RegistrationError::Forged);
        }
        let request: RegistrationRequest = parse(&self.octets)?;
        let rules = request.subject.rules();
        if request.officer != self.officer || request.desk != self.desk {
            return Err(RegistrationError::Forged);
        }
        signed_by(
            list,
            &request.officer,
            &request.desk,
            &self.gesture,
            Purpose::Certificate,
            &self.id,
        )?;
        if rules.four_eyes {
            let (Some(approver), Some(approval)) = (&self.approver, &self.approval) else {
                return Err(RegistrationError::Forged);
            };
            if *approver == request.officer {
                return Err(RegistrationError::SelfApproval);
            }
            signed_by(list, approver, &request.desk, approval, Purpose::Approval, &self.id)?;
        }
        Ok(request)
    }
}

fn signed_by(
    list: &OfficerList,
    officer: &str,
    desk: &str,
    gesture: &str,
    purpose: Purpose,
    id: &[u8; 32],
) -> Result<(), RegistrationError> {
    let gesture: Gesture = serde_json::from_str(gesture).map_err(|_| RegistrationError::Forged)?;
    let listed = list.verify(officer, Role::Registration, &gesture, &purpose.challenge(id))?;
    match listed.serves(desk, Role::Registration) {
        true => Ok(()),
        false => Err(RegistrationError::NotOfDesk),
    }
}
