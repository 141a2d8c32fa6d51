//! A passkey's fingerprint that citizen and officer compare aloud.

use sha2::{Digest, Sha256};
use signum_gesture::Authenticator;

/// Octets shown: 80 bits are too many to find another key for, and few enough to read aloud.
const SHOWN: usize = 10;

/// The first 80 bits of SHA-256 over the COSE key, five groups of four hexadecimal digits.
pub(crate) fn fingerprint(authenticator: &Authenticator) -> String {
    let digest = Sha256::digest(&authenticator.cose_key);
    let groups: Vec<String> = digest.chunks(2).take(SHOWN / 2).map(hex::encode).collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf cose | sha256sum`
    #[test]
    fn fingerprint_is_the_beginning_of_the_hash_in_groups() {
        let authenticator = Authenticator {
            credential_id: vec![1],
            cose_key: b"cose".to_vec(),
            aaguid: [0; 16],
            backup_eligible: false,
            counter: 0,
        };
        assert_eq!(fingerprint(&authenticator), "25c4 5a88 b536 45d3 ce1b");
    }
}
