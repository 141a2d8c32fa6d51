//! The signature of a token: over H(origin) || H(nonce), each the algorithm's own hash of the text (RFC 7518 sections 3.3 to 3.5).

use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Verifier};

use super::super::card::Refusal;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ecdsa,
    Pss,
    Pkcs1,
}

/// One of the nine: ES, PS or RS with 256, 384 or 512.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Algorithm {
    kind: Kind,
    bits: u16,
}

impl Algorithm {
    pub(super) fn named(name: &str) -> Option<Self> {
        let (kind, bits) = name.split_at_checked(2)?;
        let kind = match kind {
            "ES" => Kind::Ecdsa,
            "PS" => Kind::Pss,
            "RS" => Kind::Pkcs1,
            _ => return None,
        };
        let bits = match bits {
            "256" => 256,
            "384" => 384,
            "512" => 512,
            _ => return None,
        };
        Some(Self { kind, bits })
    }

    fn digest(self) -> MessageDigest {
        match self.bits {
            256 => MessageDigest::sha256(),
            384 => MessageDigest::sha384(),
            _ => MessageDigest::sha512(),
        }
    }

    /// Curve and octets of a coordinate that go with an ES algorithm.
    fn curve(self) -> (Nid, usize) {
        match self.bits {
            256 => (Nid::X9_62_PRIME256V1, 32),
            384 => (Nid::SECP384R1, 48),
            _ => (Nid::SECP521R1, 66),
        }
    }

    /// `spki` is of a certificate whose chain was verified.
    pub(super) fn verify(self, spki: &[u8], signature: &[u8], origin: &str, nonce: &str) -> Result<(), Refusal> {
        let key = PKey::public_key_from_der(spki).map_err(|_| Refusal::KeyType)?;
        if !self.goes_with(&key) {
            return Err(Refusal::KeyType);
        }
        match self.holds(&key, signature, origin, nonce) {
            Some(true) => Ok(()),
            _ => Err(Refusal::Signature),
        }
    }

    fn goes_with(self, key: &PKey<Public>) -> bool {
        match self.kind {
            Kind::Ecdsa => {
                let curve = key.ec_key().ok().and_then(|key| key.group().curve_name());
                curve == Some(self.curve().0)
            }
            Kind::Pss | Kind::Pkcs1 => key.id() == Id::RSA,
        }
    }

    fn holds(self, key: &PKey<Public>, signature: &[u8], origin: &str, nonce: &str) -> Option<bool> {
        let digest = self.digest();
        let mut signed = hash(digest, origin.as_bytes()).ok()?.to_vec();
        signed.extend_from_slice(&hash(digest, nonce.as_bytes()).ok()?);
        if self.kind == Kind::Ecdsa {
            let octets = self.curve().1;
            if signature.len() != 2 * octets {
                return Some(false);
            }
            let (r, s) = signature.split_at_checked(octets)?;
            let (r, s) = (BigNum::from_slice(r).ok()?, BigNum::from_slice(s).ok()?);
            let signature = EcdsaSig::from_private_components(r, s).ok()?;
            let key = key.ec_key().ok()?;
            return signature.verify(&hash(digest, &signed).ok()?, &key).ok();
        }
        let mut verifier = Verifier::new(digest, key).ok()?;
        if self.kind == Kind::Pss {
            verifier.set_rsa_padding(Padding::PKCS1_PSS).ok()?;
            verifier.set_rsa_mgf1_md(digest).ok()?;
            verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).ok()?;
        }
        verifier.verify_oneshot(signature, &signed).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use openssl::ec::{EcGroup, EcKey};
    use openssl::pkey::Private;
    use openssl::rsa::Rsa;
    use openssl::sign::Signer;

    use super::*;

    const ORIGIN: &str = "https://idp.example.org";
    const NONCE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const NAMES: [&str; 9] = [
        "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512",
    ];

    fn key(name: &str) -> PKey<Private> {
        let algorithm = Algorithm::named(name).unwrap();
        if algorithm.kind != Kind::Ecdsa {
            return PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        }
        let group = EcGroup::from_curve_name(algorithm.curve().0).unwrap();
        PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
    }

    fn signed(name: &str, key: &PKey<Private>) -> Vec<u8> {
        let algorithm = Algorithm::named(name).unwrap();
        let digest = algorithm.digest();
        let mut message = hash(digest, ORIGIN.as_bytes()).unwrap().to_vec();
        message.extend_from_slice(&hash(digest, NONCE.as_bytes()).unwrap());
        let mut signer = Signer::new(digest, key).unwrap();
        if algorithm.kind == Kind::Pss {
            signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
            signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
        }
        let signature = signer.sign_oneshot_to_vec(&message).unwrap();
        if algorithm.kind != Kind::Ecdsa {
            return signature;
        }
        let signature = EcdsaSig::from_der(&signature).unwrap();
        let octets = i32::try_from(algorithm.curve().1).unwrap();
        let mut raw = signature.r().to_vec_padded(octets).unwrap();
        raw.extend(signature.s().to_vec_padded(octets).unwrap());
        raw
    }

    #[test]
    fn each_of_the_nine_algorithms_verifies_what_it_signed_and_nothing_else() {
        for name in NAMES {
            let (algorithm, key) = (Algorithm::named(name).unwrap(), key(name));
            let (spki, signature) = (key.public_key_to_der().unwrap(), signed(name, &key));
            let verify = |signature: &[u8], origin, nonce| algorithm.verify(&spki, signature, origin, nonce);
            assert_eq!(verify(&signature, ORIGIN, NONCE), Ok(()), "{name}");
            let refused = Err(Refusal::Signature);
            assert_eq!(verify(&signature, "https://idp.example.org/", NONCE), refused, "{name}");
            assert_eq!(verify(&signature, ORIGIN, "another"), refused, "{name}");
            let (longer, mut changed) = ([signature.as_slice(), &[0]].concat(), signature.clone());
            assert_eq!(verify(&longer, ORIGIN, NONCE), refused, "{name}");
            if let Some(first) = changed.last_mut() {
                *first ^= 1;
            }
            assert_eq!(verify(&changed, ORIGIN, NONCE), refused, "{name}");
            assert_eq!(verify(&vec![0; signature.len()], ORIGIN, NONCE), refused, "{name}");
            assert_eq!(verify(&[], ORIGIN, NONCE), refused, "{name}");
        }
    }

    #[test]
    fn an_algorithm_verifies_with_no_other_kind_of_key_or_curve() {
        let keys: Vec<_> = ["ES256", "ES384", "ES512", "RS256"]
            .map(|name| (name, key(name).public_key_to_der().unwrap()))
            .into();
        for name in NAMES {
            let algorithm = Algorithm::named(name).unwrap();
            for (of, spki) in &keys {
                let same = name == *of || (algorithm.kind != Kind::Ecdsa && *of == "RS256");
                let outcome = algorithm.verify(spki, &[1; 96], ORIGIN, NONCE);
                let expected = if same { Refusal::Signature } else { Refusal::KeyType };
                assert_eq!(outcome, Err(expected), "{name} with a key of {of}");
            }
        }
    }

    #[test]
    fn what_is_no_algorithm_of_web_eid_is_refused() {
        for bad in [
            "", "E", "none", "HS256", "ES", "ES128", "ES256K", "es256", "EdDSA", "ES256 ", "ÉS256",
        ] {
            assert_eq!(Algorithm::named(bad), None, "{bad}");
        }
    }
}
