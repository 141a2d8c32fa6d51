//! The online side's word on a transcript: a signed note (C2SP signed-note, Ed25519, type 0x01) of the key that signs the CA's
//! audit checkpoints. A checkpoint's signature covers `cosignature/v1`, this one its own first line: neither is the other.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::pkey::{Id, PKey};
use openssl::sign::Verifier;
use sha2::{Digest, Sha256};
use signum_core::audit::VerifierKey;

use super::transcript::Transcript;

/// Signature type of plain Ed25519.
const TYPE: u8 = 0x01;

/// Why a note is not the key's over this transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("the note is about another transcript")]
    Another,
    #[error("the note carries no signature of this key")]
    Unsigned,
    #[error("the note's signature does not verify")]
    Signature,
}

/// The text of the note, which is what is signed: lines and hash of the last line.
pub fn note_message(key: &VerifierKey, transcript: &Transcript) -> String {
    let (lines, head) = (transcript.entries.len(), hex::encode(transcript.head));
    format!("signum-ceremony-transcript/v1\n{}\n{lines}\n{head}\n", key.name())
}

/// The first four octets of SHA-256(name ‖ 0x0A ‖ type ‖ key).
fn key_id(key: &VerifierKey) -> [u8; 4] {
    let hash = Sha256::new()
        .chain_update(key.name())
        .chain_update([b'\n', TYPE])
        .chain_update(key.public())
        .finalize();
    let mut id = [0; 4];
    id.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    id
}

/// The note with its signature.
pub fn note(key: &VerifierKey, transcript: &Transcript, signature: &[u8; 64]) -> String {
    let blob = STANDARD.encode([key_id(key).as_slice(), signature].concat());
    format!("{}\n\u{2014} {} {blob}\n", note_message(key, transcript), key.name())
}

/// Whether `key` signed a note over this transcript.
pub fn verify_note(text: &str, key: &VerifierKey, transcript: &Transcript) -> Result<(), NoteError> {
    let message = note_message(key, transcript);
    let signatures = text
        .strip_prefix(&message)
        .and_then(|rest| rest.strip_prefix('\n'))
        .ok_or(NoteError::Another)?;
    let prefix = format!("\u{2014} {} ", key.name());
    for blob in signatures.lines().filter_map(|line| line.strip_prefix(&prefix)) {
        let blob = STANDARD.decode(blob).unwrap_or_default();
        let Some((id, signature)) = blob.split_first_chunk::<4>() else {
            continue;
        };
        if *id != key_id(key) {
            continue;
        }
        let holds = PKey::public_key_from_raw_bytes(key.public(), Id::ED25519)
            .and_then(|public| Verifier::new_without_digest(&public)?.verify_oneshot(signature, message.as_bytes()));
        return match holds {
            Ok(true) => Ok(()),
            _ => Err(NoteError::Signature),
        };
    }
    Err(NoteError::Unsigned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use openssl::sign::Signer;

    use super::*;

    #[test]
    fn a_note_is_of_one_key_over_one_transcript() {
        let private = PKey::generate_ed25519().unwrap();
        let public: [u8; 32] = private.raw_public_key().unwrap().try_into().unwrap();
        let key = VerifierKey::new("example.org/audit/ca", public).unwrap();
        let transcript = |head| Transcript {
            entries: Vec::new(),
            head: [head; 32],
        };
        let mut signer = Signer::new_without_digest(&private).unwrap();
        let message = note_message(&key, &transcript(1));
        let signature: Vec<u8> = signer.sign_oneshot_to_vec(message.as_bytes()).unwrap();
        let text = note(&key, &transcript(1), signature.as_slice().try_into().unwrap());
        assert_eq!(verify_note(&text, &key, &transcript(1)), Ok(()));
        assert_eq!(verify_note(&text, &key, &transcript(2)), Err(NoteError::Another));
        let other = VerifierKey::new("example.org/audit/ca", [7; 32]).unwrap();
        assert_eq!(verify_note(&text, &other, &transcript(1)), Err(NoteError::Unsigned));
        let zero = note(&key, &transcript(1), &[0; 64]);
        assert_eq!(verify_note(&zero, &key, &transcript(1)), Err(NoteError::Signature));
    }
}
