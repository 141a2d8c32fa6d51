//! A card's signature over a challenge that the caller made (algorithm names and forms of RFC 7518 section 3.1, as Web eID uses them).

use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Verifier};

use crate::assertion::GestureError;

/// How a card signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardAlgorithm {
    /// P-256 with SHA-256; signature `r || s`.
    Es256,
    /// P-384 with SHA-384; signature `r || s`.
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256, salt of 32 octets.
    Ps256,
}

/// Verifies `signature` over `challenge` (the message, not its digest) with the key of a SubjectPublicKeyInfo DER.
pub fn verify_card_signature(
    spki: &[u8],
    algorithm: CardAlgorithm,
    challenge: &[u8],
    signature: &[u8],
) -> Result<(), GestureError> {
    let key = PKey::public_key_from_der(spki).map_err(|_| GestureError::Malformed)?;
    let outcome = match algorithm {
        CardAlgorithm::Es256 => {
            on_curve(&key, Nid::X9_62_PRIME256V1)?;
            ecdsa(&key, MessageDigest::sha256(), 32, challenge, signature)
        }
        CardAlgorithm::Es384 => {
            on_curve(&key, Nid::SECP384R1)?;
            ecdsa(&key, MessageDigest::sha384(), 48, challenge, signature)
        }
        CardAlgorithm::Rs256 | CardAlgorithm::Ps256 => {
            if key.id() != Id::RSA || !(2048..=4096).contains(&key.bits()) {
                return Err(GestureError::UnsupportedAlgorithm);
            }
            rsa(&key, algorithm == CardAlgorithm::Ps256, challenge, signature)
        }
    };
    if outcome.unwrap_or(false) {
        Ok(())
    } else {
        Err(GestureError::BadSignature)
    }
}

fn on_curve(key: &PKey<Public>, curve: Nid) -> Result<(), GestureError> {
    let key = key.ec_key().map_err(|_| GestureError::UnsupportedAlgorithm)?;
    if key.group().curve_name() != Some(curve) {
        return Err(GestureError::UnsupportedAlgorithm);
    }
    key.check_key().map_err(|_| GestureError::Malformed)
}

fn ecdsa(
    key: &PKey<Public>,
    digest: MessageDigest,
    half: usize,
    challenge: &[u8],
    signature: &[u8],
) -> Result<bool, ErrorStack> {
    let Some((r, s)) = signature.split_at_checked(half).filter(|(_, s)| s.len() == half) else {
        return Ok(false);
    };
    let der = EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?.to_der()?;
    Verifier::new(digest, key)?.verify_oneshot(&der, challenge)
}

fn rsa(key: &PKey<Public>, pss: bool, challenge: &[u8], signature: &[u8]) -> Result<bool, ErrorStack> {
    let mut verifier = Verifier::new(MessageDigest::sha256(), key)?;
    if pss {
        verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
        verifier.set_rsa_mgf1_md(MessageDigest::sha256())?;
        verifier.set_rsa_pss_saltlen(RsaPssSaltlen::custom(32))?;
    }
    verifier.verify_oneshot(signature, challenge)
}
