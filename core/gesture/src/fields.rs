//! Length-prefixed fields (`lp` in ARCHITECTURE, section "Trust"): one encoding for one meaning, so hashes cannot collide.

use crate::Authenticator;

/// Fields, each after its length as eight octets, big-endian.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<u8>);

impl Fields {
    /// Starts with a domain that no other protocol's hash begins with; it stands there bare.
    pub fn of(domain: &[u8]) -> Self {
        Self(domain.to_vec())
    }

    pub fn field(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn bytes(self) -> Vec<u8> {
        self.0
    }
}

/// An authenticator's fields in the order of its struct.
pub fn authenticator(authenticator: &Authenticator) -> Vec<u8> {
    Fields::default()
        .field(&authenticator.credential_id)
        .field(&authenticator.cose_key)
        .field(&authenticator.aaguid)
        .field(&[u8::from(authenticator.backup_eligible)])
        .field(&authenticator.counter.to_be_bytes())
        .bytes()
}
