//! A signed tree head as a note (C2SP tlog-checkpoint, signed-note) with two signatures of the log's key: the timestamped
//! Ed25519 signature of C2SP tlog-cosignature (type 0x04) covers size, root and time and is what we believe; the plain one of
//! signed-note (type 0x01) is what the witnesses out there read. Neither message can be taken for the other.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::pkey::{Id, PKey};
use openssl::sign::Verifier;
use sha2::{Digest, Sha256};

use super::tree::{Hash, TreeHead};
use crate::clock::Timestamp;

/// Signature type of a timestamped Ed25519 signature.
const TYPE: u8 = 0x04;
/// Type of a plain Ed25519 signature of the note's text.
const PLAIN: u8 = 0x01;
/// A note holds three lines and a few signatures; what is longer is not ours.
const LONGEST_NOTE: usize = 16 * 1024;

/// Whose checkpoints are believed: the name of the log and its Ed25519 public key (RFC 8032, 32 octets).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    public: [u8; 32],
}

/// What is wrong with a checkpoint or with a verifier key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error("not a checkpoint: {0}")]
    Form(&'static str),
    #[error("not a verifier key: {0}")]
    Key(&'static str),
    #[error("a checkpoint of another log")]
    Origin,
    #[error("carries no signature of this key")]
    Unsigned,
    #[error("its signature does not verify")]
    Signature,
}

impl VerifierKey {
    /// `name` is the log's origin: a URL without scheme, without spaces or plus signs.
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, CheckpointError> {
        if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+') {
            return Err(CheckpointError::Key("a name has neither spaces nor plus signs"));
        }
        Ok(Self {
            name: name.to_owned(),
            public,
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }

    fn id(&self) -> [u8; 4] {
        self.id_as(TYPE)
    }

    /// The first four octets of SHA-256(name ‖ 0x0A ‖ type ‖ key).
    fn id_as(&self, kind: u8) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', kind])
            .chain_update(self.public)
            .finalize();
        let mut id = [0; 4];
        id.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        id
    }

    /// The vkey of the plain signature, as verifiers of signed notes and witnesses ask for it.
    pub fn plain(&self) -> String {
        self.written(PLAIN)
    }

    fn written(&self, kind: u8) -> String {
        let key = STANDARD.encode([&[kind], self.public.as_slice()].concat());
        format!("{}+{}+{key}", self.name, hex::encode(self.id_as(kind)))
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        PKey::public_key_from_raw_bytes(&self.public, Id::ED25519)
            .and_then(|key| Verifier::new_without_digest(&key)?.verify_oneshot(signature, message))
            .unwrap_or(false)
    }
}

/// A vkey: `name+keyid+base64(type ‖ key)`.
impl std::fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.written(TYPE))
    }
}

impl FromStr for VerifierKey {
    type Err = CheckpointError;
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(CheckpointError::Key("name+id+key"));
        };
        let key = STANDARD
            .decode(key)
            .map_err(|_| CheckpointError::Key("the key is not base64"))?;
        let public = match key.split_first() {
            Some((&TYPE, public)) => public.try_into().ok(),
            _ => None,
        };
        let key = Self::new(name, public.ok_or(CheckpointError::Key("not of type 0x04"))?)?;
        if hex::encode(key.id()) != id {
            return Err(CheckpointError::Key("the id is not the one of name and key"));
        }
        Ok(key)
    }
}

/// The head of a log at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log: the name of its verifier key.
    pub origin: String,
    pub head: TreeHead,
    /// In whole seconds.
    pub at: Timestamp,
}

impl Checkpoint {
    /// The three lines of the note's text: what the plain signature covers.
    pub fn text(&self) -> String {
        let TreeHead { size, root } = self.head;
        format!("{}\n{size}\n{}\n", self.origin, STANDARD.encode(root))
    }

    /// What the timestamped signature covers.
    pub fn message(&self) -> Vec<u8> {
        format!("cosignature/v1\ntime {}\n{}", self.at.seconds(), self.text()).into_bytes()
    }

    /// The line with a timestamped signature of [`message`](Self::message): the log's own, or a witness's cosignature.
    pub fn signature_line(&self, key: &VerifierKey, signature: &[u8; 64]) -> String {
        let time = self.at.seconds().to_be_bytes();
        let blob = STANDARD.encode([key.id().as_slice(), &time, signature].concat());
        format!("\u{2014} {} {blob}\n", key.name)
    }

