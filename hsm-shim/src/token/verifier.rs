//! The public half of a key, ready to verify what the module signed.
//!
//! AWS-LC verifies, not the OpenSSL that SoftHSM itself signs with: three times as fast for P-384, and a fault of one library
//! does not hide in the other (docs/decisions/0003). The one exception is a P-256 key that comes with its one signature.

use ::spki::SubjectPublicKeyInfoRef;
use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, UnparsedPublicKey,
};

use openssl::bn::BigNum;
use openssl::ec::EcKey;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::pkey::Public;

use crate::error::HsmError;
use crate::key::SignatureAlgorithm;
use crate::token::spki::{self, Form};

/// A key that was accepted: a point on its curve, or a modulus.
pub(crate) enum Verifier {
    Elliptic(ParsedPublicKey),
    /// The SPKI; padding is a matter of the signature.
    Rsa(Vec<u8>),
    /// A P-256 key that verifies once.
    Passing(EcKey<Public>),
}

impl Verifier {
    /// Reads a SubjectPublicKeyInfo (DER).
    pub(crate) fn parse(spki: &[u8]) -> Result<Self, HsmError> {
        // AWS-LC passes over what follows the SPKI.
        SubjectPublicKeyInfoRef::try_from(spki).map_err(|_| spki::unsupported())?;
        let key = match spki::form(spki) {
            Form::P256 => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, spki).map(Self::Elliptic),
            Form::P384 => ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, spki).map(Self::Elliptic),
            Form::Ed25519(point) => ParsedPublicKey::new(&ED25519, point).map(Self::Elliptic),
            Form::Other => ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, spki).map(|_fit| Self::Rsa(spki.to_vec())),
        };
        key.map_err(|_| spki::unsupported())
    }

    /// As [`parse`](Self::parse), for a key that comes with its one signature. AWS-LC checks the order of each point it reads,
    /// which takes as long as a P-256 verification; a point of P-256 has it if it is on the curve, which OpenSSL checks.
    pub(crate) fn for_one_use(spki: &[u8]) -> Result<Self, HsmError> {
        match spki::form(spki) {
            Form::P256 if spki.len() == spki::P256_HEAD.len() + spki::P256_POINT => {
                let key = EcKey::public_key_from_der(spki);
                key.map(Self::Passing).map_err(|_| spki::unsupported())
            }
            _ => Self::parse(spki),
        }
    }

    /// Anything but a valid signature over `input` (a digest; for Ed25519 the message) is [`HsmError::SelfCheckFailed`].
    pub(crate) fn check(&self, algorithm: SignatureAlgorithm, input: &[u8], signature: &[u8]) -> Result<(), HsmError> {
        self.holds(algorithm, input, signature).map_err(|Unspecified| {
            tracing::error!(?algorithm, "the module returned a signature that does not verify");
            HsmError::SelfCheckFailed
        })
    }

    fn holds(&self, algorithm: SignatureAlgorithm, input: &[u8], signature: &[u8]) -> Result<(), Unspecified> {
        let sha256 = || Digest::import_less_safe(input, &digest::SHA256);
        match (self, algorithm) {
            (Self::Elliptic(key), SignatureAlgorithm::EcdsaSha256) => key.verify_digest_sig(&sha256()?, signature),
            (Self::Elliptic(key), SignatureAlgorithm::EcdsaSha384) => {
                key.verify_digest_sig(&Digest::import_less_safe(input, &digest::SHA384)?, signature)
            }
            (Self::Elliptic(key), SignatureAlgorithm::Ed25519) => key.verify_sig(input, signature),
            (Self::Rsa(spki), SignatureAlgorithm::RsaPkcs1Sha256) => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, spki).verify_digest(&sha256()?, signature)
            }
            (Self::Rsa(spki), SignatureAlgorithm::RsaPssSha256) => {
                UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, spki).verify_digest(&sha256()?, signature)
            }
            (Self::Passing(key), SignatureAlgorithm::EcdsaSha256) => match fixed_holds(key, input, signature) {
                Ok(true) => Ok(()),
                Ok(false) | Err(_) => Err(Unspecified),
            },
            _ => Err(Unspecified),
        }
    }
}

