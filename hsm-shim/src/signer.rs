//! A key of the HSM as the certificate and CMS builders take it: `signature::AsyncSigner`, one type for all algorithms.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use signum_hsm_shim::{Hsm, HsmError, KeyUri, SignatureAlgorithm, signer::HsmSigner};
//! # async fn example(hsm: Arc<dyn Hsm>) -> Result<(), HsmError> {
//! let key = KeyUri::new("signum-ca", "issuing");
//! let signer = HsmSigner::open(hsm, key, SignatureAlgorithm::EcdsaSha384).await?;
//! // let certificate = builder.build_async::<_, HsmSignature>(&signer).await?;
//! let detached: Vec<u8> = signer.sign_message(b"octets").await?;
//! # Ok(())
//! # }
//! ```

use std::sync::Arc;

use der::asn1::BitString;
use der::{Any, Decode, Document};
use openssl::hash::{MessageDigest, hash};
use signature::{AsyncSigner, Keypair};
use spki::{
    AlgorithmIdentifierOwned, DynSignatureAlgorithmIdentifier, EncodePublicKey, ObjectIdentifier,
    SignatureBitStringEncoding,
};

use crate::error::HsmError;
use crate::key::{KeyUri, PublicKey, SignatureAlgorithm, ecdsa_der};
use crate::{Hsm, SignRequest};

/// RSASSA-PSS-params (RFC 4055 section 3.1): SHA-256, MGF1 with SHA-256, salt of 32 octets.
const PSS_SHA256: &[u8] = &[
    0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09,
    0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x20,
];

/// One key and how it signs.
#[derive(Clone)]
pub struct HsmSigner {
    hsm: Arc<dyn Hsm>,
    key: KeyUri,
    algorithm: SignatureAlgorithm,
    public: PublicKey,
}

/// A public key as SubjectPublicKeyInfo DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HsmVerifyingKey(pub Vec<u8>);

/// A signature in X.509 and CMS form: ECDSA as DER Ecdsa-Sig-Value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HsmSignature(pub Vec<u8>);

impl HsmSigner {
    /// Asks the token which public key it holds under this address.
    pub async fn open(hsm: Arc<dyn Hsm>, key: KeyUri, algorithm: SignatureAlgorithm) -> Result<Self, HsmError> {
        let public = hsm.public_key(&key).await?;
        Self::with_key(hsm, key, algorithm, public)
    }

    /// For a key whose certificate is known: the token's key must be this one, each time it signs.
    pub fn with_key(
        hsm: Arc<dyn Hsm>,
        key: KeyUri,
        algorithm: SignatureAlgorithm,
        public: PublicKey,
    ) -> Result<Self, HsmError> {
        match algorithm.key() == public.algorithm {
            true => Ok(Self {
                hsm,
                key,
                algorithm,
                public,
            }),
            false => Err(HsmError::KeyTypeMismatch),
        }
    }

    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Hashes and signs; the result is in X.509 form and verifies with [`public_key`](Self::public_key).
    pub async fn sign_message(&self, message: &[u8]) -> Result<Vec<u8>, HsmError> {
        sign_message(&*self.hsm, &self.key, self.algorithm, &self.public.spki, message).await
    }
}

/// Hashes `message` as the algorithm wants it, signs, and gives the signature in X.509 form. A token key that is not
/// `expected` (SubjectPublicKeyInfo DER) is [`HsmError::PublicKeyMismatch`].
pub async fn sign_message(
    hsm: &dyn Hsm,
    key: &KeyUri,
    algorithm: SignatureAlgorithm,
    expected: &[u8],
    message: &[u8],
) -> Result<Vec<u8>, HsmError> {
    let inputs = [signing_input(algorithm, message)?];
    let request = SignRequest {
        expected: Some(expected),
        ..SignRequest::new(key, algorithm, &inputs)
    };
    let signature = hsm
        .sign_request(request)
        .await?
        .pop()
        .ok_or(HsmError::SelfCheckFailed)?;
    match algorithm {
        SignatureAlgorithm::EcdsaSha256 | SignatureAlgorithm::EcdsaSha384 => ecdsa_der(&signature),
        _ => Ok(signature),
    }
}

/// What [`Hsm::sign`] is given for a message: its digest, for Ed25519 the message.
pub fn signing_input(algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, HsmError> {
    let digest = match algorithm {
        SignatureAlgorithm::EcdsaSha384 => MessageDigest::sha384(),
        SignatureAlgorithm::Ed25519 => return Ok(message.to_vec()),
        _ => MessageDigest::sha256(),
    };
    let digest = hash(digest, message).map_err(|_| HsmError::Misconfigured("OpenSSL has no SHA-2".into()))?;
    Ok(digest.to_vec())
}

impl AsyncSigner<HsmSignature> for HsmSigner {
    async fn sign_async(&self, message: &[u8]) -> Result<HsmSignature, signature::Error> {
        let signature = self.sign_message(message).await;
        signature.map(HsmSignature).map_err(signature::Error::from_source)
    }
}

impl Keypair for HsmSigner {
    type VerifyingKey = HsmVerifyingKey;

    fn verifying_key(&self) -> HsmVerifyingKey {
        HsmVerifyingKey(self.public.spki.clone())
    }
}

impl DynSignatureAlgorithmIdentifier for HsmSigner {
    fn signature_algorithm_identifier(&self) -> spki::Result<AlgorithmIdentifierOwned> {
        // RFC 5758 section 3.2, RFC 4055 sections 5 and 3.1, RFC 8410 section 3.
        let (oid, parameters) = match self.algorithm {
            SignatureAlgorithm::EcdsaSha256 => ("1.2.840.10045.4.3.2", None),
            SignatureAlgorithm::EcdsaSha384 => ("1.2.840.10045.4.3.3", None),
            SignatureAlgorithm::RsaPkcs1Sha256 => ("1.2.840.113549.1.1.11", Some(Any::null())),
            SignatureAlgorithm::RsaPssSha256 => ("1.2.840.113549.1.1.10", Some(Any::from_der(PSS_SHA256)?)),
            SignatureAlgorithm::Ed25519 => ("1.3.101.112", None),
        };
        Ok(AlgorithmIdentifierOwned {
            oid: ObjectIdentifier::new(oid).map_err(der::Error::from)?,
            parameters,
        })
    }
}

impl EncodePublicKey for HsmVerifyingKey {
    fn to_public_key_der(&self) -> spki::Result<Document> {
        Ok(Document::from_der(&self.0)?)
    }
}

impl SignatureBitStringEncoding for HsmSignature {
    fn to_bitstring(&self) -> der::Result<BitString> {
        BitString::from_bytes(&self.0)
    }
}
