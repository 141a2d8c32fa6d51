//! Keys that every replica derives from the service's one secret (RFC 5869 section 2.3 with one block): each for one purpose.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use signum_core::http::CsrfKey;
use zeroize::Zeroizing;

/// A symmetric key for one purpose; the same on every replica and after every restart.
pub(crate) struct DerivedKey(Zeroizing<[u8; 32]>);

impl DerivedKey {
    /// `purpose` names what the key is for and is never given to two keys.
    pub(crate) fn of(secret: &CsrfKey, purpose: &str) -> Self {
        let text = secret.to_hex();
        let mut octets = Zeroizing::new([0; 32]);
        // to_hex writes 64 digits: this never fails.
        if hex::decode_to_slice(text.as_bytes(), &mut *octets).is_err() {
            octets.fill(0);
        }
        Self(octets).key(&[b"signum-idp-derived-v1", purpose.as_bytes()])
    }

    /// A key that the HSM has computed.
    pub(crate) fn of_octets(octets: Zeroizing<[u8; 32]>) -> Self {
        Self(octets)
    }

    /// HMAC-SHA-256 over the parts, each with its length before it, so that no two lists of parts look alike.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        // KeyInit::new pads a key of any length up to the block; 32 octets never fail.
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        block.iter_mut().zip(self.0.iter()).for_each(|(to, from)| *to = *from);
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block);
        for part in parts {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// A key that follows from this one and the parts.
    pub(crate) fn key(&self, parts: &[&[u8]]) -> Self {
        Self(Zeroizing::new(self.mac(parts)))
    }

    pub(crate) fn octets(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for DerivedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// The keys of this service.
#[derive(Debug)]
pub(crate) struct DerivedKeys {
    /// Nonces of DPoP (RFC 9449 section 8).
    pub dpop_nonce: DerivedKey,
    /// Answers that a refresh token may fetch once more.
    pub refresh_answer: DerivedKey,
    /// User codes of devices (RFC 8628 section 6.1), as they are stored.
    pub device_user_code: DerivedKey,
}

impl DerivedKeys {
    pub(crate) fn of(secret: &CsrfKey) -> Self {
        Self {
            dpop_nonce: DerivedKey::of(secret, "dpop nonce"),
            refresh_answer: DerivedKey::of(secret, "refresh answer"),
            device_user_code: DerivedKey::of(secret, "device user code"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signum_core::OsRandom;

    #[test]
    fn every_replica_derives_the_same_keys_and_every_purpose_another() {
        let secret = CsrfKey::random(&OsRandom);
        let (one, other) = (DerivedKeys::of(&secret), DerivedKeys::of(&secret));
        assert_eq!(one.dpop_nonce.octets(), other.dpop_nonce.octets());
        assert_ne!(one.dpop_nonce.octets(), one.refresh_answer.octets());
        let stranger = DerivedKeys::of(&CsrfKey::random(&OsRandom));
        assert_ne!(stranger.dpop_nonce.octets(), one.dpop_nonce.octets());
    }

    #[test]
    fn two_lists_of_parts_never_look_alike() {
        let key = DerivedKey::of(&CsrfKey::random(&OsRandom), "test");
        assert_ne!(key.mac(&[b"ab", b"c"]), key.mac(&[b"a", b"bc"]));
        assert_ne!(key.mac(&[b"a", b""]), key.mac(&[b"a"]));
    }
}
