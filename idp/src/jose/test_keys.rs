//! Keys of clients in tests, and tokens signed with them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::Algorithm;

/// A client's private key; it exists in tests alone.
pub(crate) struct TestKey {
    pub key: PKey<Private>,
    pub alg: Algorithm,
    pub kid: String,
}

impl TestKey {
    pub(crate) fn new(alg: Algorithm, kid: &str) -> Self {
        let key = match alg {
            Algorithm::Es256 => {
                let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
                PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
            }
            Algorithm::EdDsa => PKey::generate_ed25519().unwrap(),
            Algorithm::Ps256 | Algorithm::Rs256 => PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap(),
        };
        let kid = kid.to_owned();
        Self { key, alg, kid }
    }

    pub(crate) fn es256(kid: &str) -> Self {
        Self::new(Algorithm::Es256, kid)
    }

    /// The public half, with `kid` and `use`.
    pub(crate) fn jwk(&self) -> Json {
        let mut jwk = self.bare_jwk();
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk
    }

    /// Only what the key is.
    pub(crate) fn bare_jwk(&self) -> Json {
        match self.alg {
            Algorithm::Es256 => {
                let key = self.key.ec_key().unwrap();
                let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
                let mut context = BigNumContext::new().unwrap();
                key.public_key()
                    .affine_coordinates_gfp(key.group(), &mut x, &mut y, &mut context)
                    .unwrap();
                let text = |n: &BigNum| B64.encode(n.to_vec_padded(32).unwrap());
                json!({"kty": "EC", "crv": "P-256", "x": text(&x), "y": text(&y)})
            }
            Algorithm::EdDsa => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": B64.encode(self.key.raw_public_key().unwrap())})
            }
            Algorithm::Ps256 | Algorithm::Rs256 => {
                let rsa = self.key.rsa().unwrap();
                json!({"kty": "RSA", "n": B64.encode(rsa.n().to_vec()), "e": B64.encode(rsa.e().to_vec())})
            }
        }
    }

    pub(crate) fn jwks(&self) -> Json {
        json!({"keys": [self.jwk()]})
    }

    /// A token with this header besides `alg`.
    pub(crate) fn token(&self, header: &Json, claims: &Json) -> String {
        let mut all = header.clone();
        all["alg"] = json!(self.alg.name());
        self.sign(&all.to_string(), &claims.to_string())
    }

    /// A token of exactly these octets.
    pub(crate) fn sign(&self, header: &str, claims: &str) -> String {
        let input = format!("{}.{}", B64.encode(header), B64.encode(claims));
        format!("{input}.{}", B64.encode(self.signature(input.as_bytes())))
    }

    fn signature(&self, input: &[u8]) -> Vec<u8> {
        match self.alg {
            Algorithm::Es256 => {
                let sig = EcdsaSig::sign(&Sha256::digest(input), &self.key.ec_key().unwrap()).unwrap();
                [sig.r().to_vec_padded(32).unwrap(), sig.s().to_vec_padded(32).unwrap()].concat()
            }
            Algorithm::EdDsa => Signer::new_without_digest(&self.key)
                .unwrap()
                .sign_oneshot_to_vec(input)
                .unwrap(),
            Algorithm::Ps256 => {
                let mut signer = Signer::new(MessageDigest::sha256(), &self.key).unwrap();
                signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
                signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
                signer.sign_oneshot_to_vec(input).unwrap()
            }
            Algorithm::Rs256 => Signer::new(MessageDigest::sha256(), &self.key)
                .unwrap()
                .sign_oneshot_to_vec(input)
                .unwrap(),
        }
    }
}