    /// The note with both signatures of the log: of [`message`](Self::message) and of [`text`](Self::text).
    pub fn note(&self, key: &VerifierKey, timed: &[u8; 64], plain: &[u8; 64]) -> String {
        let blob = STANDARD.encode([key.id_as(PLAIN).as_slice(), plain].concat());
        let timed = self.signature_line(key, timed);
        format!("{}\n{timed}\u{2014} {} {blob}\n", self.text(), key.name)
    }

    /// Reads a note that `key`, named as the log, has signed. Signatures of other keys are passed over.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let (origin, head) = Self::text_of(note)?;
        if origin != key.name {
            return Err(CheckpointError::Origin);
        }
        let found = Self::signed_by(note, key)?.ok_or(CheckpointError::Unsigned)?;
        let (_, lines) = parts(note)?;
        let text = found.text();
        for blob in blobs(lines, key) {
            let plain = blob?;
            if let Some(signature) = plain.strip_prefix(&key.id_as(PLAIN)) {
                key.verifies(text.as_bytes(), signature)
                    .then_some(())
                    .ok_or(CheckpointError::Signature)?;
            }
        }
        Ok(Self { head, ..found })
    }

    /// Origin and head of a note, whoever signed it or did not.
    pub(super) fn text_of(note: &str) -> Result<(String, TreeHead), CheckpointError> {
        read_text(parts(note)?.0)
    }

    /// What the timestamped signature of `key` on this note says: the log's own, or a witness's at its time. `None` where the
    /// key has not signed; an error where it should have.
    pub fn signed_by(note: &str, key: &VerifierKey) -> Result<Option<Self>, CheckpointError> {
        let (text, lines) = parts(note)?;
        let (origin, head) = read_text(text)?;
        for blob in blobs(lines, key) {
            let blob = blob?;
            let Some(rest) = blob.strip_prefix(&key.id()) else {
                continue;
            };
            let (time, signature) = rest
                .split_first_chunk::<8>()
                .ok_or(CheckpointError::Form("a signature without a time"))?;
            let checkpoint = Self {
                origin,
                head,
                at: Timestamp::from_seconds(i64::from_be_bytes(*time)),
            };
            return match key.verifies(&checkpoint.message(), signature) {
                true => Ok(Some(checkpoint)),
                false => Err(CheckpointError::Signature),
            };
        }
        Ok(None)
    }
}

/// Text and signature lines, both without their last newline.
fn parts(note: &str) -> Result<(&str, &str), CheckpointError> {
    if note.len() > LONGEST_NOTE {
        return Err(CheckpointError::Form("too long"));
    }
    let (text, lines) = note
        .rsplit_once("\n\n")
        .ok_or(CheckpointError::Form("no empty line before the signatures"))?;
    let lines = lines
        .strip_suffix('\n')
        .ok_or(CheckpointError::Form("no newline at its end"))?;
    Ok((text, lines))
}

/// Key id and signature of every line that bears the name of this key.
fn blobs(lines: &str, key: &VerifierKey) -> impl Iterator<Item = Result<Vec<u8>, CheckpointError>> {
    let prefix = format!("\u{2014} {} ", key.name);
    let decode = |blob: &str| match STANDARD.decode(blob) {
        Ok(blob) if blob.len() < 4 => Err(CheckpointError::Form("a signature is too short")),
        Ok(blob) => Ok(blob),
        Err(_) => Err(CheckpointError::Form("a signature is not base64")),
    };
    let of_key: Vec<_> = lines
        .split('\n')
        .filter_map(|line| line.strip_prefix(&prefix).map(decode))
        .collect();
    of_key.into_iter()
}

/// Origin, size in plain decimal, root in base64; extension lines, which our logs never write, are refused.
fn read_text(text: &str) -> Result<(String, TreeHead), CheckpointError> {
    let lines: Vec<&str> = text.split('\n').collect();
    let [origin, size, root] = lines.as_slice() else {
        return Err(CheckpointError::Form("not three lines"));
    };
    let number = size.parse::<u64>().ok().filter(|n| n.to_string() == *size);
    let root: Option<Hash> = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok());
    match (number, root) {
        (Some(size), Some(root)) => Ok(((*origin).to_owned(), TreeHead { size, root })),
        (None, _) => Err(CheckpointError::Form("its size is not a number")),
        (_, None) => Err(CheckpointError::Form("its root is not a hash")),
    }
}

#[cfg(test)]
mod tests;
