//! A stand-in for the HSM: one software P-256 key.

use async_trait::async_trait;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::Private;
use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri, PublicKey, SignatureAlgorithm};

pub struct SoftHsm(EcKey<Private>);

impl SoftHsm {
    pub fn new() -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        Self(EcKey::generate(&group).unwrap())
    }

    fn public(&self) -> PublicKey {
        PublicKey {
            algorithm: KeyAlgorithm::EcP256,
            spki: self.0.public_key_to_der().unwrap(),
        }
    }
}

#[async_trait]
impl Hsm for SoftHsm {
    async fn sign(&self, _: &KeyUri, _: SignatureAlgorithm, inputs: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, HsmError> {
        let sign = |digest: &Vec<u8>| {
            let sig = EcdsaSig::sign(digest, &self.0).unwrap();
            let mut raw = sig.r().to_vec_padded(32).unwrap();
            raw.extend(sig.s().to_vec_padded(32).unwrap());
            raw
        };
        Ok(inputs.iter().map(sign).collect())
    }
    async fn public_key(&self, _: &KeyUri) -> Result<PublicKey, HsmError> {
        Ok(self.public())
    }
    async fn generate(&self, _: &KeyUri, _: KeyAlgorithm) -> Result<PublicKey, HsmError> {
        Ok(self.public())
    }
    async fn health(&self) -> Result<(), HsmError> {
        Ok(())
    }
}
