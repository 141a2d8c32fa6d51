//! How far a document has come, with what it has by then; and the proofs that are handed from step to step.

use signum_activation::protocol::{DocumentSignature, Ticket};
use signum_core::db::Row;
use signum_core::{DbError, Timestamp};

use super::Document;
use crate::enrol::{Certified, impossible};
use crate::pades::{ByteRange, digest};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Uploaded, with room for the signature.
    Prepared,
    /// The module gave nonce and deadline; the person is asked for the gesture.
    Digested(Ticket),
    /// The gesture came and the ticket is used up; the module works.
    Consumed,
    /// Whether the module signed is not known yet; it is asked.
    Unknown,
    /// The module signed; the timestamp is missing.
    Signed(DocumentSignature, Timestamp),
    /// Signed; the timestamp was tried in vain too often. The signature stays stored.
    Unfinished,
    /// Signed at the time of the timestamp.
    Done(Timestamp),
    /// Over; the code says why.
    Failed(String),
}

impl Stage {
    pub(super) fn parse(row: &Row) -> Result<Self, DbError> {
        let state: String = row.get("state")?;
        Ok(match state.as_str() {
            "prepared" => Self::Prepared,
            "digested" => Self::Digested(Ticket {
                nonce: row.get("ticket_nonce")?,
                deadline: row.get("ticket_deadline")?,
                mac: row.get("ticket_mac")?,
            }),
            "consumed" => Self::Consumed,
            "unknown" => Self::Unknown,
            "unfinished" => Self::Unfinished,
            "signed" => Self::Signed(
                DocumentSignature {
                    signed_attributes: row.get("signed_attributes")?,
                    signature: row.get("signature")?,
                },
                row.get("signed_at")?,
            ),
            "done" => Self::Done(row.get("timestamp_at")?),
            "failed" => Self::Failed(row.get("failure")?),
            _ => return Err(impossible("state", "unknown state")),
        })
    }

    /// The word of `GET /documents/{id}/status`.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Prepared | Self::Digested(_) => "open",
            Self::Consumed | Self::Signed(..) => "working",
            Self::Unknown => "unknown",
            Self::Unfinished => "unfinished",
            Self::Done(_) => "done",
            Self::Failed(_) => "failed",
        }
    }
}

/// A transaction that this call alone has consumed.
#[derive(Debug)]
pub(super) struct Consumed {
    pub document: Document,
    pub ticket: Ticket,
    /// The prepared file as it is stored now.
    pub bytes: Vec<u8>,
}

/// A consumed transaction whose stored octets still have the digests that the gesture was asked for.
#[derive(Debug)]
pub(super) struct Digested {
    pub document: Document,
    pub ticket: Ticket,
}

impl Consumed {
    /// Computes both digests again from the stored octets; the document comes back when they differ.
    pub(super) fn digest(self) -> Result<Digested, Box<Document>> {
        let document = self.document;
        match is_as_uploaded(&document, &self.bytes) {
            true => Ok(Digested {
                document,
                ticket: self.ticket,
            }),
            false => Err(Box::new(document)),
        }
    }
}

/// Whether `bytes` are the prepared form of exactly what was uploaded.
pub(super) fn is_as_uploaded(document: &Document, bytes: &[u8]) -> bool {
    use sha2::{Digest, Sha256};
    let original = bytes.get(..document.size).map(Sha256::digest);
    original.is_some_and(|hash| hash.as_slice() == document.original)
        && digest(bytes, document.byte_range) == Some(document.digest)
}

/// A signature of the module, not yet timestamped; may be taken up again any number of times.
#[derive(Debug)]
pub(super) struct Signed {
    pub document: Document,
    pub signature: DocumentSignature,
    pub certified: Certified,
    pub bytes: Vec<u8>,
}

impl Signed {
    /// The octets that the signature is over.
    pub(super) fn content(&self) -> Option<Vec<u8>> {
        let ByteRange {
            first_length,
            second_start,
            ..
        } = self.document.byte_range;
        let first = self.bytes.get(..first_length)?;
        let second = self.bytes.get(second_start..)?;
        Some([first, second].concat())
    }
}

/// The finished file; only a CMS that was checked gets here.
#[derive(Debug)]
pub(super) struct Timestamped {
    pub document: Document,
    pub pdf: Vec<u8>,
    /// genTime of the timestamp.
    pub time: Timestamp,
}
