//! The commitment C: everything that a person's gesture agrees to, in one hash.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use signum_pki::key_origin::person_reference;

/// First field of the encoding, so that no other protocol's hash can be taken for a commitment.
const DOMAIN: &[u8] = b"xk-sigauth-v1";

/// What a gesture agrees to; its hash is the WebAuthn challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commitment {
    pub transaction: [u8; 16],
    /// `H(person)`, see [`person_reference`].
    pub person: [u8; 32],
    /// The service the signature is made for: an OAuth client id, or `desk` for the person's own signing desk.
    pub client: String,
    /// The signing credential (its key's id).
    pub credential: [u8; 16],
    /// SHA-256 of the signing certificate's DER.
    pub certificate: [u8; 32],
    /// Signature format and level with its parameters: `PAdES-B-T`.
    pub format: String,
    pub documents: Vec<CommittedDocument>,
    pub display: DisplayClass,
    /// Seconds since the Unix epoch; the module refuses later use.
    pub deadline: i64,
    /// Issued by the module.
    pub nonce: [u8; 32],
}

/// One document of a commitment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommittedDocument {
    /// SHA-256 of the document as the person gave it.
    pub original: [u8; 32],
    /// SHA-256 over what is signed: the ByteRange of the prepared PDF (ISO 32000-1 section 12.8.1).
    pub byte_range: [u8; 32],
    /// What the person was shown as its name.
    pub label: String,
}

/// Who vouches that the person saw the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DisplayClass {
    /// Our own desk showed this document.
    Shown,
    /// A service sent only hashes and claims what they are of.
    Claimed,
}

impl Commitment {
    /// SHA-256 over the length-prefixed fields in the order of the struct; the WebAuthn challenge.
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut field = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        field(DOMAIN);
        field(&self.transaction);
        field(&self.person);
        field(self.client.as_bytes());
        field(&self.credential);
        field(&self.certificate);
        field(self.format.as_bytes());
        field(&(self.documents.len() as u64).to_be_bytes());
        for document in &self.documents {
            field(&document.original);
            field(&document.byte_range);
            field(document.label.as_bytes());
        }
        field(match self.display {
            DisplayClass::Shown => b"shown",
            DisplayClass::Claimed => b"claimed",
        });
        field(&self.deadline.to_be_bytes());
        field(&self.nonce);
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by a few lines of Python from the comments above, not by this code.
    #[test]
    fn hash_is_what_the_encoding_in_words_gives() {
        let commitment = Commitment {
            transaction: [1; 16],
            person: person_reference("PNOXK-1000000001"),
            client: "desk".into(),
            credential: [2; 16],
            certificate: [3; 32],
            format: "PAdES-B-T".into(),
            documents: vec![CommittedDocument {
                original: [4; 32],
                byte_range: [5; 32],
                label: "kontratë.pdf".into(),
            }],
            display: DisplayClass::Shown,
            deadline: 1_800_000_000,
            nonce: [6; 32],
        };
        let expected = "75de0fb8899977ff2b62dc07d1b496186d7c7e75fc12cd008c2726c1c4d50c7c";
        assert_eq!(hex::encode(commitment.hash()), expected);
    }
}
