//! Key ceremonies (S-01, EN 319 411-1 section 6.5.1): one file, approved by several operators, carried out once, told line by
//! line, verified by anyone.
//!
//! `file -> Plan -> Approved -> hold -> transcript -> verify -> import`. [`development`] is the short form of a demonstration:
//! everything in one token, at the first start.

mod approval;
mod auditor;
mod describe;
mod development;
mod draft;
mod file;
mod folder;
mod hold;
mod import;
mod linted;
mod note;
mod offline;
mod plan;
mod prove;
mod render;
mod request;
mod root_list;
mod spent;
mod structure;
mod transcript;
mod verify;
mod words;

use signum_hsm_shim::HsmError;

pub use approval::{Approval, ApprovalError, Approved, Circumstances, challenge, check, officers, verify_one};
pub use auditor::{AuditorError, verify_countersignature};
pub use describe::describe;
pub use development::{CeremonyError, Step, Transcript as DevelopmentTranscript};
pub use draft::{Draft, draft};
pub use file::{CeremonyFile, Kind, Reason};
pub use folder::{Folder, FolderError};
pub use hold::{Desk, hold};
pub use import::{ImportError, Imported};
pub(crate) use linted::LintedAuthority;
pub use note::{NoteError, note, note_message, verify_note};
pub use offline::{RevokedAuthority, RootState};
pub use plan::{Plan, PlanError};
pub use prove::{Proof, Prover, sign_proof};
pub use render::{html, text, write_renderings};
pub use structure::{Difference, differences, structure};
pub use transcript::{Deed, Entry, Opening, Transcript, TranscriptError};
pub use verify::{Report, verify};

/// Why a ceremony stopped.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyFault {
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Hsm(#[from] HsmError),
    #[error("encoding: {0}")]
    Encoding(#[from] der::Error),
    #[error("this ceremony has been held before")]
    Spent,
    #[error("the transcript in this folder was closed: this ceremony has been held")]
    Held,
    #[error("the transcript in this folder was opened with another {0}")]
    AnotherOpening(&'static str),
    #[error("the token is {found}, the file names {written}")]
    AnotherToken { written: String, found: String },
    #[error("the token has the key {0} already, and no transcript here tells of it")]
    KeyThere(String),
    #[error("a rehearsal wants an empty token")]
    NotEmpty,
    #[error("the token has a key that no transcript here tells of: {0}")]
    Orphan(String),
    #[error("key {0} may have left the token, or came from elsewhere")]
    Attributes(String),
    #[error("key {label} is not proven: {why}")]
    Unproven { label: String, why: String },
    #[error("key {0} in the token is not the one of its certificate")]
    KeyMismatch(String),
    #[error("linter: {0}")]
    Lint(String),
    #[error("{0}")]
    Input(String),
}
