//! What happened, line by line: each entry names the SHA-256 of the line before it, the first that of the ceremony file.
//!
//! A line is on the disk before the deed that it announces, so that a crash leaves nothing that the transcript does not tell.
//! Lines are JSON, one entry each; the octets of a line are what is hashed, whoever reads them.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use signum_core::Timestamp;
use signum_hsm_shim::Attestation;
use signum_hsm_shim::capabilities::{ModuleFacts, TokenFacts};

/// Longest transcript read.
const LONGEST: u64 = 16 * 1024 * 1024;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// From 1.
    pub number: u64,
    /// RFC 3339.
    pub at: String,
    /// Hex SHA-256 of the line before, of the ceremony file for the first.
    pub previous: String,
    pub deed: Deed,
}

/// What was done, or is about to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Deed {
    /// The approvals were verified; nothing was opened yet.
    Opened(Box<Opening>),
    /// After a crash, with the same file and approvals.
    Resumed { binary: String },
    /// The token that was opened, and every key that lay in it.
    Token {
        module: ModuleFacts,
        token: TokenFacts,
        keys: Vec<KeyInToken>,
    },
    /// A key will be made; nothing has this label.
    KeyIntended { label: String, algorithm: String },
    /// It was made, or is found after a crash; the token's attribute report.
    KeyMade {
        label: String,
        algorithm: String,
        public_key: String,
        found_after_a_crash: bool,
        report: Box<KeyAttributes>,
    },
    /// A process that opened the token afterwards has signed with it.
    KeyProven {
        label: String,
        public_key: String,
        /// Over [`proof_message`](super::prove::proof_message), hexadecimal.
        signature: String,
    },
    /// A key that lay in the token before, found to be the one of its certificate.
    KeyUsed {
        label: String,
        public_key: String,
        certificate: String,
        report: Box<KeyAttributes>,
    },
    /// A PKCS#10 request, signed with the key that it names.
    RequestSigned {
        authority: String,
        subject: String,
        public_key: String,
        file: String,
        sha256: String,
    },
    /// These octets were linted without a finding and will be signed.
    CertificateLinted {
        authority: String,
        profile: String,
        subject: String,
        issuer: String,
        serial: String,
        not_before: String,
        not_after: String,
        public_key: String,
        tbs_sha256: String,
        /// DER in hexadecimal: what a resumed ceremony signs.
        tbs: String,
        rules: usize,
        findings: Vec<String>,
    },
    CertificateSigned {
        authority: String,
        tbs_sha256: String,
        file: String,
        sha256: String,
    },
    /// The root's list as it will be signed.
    ListIntended {
        number: u64,
        this_update: String,
        next_update: String,
        /// Serial numbers.
        revoked: Vec<String>,
        tbs_sha256: String,
        tbs: String,
    },
    ListSigned {
        number: u64,
        tbs_sha256: String,
        file: String,
        sha256: String,
    },
    /// Everything is done; every key in the token, every file that came of it.
    Closed {
        keys: Vec<KeyInToken>,
        files: Vec<FileMade>,
    },
}

impl Deed {
    /// What it is, in a few words, for whoever watches.
    pub fn name(&self) -> String {
        match self {
            Self::Opened(opening) => format!("opened: {} approvals", opening.approvals.len()),
            Self::Resumed { .. } => "taken up again".to_owned(),
            Self::Token { token, keys, .. } => format!("token {} {}: {} keys", token.label, token.serial, keys.len()),
            Self::KeyIntended { label, .. } => format!("key {label} intended"),
            Self::KeyMade { label, .. } => format!("key {label} made"),
            Self::KeyProven { label, .. } => format!("key {label} proven"),
            Self::KeyUsed { label, .. } => format!("key {label} used"),
            Self::RequestSigned { authority, .. } => format!("request {authority} signed"),
            Self::CertificateLinted { authority, .. } => format!("certificate {authority} linted"),
            Self::CertificateSigned { authority, .. } => format!("certificate {authority} signed"),
            Self::ListIntended { number, .. } => format!("list {number} intended"),
            Self::ListSigned { number, .. } => format!("list {number} signed"),
            Self::Closed { files, .. } => format!("closed: {} files", files.len()),
        }
    }
}

