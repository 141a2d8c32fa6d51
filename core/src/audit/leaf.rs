//! What a leaf of the audit log covers, octet for octet (RFC 6962 section 2.1 for the hash).

use sha2::{Digest, Sha256};

use super::Hash;
use crate::clock::Timestamp;

/// Begins every leaf, so that it cannot be taken for anything else that is hashed.
const VERSION: &[u8] = b"signum-audit-v1";

/// The covered values of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf<'a> {
    pub service: &'a str,
    pub id: [u8; 16],
    pub at: Timestamp,
    pub kind: &'a str,
    /// [`salted`] subject.
    pub subject: Hash,
    /// [`salted`] detail.
    pub detail: Hash,
}

impl Leaf<'_> {
    /// The canonical octets: each value behind its length (32 bits, big-endian), in the order version, service, id, at
    /// (64 bits, big-endian), kind, subject, detail.
    pub fn octets(&self) -> Vec<u8> {
        let at = self.at.0.to_be_bytes();
        let values: [&[u8]; 7] = [
            VERSION,
            self.service.as_bytes(),
            &self.id,
            &at,
            self.kind.as_bytes(),
            &self.subject,
            &self.detail,
        ];
        let mut out = Vec::with_capacity(192);
        for value in values {
            out.extend(u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend(value);
        }
        out
    }

    /// The leaf hash of RFC 6962: SHA-256(0x00 ‖ leaf).
    pub fn hash(&self) -> Hash {
        Sha256::new()
            .chain_update([0x00])
            .chain_update(self.octets())
            .finalize()
            .into()
    }
}

/// SHA-256(salt ‖ text): says nothing of the text to whoever lacks the salt.
pub fn salted(salt: &[u8], text: &str) -> Hash {
    Sha256::new()
        .chain_update(salt)
        .chain_update(text.as_bytes())
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_changes_the_leaf() {
        let leaf = Leaf {
            service: "idp",
            id: [1; 16],
            at: Timestamp(2),
            kind: "a.b",
            subject: [3; 32],
            detail: [4; 32],
        };
        let variants = [
            Leaf {
                service: "ca",
                ..leaf.clone()
            },
            Leaf {
                id: [9; 16],
                ..leaf.clone()
            },
            Leaf {
                at: Timestamp(9),
                ..leaf.clone()
            },
            Leaf {
                kind: "a.c",
                ..leaf.clone()
            },
            Leaf {
                subject: [9; 32],
                ..leaf.clone()
            },
            Leaf {
                detail: [9; 32],
                ..leaf.clone()
            },
        ];
        assert!(variants.iter().all(|other| other.hash() != leaf.hash()));
    }

    #[test]
    fn text_cannot_move_from_one_value_to_the_next() {
        let leaf = Leaf {
            service: "idp",
            id: [1; 16],
            at: Timestamp(2),
            kind: "x",
            subject: [3; 32],
            detail: [4; 32],
        };
        assert_ne!(
            Leaf {
                service: "id",
                kind: "px",
                ..leaf.clone()
            }
            .octets(),
            leaf.octets()
        );
    }

    #[test]
    fn the_leaf_hash_is_the_one_of_rfc_6962() {
        let leaf = Leaf {
            service: "",
            id: [0; 16],
            at: Timestamp(0),
            kind: "",
            subject: [0; 32],
            detail: [0; 32],
        };
        let mut octets = vec![0x00];
        octets.extend(leaf.octets());
        let expected: Hash = Sha256::digest(&octets).into();
        assert_eq!(leaf.hash(), expected);
        assert_eq!(leaf.octets().len(), 7 * 4 + VERSION.len() + 16 + 8 + 32 + 32);
    }
}
