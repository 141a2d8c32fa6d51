//! What desks are shown: JSON of the shapes in `openapi.json`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::Value as Json;
use signum_gesture::options::request_options;

use super::envelope::Purpose;
use super::record::{Record, State};
use crate::officer::ListedOfficer;

/// A request in a list: nobody is named.
#[derive(Serialize)]
pub(super) struct Summary {
    pub id: String,
    pub state: &'static str,
    pub profile: String,
    pub desk: String,
    pub officer: String,
    pub four_eyes: bool,
    /// RFC 3339.
    pub created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected_by: Option<String>,
    /// An officer's words, or the CA's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
}

/// A request as it was signed.
#[derive(Serialize)]
pub(super) struct Whole {
    #[serde(flatten)]
    pub summary: Summary,
    /// The signed octets, base64url without padding; empty once erased.
    pub request: String,
    /// For the officer who looks, when they may approve it: options whose challenge is the approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<Json>,
}

impl Summary {
    pub fn of(record: &Record) -> Self {
        Self {
            id: hex::encode(record.id),
            state: record.state.word(),
            profile: record.profile.clone(),
            desk: record.desk.clone(),
            officer: record.officer.clone(),
            four_eyes: record.four_eyes,
            created_at: record.created_at.to_string(),
            approved_by: record.approver.clone(),
            rejected_by: record.rejected_by.clone(),
            reason: record.reason.clone(),
            serial: record.serial.as_ref().map(hex::encode),
        }
    }
}

impl Whole {
    pub fn of(record: &Record, officer: &ListedOfficer) -> Self {
        let may = record.state == State::Waiting && record.officer != officer.id;
        let options = may.then(|| {
            let ids = [officer.authenticator.credential_id.clone()];
            request_options(&Purpose::Approval.challenge(&record.id), &officer.relying_party, &ids)
        });
        Self {
            summary: Summary::of(record),
            request: URL_SAFE_NO_PAD.encode(&record.octets),
            options,
        }
    }
}