/// What stands at the head of a transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    pub kind: String,
    pub title: String,
    /// SHA-256 of the ceremony file.
    pub file: String,
    /// Hash of the first list of officers, as it was published.
    pub genesis: String,
    pub list: String,
    pub list_version: u64,
    pub operators_needed: u64,
    /// SHA-256 of the executable.
    pub binary: String,
    /// SHA-256 of the auditor's certificate.
    pub auditor: String,
    pub approvals: Vec<ApprovalMade>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalMade {
    pub officer: String,
    /// SHA-256 of the gesture in its file's form.
    pub gesture: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyInToken {
    pub label: String,
    /// SHA-256 of the SubjectPublicKeyInfo; none of a secret key.
    pub public_key: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileMade {
    pub file: String,
    pub sha256: String,
}

/// S-03: what a key must be, and what it says it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAttributes {
    pub local: bool,
    pub sensitive: bool,
    pub extractable: bool,
    pub always_sensitive: bool,
    pub never_extractable: bool,
    pub generation_mechanism: Option<String>,
    pub rights: Vec<String>,
}

impl From<&Attestation> for KeyAttributes {
    fn from(report: &Attestation) -> Self {
        Self {
            local: report.local,
            sensitive: report.sensitive,
            extractable: report.extractable,
            always_sensitive: report.always_sensitive,
            never_extractable: report.never_extractable,
            generation_mechanism: report.generation_mechanism.clone(),
            rights: report.rights.clone(),
        }
    }
}

impl KeyAttributes {
    /// Made in the token, never outside it.
    pub fn never_left(&self) -> bool {
        self.local && self.sensitive && !self.extractable && self.always_sensitive && self.never_extractable
    }
}

/// Where a transcript breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TranscriptError {
    #[error("transcript: {0}")]
    File(String),
    #[error("transcript: line {line}: {why}")]
    Line { line: u64, why: String },
}

/// Entries that follow from one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    pub entries: Vec<Entry>,
    /// SHA-256 of the last line, of the ceremony file where there is none.
    pub head: [u8; 32],
}

impl Transcript {
    /// Reads and follows the chain that begins at the hash of a ceremony file. A last line that a crash tore is left out
    /// where `torn` allows it; the octets that hold are told.
    pub fn read(text: &[u8], file: &[u8; 32], torn: bool) -> Result<(Self, usize), TranscriptError> {
        let mut this = Self {
            entries: Vec::new(),
            head: *file,
        };
        let mut good = 0;
        for (line, number) in text.split_inclusive(|octet| *octet == b'\n').zip(1_u64..) {
            let wrong = |why: &str| TranscriptError::Line {
                line: number,
                why: why.to_owned(),
            };
            let Some(line) = line.strip_suffix(b"\n") else {
                return if torn {
                    Ok((this, good))
                } else {
                    Err(wrong("is cut off"))
                };
            };
            let entry: Entry = serde_json::from_slice(line).map_err(|error| wrong(&error.to_string()))?;
            if entry.number != number {
                return Err(wrong("has another number"));
            }
            if entry.previous != hex::encode(this.head) {
                return Err(wrong("does not follow from what stands before it"));
            }
            this.head = Sha256::digest(line).into();
            this.entries.push(entry);
            good += line.len() + 1;
        }
        Ok((this, good))
    }

    pub fn opening(&self) -> Option<&Opening> {
        match self.entries.first().map(|entry| &entry.deed) {
            Some(Deed::Opened(opening)) => Some(opening),
            _ => None,
        }
    }

    /// Every file that came of it, if it was brought to its end.
    pub fn files(&self) -> Option<&[FileMade]> {
        match self.entries.last().map(|entry| &entry.deed) {
            Some(Deed::Closed { files, .. }) => Some(files),
            _ => None,
        }
    }

    pub fn deeds(&self) -> impl Iterator<Item = &Deed> {
        self.entries.iter().map(|entry| &entry.deed)
    }
}

/// The transcript that is being written; whoever has it has its lock.
pub(super) struct Writer {
    file: File,
    pub transcript: Transcript,
}

impl Writer {
    /// Begins a transcript, or goes on with the one that is there.
    pub fn open(path: &Path, ceremony: &[u8; 32]) -> Result<Self, TranscriptError> {
        let failed = |error: io::Error| TranscriptError::File(format!("{}: {error}", path.display()));
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(failed)?;
        file.try_lock()
            .map_err(|_| TranscriptError::File("another process writes it".to_owned()))?;
        let mut text = Vec::new();
        (&mut file).take(LONGEST).read_to_end(&mut text).map_err(failed)?;
        let (transcript, good) = Transcript::read(&text, ceremony, true)?;
        if good < text.len() {
            // What is torn announced a deed that was not begun.
            file.set_len(good as u64).map_err(failed)?;
        }
        Ok(Self { file, transcript })
    }

    /// Adds a line; it is on the disk when this returns.
    pub fn write(&mut self, at: Timestamp, deed: Deed) -> Result<&Entry, TranscriptError> {
        let failed = |error: &dyn std::fmt::Display| TranscriptError::File(error.to_string());
        let entry = Entry {
            number: self.transcript.entries.len() as u64 + 1,
            at: at.to_string(),
            previous: hex::encode(self.transcript.head),
            deed,
        };
        let mut line = serde_json::to_vec(&entry).map_err(|error| failed(&error))?;
        self.transcript.head = Sha256::digest(&line).into();
        line.push(b'\n');
        self.file.write_all(&line).map_err(|error| failed(&error))?;
        self.file.sync_all().map_err(|error| failed(&error))?;
        self.transcript.entries.push(entry);
        self.transcript
            .entries
            .last()
            .ok_or_else(|| failed(&"nothing was written"))
    }
}
