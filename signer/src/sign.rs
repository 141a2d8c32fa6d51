//! Signing a PDF: upload, the person's gesture over commitment C, the module's signature, the timestamp.
//!
//! ARCHITECTURE "Sign a PDF". `Prepared -> Digested -> Signed -> Timestamped` are moved from step to step; a signature is made
//! once for a gesture and is never made again: what is interrupted after it goes on from the stored signature.

mod activate;
mod due;
mod evidence;
mod finish;
pub(crate) mod quota;
mod settle;
mod stage;
mod ticket;
mod upload;

#[cfg(test)]
mod tests;

use signum_activation::protocol::Ticket;
use signum_activation::{Commitment, CommittedDocument, DisplayClass};
use signum_core::contract::ContractError;
use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, Timestamp, params, retry_on_db_conflict};
use signum_gesture::GestureError;
use signum_pki::TimeStampError;

use crate::cms::CmsError;
use crate::enrol::Certified;
use crate::module::ModuleError;
use crate::pades::{ByteRange, PdfRefused};
use crate::person::Reference;

pub(crate) use activate::sign;
pub(crate) use due::{finish_all, try_again};
pub(crate) use evidence::evidence;
pub(crate) use quota::Quota;
pub(crate) use stage::Stage;
pub(crate) use ticket::options;
pub(crate) use upload::{Upload, upload};

/// Signature format and level, as the commitment names it.
pub(crate) const FORMAT: &str = "PAdES-B-T";
/// The service a signature is made for: the person's own desk.
pub(crate) const CLIENT: &str = "desk";
/// `failure` of a document of which nobody will know whether it was signed.
pub(crate) const OUTCOME_UNKNOWN: &str = "outcome_unknown";

/// A document on its way to a signature; its octets stay in the database until they are needed.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub id: Id<Document>,
    pub person: Reference,
    pub credential: [u8; 16],
    /// What the person was shown as its name.
    pub name: String,
    /// Octets of the upload.
    pub size: usize,
    pub pages: u32,
    /// SHA-256 of the upload.
    pub original: [u8; 32],
    pub byte_range: ByteRange,
    /// SHA-256 over the ByteRange.
    pub digest: [u8; 32],
    pub uploaded_at: Timestamp,
    pub stage: Stage,
}

impl Document {
    /// What the person's gesture agrees to, from what is stored; never from what the browser says.
    pub(crate) fn commitment(&self, certified: &Certified, ticket: &Ticket) -> Commitment {
        Commitment {
            transaction: self.id.0,
            person: self.person,
            client: CLIENT.to_owned(),
            credential: self.credential,
            certificate: sha2::Digest::finalize(<sha2::Sha256 as sha2::Digest>::new_with_prefix(
                &certified.certificate,
            ))
            .into(),
            format: FORMAT.to_owned(),
            documents: vec![CommittedDocument {
                original: self.original,
                byte_range: self.digest,
                label: self.name.clone(),
            }],
            display: DisplayClass::Shown,
            deadline: ticket.deadline,
            nonce: ticket.nonce,
        }
    }
}

/// Why a document is not signed (now).
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignError {
    #[error("no such document")]
    NotFound,
    #[error("no signing credential")]
    NotEnrolled,
    #[error("PDF: {0}")]
    Pdf(#[from] PdfRefused),
    #[error("quota: {0}")]
    Quota(#[from] Quota),
    #[error("too many documents are being read, or the service is stopping")]
    Busy,
    /// The transaction was used, is over, or was never begun.
    #[error("this transaction cannot be used (any more)")]
    Used,
    #[error("the transaction's time is over")]
    Expired,
    #[error("the document waited too long for its signature")]
    TooOld,
    #[error("gesture: {0}")]
    Gesture(#[from] GestureError),
    #[error("the stored document is not what was uploaded")]
    Altered,
    #[error("module: {0}")]
    Module(#[from] ModuleError),
    #[error("certificate status: {0}")]
    Status(ContractError),
    #[error("time stamp: {0}")]
    TimeStamping(ContractError),
    #[error("time stamp: {0}")]
    TimeStamp(#[from] TimeStampError),
    #[error("CMS: {0}")]
    Cms(#[from] CmsError),
    #[error("the work was interrupted")]
    Interrupted,
    #[error("the module is still at work")]
    Unsettled,
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(SignError);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, person, credential, name, size, pages, original_digest, first_length, second_start, second_length, ",
            "digest, state, uploaded_at, ticket_nonce, ticket_deadline, ticket_mac, signed_attributes, signature, signed_at, ",
            "timestamp_at, failure, attempts, next_attempt_at FROM document ",
            $rest
        )
    };
}
pub(crate) use select;

/// The document with this id, if it is this person's.
pub(crate) async fn find(cx: &Cx, id: Id<Document>, person: &Reference) -> Result<Document, SignError> {
    let row = cx
        .db
        .opt(select!("WHERE id = $1 AND person = $2"), params![id, person])
        .await?;
    Ok(read(&row.ok_or(SignError::NotFound)?)?)
}

/// The person's documents, newest first.
pub(crate) async fn of_person(cx: &Cx, person: &Reference) -> Result<Vec<Document>, DbError> {
    let rows = cx
        .db
        .all(
            select!("WHERE person = $1 ORDER BY uploaded_at DESC, id LIMIT 50"),
            params![person],
        )
        .await?;
    rows.iter().map(read).collect()
}

/// The signed file and the name it was uploaded under.
pub(crate) async fn signed_pdf(cx: &Cx, id: Id<Document>, person: &Reference) -> Result<(String, Vec<u8>), SignError> {
    let row = cx
        .db
        .opt(
            "SELECT name, signed_pdf FROM document WHERE id = $1 AND person = $2 AND state = 'done'",
            params![id, person],
        )
        .await?
        .ok_or(SignError::NotFound)?;
    Ok((row.get("name")?, row.get("signed_pdf")?))
}

fn read(row: &Row) -> Result<Document, DbError> {
    let number = |column: &str| -> Result<usize, DbError> {
        let value: i64 = row.get(column)?;
        usize::try_from(value).map_err(|_| crate::enrol::impossible(column, "negative"))
    };
    Ok(Document {
        id: row.get("id")?,
        person: row.get("person")?,
        credential: row.get("credential")?,
        name: row.get("name")?,
        size: number("size")?,
        pages: row.get("pages")?,
        original: row.get("original_digest")?,
        byte_range: ByteRange {
            first_length: number("first_length")?,
            second_start: number("second_start")?,
            second_length: number("second_length")?,
        },
        digest: row.get("digest")?,
        uploaded_at: row.get("uploaded_at")?,
        stage: Stage::parse(row)?,
    })
}
