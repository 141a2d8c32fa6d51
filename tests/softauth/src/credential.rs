//! One credential: a software key pair and what belongs to it, kept as JSON with base64url members.

use ciborium::Value as Cbor;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use serde::{Deserialize, Serialize};

use crate::Error;

/// COSE algorithms this authenticator knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    Es256,
    EdDsa,
    Rs256,
}

impl Algorithm {
    /// By COSE algorithm identifier.
    pub fn from_cose(identifier: i64) -> Option<Self> {
        match identifier {
            -7 => Some(Self::Es256),
            -8 => Some(Self::EdDsa),
            -257 => Some(Self::Rs256),
            _ => None,
        }
    }
}

/// A discoverable credential.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credential {
    #[serde(with = "bytes")]
    pub id: Vec<u8>,
    pub rp_id: String,
    #[serde(with = "bytes")]
    pub user_handle: Vec<u8>,
    pub algorithm: Algorithm,
    /// PKCS#8 DER, in the clear: this is a test tool.
    #[serde(with = "bytes")]
    pub private_key: Vec<u8>,
    /// signCount of the last assertion.
    pub counter: u32,
}

impl Credential {
    /// A fresh key pair under a random 32-octet id.
    pub fn make(algorithm: Algorithm, rp_id: &str, user_handle: &[u8]) -> Result<Self, Error> {
        let key = match algorithm {
            Algorithm::Es256 => PKey::from_ec_key(EcKey::generate(p256()?.as_ref())?)?,
            Algorithm::EdDsa => PKey::generate_ed25519()?,
            Algorithm::Rs256 => PKey::from_rsa(Rsa::generate(2048)?)?,
        };
        let mut id = vec![0; 32];
        openssl::rand::rand_bytes(&mut id)?;
        Ok(Self {
            id,
            rp_id: rp_id.to_owned(),
            user_handle: user_handle.to_vec(),
            algorithm,
            private_key: key.private_key_to_pkcs8()?,
            counter: 0,
        })
    }

    fn key(&self) -> Result<PKey<Private>, ErrorStack> {
        PKey::private_key_from_pkcs8(&self.private_key)
    }

    /// COSE_Key in CTAP 2 canonical CBOR (RFC 9053 section 7, RFC 8230 section 4).
    pub fn cose_key(&self) -> Result<Vec<u8>, Error> {
        let key = self.key()?;
        let entries = match self.algorithm {
            Algorithm::Es256 => {
                let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
                let mut context = BigNumContext::new()?;
                let group = p256()?;
                let point = key.ec_key()?;
                point
                    .public_key()
                    .affine_coordinates(&group, &mut x, &mut y, &mut context)?;
                let (x, y) = (x.to_vec_padded(32)?, y.to_vec_padded(32)?);
                vec![number(1, 2), number(3, -7), number(-1, 1), octets(-2, x), octets(-3, y)]
            }
            Algorithm::EdDsa => vec![
                number(1, 1),
                number(3, -8),
                number(-1, 6),
                octets(-2, key.raw_public_key()?),
            ],
            Algorithm::Rs256 => {
                let rsa = key.rsa()?;
                let (n, e) = (rsa.n().to_vec(), rsa.e().to_vec());
                vec![number(1, 3), number(3, -257), octets(-1, n), octets(-2, e)]
            }
        };
        Ok(cbor(&Cbor::Map(entries)))
    }

    /// Signs as WebAuthn section 6.5.5 says; ES256 as DER.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let key = self.key()?;
        let mut signer = match self.algorithm {
            Algorithm::EdDsa => Signer::new_without_digest(&key)?,
            Algorithm::Es256 | Algorithm::Rs256 => Signer::new(MessageDigest::sha256(), &key)?,
        };
        Ok(signer.sign_oneshot_to_vec(message)?)
    }
}

pub(crate) fn cbor(value: &Cbor) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing to memory cannot fail.
    let _ = ciborium::ser::into_writer(value, &mut out);
    out
}

fn p256() -> Result<EcGroup, ErrorStack> {
    EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)
}

fn number(label: i64, value: i64) -> (Cbor, Cbor) {
    (Cbor::Integer(label.into()), Cbor::Integer(value.into()))
}

fn octets(label: i64, value: Vec<u8>) -> (Cbor, Cbor) {
    (Cbor::Integer(label.into()), Cbor::Bytes(value))
}

/// Octets as base64url in JSON.
pub(crate) mod bytes {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        URL_SAFE_NO_PAD.decode(text).map_err(serde::de::Error::custom)
    }
}