/// Whether r and s, 32 octets each, sign a digest.
fn fixed_holds(key: &EcKey<Public>, digest: &[u8], signature: &[u8]) -> Result<bool, ErrorStack> {
    let Some((r, s)) = signature.split_at_checked(32).filter(|(_, s)| s.len() == 32) else {
        return Ok(false);
    };
    EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?.verify(digest, key)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use openssl::ec::EcGroup;
    use openssl::nid::Nid;
    use openssl::pkey::{PKey, Private};
    use openssl::rsa::{Padding, Rsa};
    use openssl::sign::{RsaPssSaltlen, Signer};

    use super::*;
    use crate::key::SignatureAlgorithm as A;

    type Read = fn(&[u8]) -> Result<Verifier, HsmError>;
    const READINGS: [Read; 2] = [Verifier::parse, Verifier::for_one_use];

    fn ec(curve: Nid) -> EcKey<Private> {
        EcKey::generate(&EcGroup::from_curve_name(curve).unwrap()).unwrap()
    }

    fn fixed(digest: &[u8], key: &EcKey<Private>) -> Vec<u8> {
        let signature = EcdsaSig::sign(digest, key).unwrap();
        let padded = |n: &openssl::bn::BigNumRef| n.to_vec_padded(i32::try_from(digest.len()).unwrap()).unwrap();
        [padded(signature.r()), padded(signature.s())].concat()
    }

    fn rsa(key: &PKey<Private>, message: &[u8], padding: Padding) -> Vec<u8> {
        let mut signer = Signer::new(openssl::hash::MessageDigest::sha256(), key).unwrap();
        signer.set_rsa_padding(padding).unwrap();
        if padding == Padding::PKCS1_PSS {
            signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
        }
        signer.sign_oneshot_to_vec(message).unwrap()
    }

    /// What OpenSSL signed.
    struct Signed {
        spki: Vec<u8>,
        algorithm: A,
        input: Vec<u8>,
        signature: Vec<u8>,
    }

    fn signed() -> [Signed; 5] {
        let (p256, p384) = (ec(Nid::X9_62_PRIME256V1), ec(Nid::SECP384R1));
        let (one, other) = (Rsa::generate(3072).unwrap(), Rsa::generate(3072).unwrap());
        let (one, other) = (PKey::from_rsa(one).unwrap(), PKey::from_rsa(other).unwrap());
        let edwards = PKey::generate_ed25519().unwrap();
        let mut pure = Signer::new_without_digest(&edwards).unwrap();
        let message = b"said".to_vec();
        let digest = openssl::sha::sha256(&message).to_vec();
        let of = |spki: Result<Vec<u8>, _>, algorithm, input: &[u8], signature| Signed {
            spki: spki.map_err(|_: openssl::error::ErrorStack| ()).unwrap(),
            algorithm,
            input: input.to_vec(),
            signature,
        };
        let pss = rsa(&other, &message, Padding::PKCS1_PSS);
        [
            of(
                p256.public_key_to_der(),
                A::EcdsaSha256,
                &[7; 32],
                fixed(&[7; 32], &p256),
            ),
            of(
                p384.public_key_to_der(),
                A::EcdsaSha384,
                &[7; 48],
                fixed(&[7; 48], &p384),
            ),
            of(
                one.public_key_to_der(),
                A::RsaPkcs1Sha256,
                &digest,
                rsa(&one, &message, Padding::PKCS1),
            ),
            of(other.public_key_to_der(), A::RsaPssSha256, &digest, pss),
            of(
                edwards.public_key_to_der(),
                A::Ed25519,
                &message,
                pure.sign_oneshot_to_vec(&message).unwrap(),
            ),
        ]
    }

    #[test]
    fn what_openssl_signed_holds_and_one_changed_bit_anywhere_does_not() {
        for Signed {
            spki,
            algorithm,
            input,
            signature,
        } in signed()
        {
            for read in READINGS {
                let verifier = read(&spki).unwrap();
                assert_eq!(verifier.check(algorithm, &input, &signature), Ok(()), "{algorithm:?}");
                for place in 0..signature.len() {
                    let mut changed = signature.clone();
                    *changed.get_mut(place).unwrap() ^= 1;
                    let judged = verifier.check(algorithm, &input, &changed);
                    assert_eq!(judged, Err(HsmError::SelfCheckFailed), "{algorithm:?} {place}");
                }
                let mut other = input.clone();
                *other.first_mut().unwrap() ^= 1;
                assert!(verifier.check(algorithm, &other, &signature).is_err());
                let (_, short) = signature.split_last().unwrap();
                for wrong in [short, &[signature.as_slice(), &[0]].concat(), &[]] {
                    assert!(verifier.check(algorithm, &input, wrong).is_err(), "{algorithm:?}");
                }
            }
        }
    }

    #[test]
    fn a_signature_of_another_algorithm_or_key_does_not_hold() {
        let signed = signed();
        for key in &signed {
            for verifier in READINGS.map(|read| read(&key.spki).unwrap()) {
                for other in signed.iter().filter(|other| other.algorithm != key.algorithm) {
                    assert!(verifier.check(other.algorithm, &other.input, &other.signature).is_err());
                    assert!(verifier.check(key.algorithm, &other.input, &other.signature).is_err());
                }
            }
        }
    }

    #[test]
    fn zero_halves_and_halves_beyond_the_order_are_no_signature() {
        let key = ec(Nid::X9_62_PRIME256V1);
        let spki = key.public_key_to_der().unwrap();
        let order = BigNum::from_hex_str("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551").unwrap();
        for half in [vec![0; 32], vec![0xff; 32], order.to_vec()] {
            for verifier in READINGS.map(|read| read(&spki).unwrap()) {
                assert!(verifier.check(A::EcdsaSha256, &[7; 32], &half.repeat(2)).is_err());
            }
        }
    }

    #[test]
    fn a_key_of_each_kind_is_read_and_nothing_else_is() {
        for read in READINGS {
            for Signed { spki, .. } in signed() {
                assert!(read(&spki).is_ok());
                let (_, short) = spki.split_last().unwrap();
                assert!(read(short).is_err());
                assert!(read(&[spki.as_slice(), &[0]].concat()).is_err());
            }
            // A point that is not on its curve, and none at all.
            assert!(read(&[spki::P256_HEAD, &[4], &[7; 64]].concat()).is_err());
            assert!(read(&[spki::P256_HEAD, &[0; 65]].concat()).is_err());
            assert!(read(&ec(Nid::SECP521R1).public_key_to_der().unwrap()).is_err());
        }
    }
}
