//! A stand-in for the HSM: software keys of P-256 and RSA and HMAC keys, one for each address.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::md::Md;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::{Padding, Rsa};
use openssl::sign::RsaPssSaltlen;
use sha2::Sha256;
use signum_core::{OsRandom, Random};
use signum_hsm_shim::worker::{Answer, Reply, Request};
use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri, PublicKey, SignatureAlgorithm};

#[derive(Default)]
pub struct SoftHsm(
    Mutex<HashMap<KeyUri, PKey<Private>>>,
    Mutex<HashMap<KeyUri, [u8; 32]>>,
    AtomicBool,
);

impl SoftHsm {
    pub fn new() -> Self {
        Self::default()
    }

    /// The token is another one, with other keys.
    pub fn forget_mac_keys(&self) {
        self.1.lock().unwrap().clear();
    }

    /// Whether it signs nothing for now.
    pub fn away(&self, away: bool) {
        self.2.store(away, Ordering::SeqCst);
    }

    fn key(&self, uri: &KeyUri) -> Result<PKey<Private>, HsmError> {
        let keys = self.0.lock().unwrap();
        keys.get(uri)
            .cloned()
            .ok_or_else(|| HsmError::KeyNotFound(uri.to_string()))
    }
}

fn public(key: &PKey<Private>) -> PublicKey {
    PublicKey {
        algorithm: match key.id() {
            Id::RSA => KeyAlgorithm::Rsa3072,
            _ => KeyAlgorithm::EcP256,
        },
        spki: key.public_key_to_der().unwrap(),
    }
}

/// RSASSA-PSS over a SHA-256 digest, with a salt of 32 octets.
fn pss(key: &PKey<Private>, digest: &[u8]) -> Vec<u8> {
    let mut context = PkeyCtx::new(key).unwrap();
    context.sign_init().unwrap();
    context.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
    context.set_signature_md(Md::sha256()).unwrap();
    context.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
    let mut signature = Vec::new();
    context.sign_to_vec(digest, &mut signature).unwrap();
    signature
}

#[async_trait]
impl Hsm for SoftHsm {
    async fn sign(&self, uri: &KeyUri, _: SignatureAlgorithm, inputs: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, HsmError> {
        if self.2.load(Ordering::SeqCst) {
            return Err(HsmError::KeyNotFound(uri.to_string()));
        }
        let key = self.key(uri)?;
        let sign = |digest: &Vec<u8>| {
            let Ok(key) = key.ec_key() else {
                return pss(&key, digest);
            };
            let sig = EcdsaSig::sign(digest, &key).unwrap();
            let mut raw = sig.r().to_vec_padded(32).unwrap();
            raw.extend(sig.s().to_vec_padded(32).unwrap());
            raw
        };
        Ok(inputs.iter().map(sign).collect())
    }
    async fn public_key(&self, uri: &KeyUri) -> Result<PublicKey, HsmError> {
        self.key(uri).map(|key| public(&key))
    }
    async fn generate(&self, uri: &KeyUri, algorithm: KeyAlgorithm) -> Result<PublicKey, HsmError> {
        let key = match algorithm {
            KeyAlgorithm::Rsa3072 => PKey::from_rsa(Rsa::generate(3072).unwrap()),
            _ => {
                let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
                PKey::from_ec_key(EcKey::generate(&group).unwrap())
            }
        };
        let key = key.unwrap();
        let mut keys = self.0.lock().unwrap();
        if keys.contains_key(uri) {
            return Err(HsmError::AlreadyExists(uri.to_string()));
        }
        let public = public(&key);
        keys.insert(uri.clone(), key);
        Ok(public)
    }
    async fn health(&self) -> Result<(), HsmError> {
        Ok(())
    }
    async fn ask(&self, request: Request) -> Reply {
        let mut keys = self.1.lock().unwrap();
        match request {
            Request::MakeMacKey(uri) => {
                keys.entry(uri).or_insert_with(|| {
                    let random: &dyn Random = &OsRandom;
                    random.bytes()
                });
                Ok(Answer::Done)
            }
            Request::Mac { key, message } => {
                let found = keys.get(&key).ok_or_else(|| HsmError::KeyNotFound(key.to_string()))?;
                let mut mac = Hmac::<Sha256>::new_from_slice(found).unwrap();
                mac.update(&message);
                Ok(Answer::Mac(mac.finalize().into_bytes().into()))
            }
            other => Err(HsmError::Unsupported(format!("{} here", other.operation().name()))),
        }
    }
}
