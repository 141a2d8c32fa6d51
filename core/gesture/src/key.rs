//! COSE_Key (RFC 9052 section 7, RFC 9053 section 7, RFC 8230 section 4) of the three algorithms we take, as a key that verifies.

use ciborium::Value;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::Rsa;
use openssl::sign::Verifier;

use crate::assertion::GestureError;
use crate::edwards::check_point;
use crate::encoding::{cbor_item, cbor_map};

/// COSE algorithm identifiers (IANA registry "COSE Algorithms") in the order we offer them.
pub const ALGORITHMS: [i64; 3] = [-7, -8, -257];

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// -7 on P-256 with SHA-256.
    Es256,
    /// -8 on Ed25519.
    EdDsa,
    /// -257, PKCS #1 v1.5 with SHA-256, modulus of 2048 to 4096 bits.
    Rs256,
}

/// A public key that was found whole: its fields fit each other and the point lies on the curve.
#[derive(Debug)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    key: PKey<Public>,
}

impl VerifyingKey {
    /// Reads a COSE_Key. Unknown members are refused, as WebAuthn section 6.5.1.1 forbids them.
    pub fn from_cose(bytes: &[u8]) -> Result<Self, GestureError> {
        let (value, _, rest) = cbor_item(bytes)?;
        if !rest.is_empty() {
            return Err(GestureError::Malformed);
        }
        let fields = Fields::read(value)?;
        let (algorithm, key) = match (fields.integer(KTY)?, fields.integer(ALG)?) {
            (2, -7) => (Algorithm::Es256, fields.p256()?),
            (1, -8) => (Algorithm::EdDsa, fields.ed25519()?),
            (3, -257) => (Algorithm::Rs256, fields.rsa()?),
            (_, -7 | -8 | -257) => return Err(GestureError::Malformed),
            _ => return Err(GestureError::UnsupportedAlgorithm),
        };
        Ok(Self { algorithm, key })
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// SubjectPublicKeyInfo DER.
    pub fn spki(&self) -> Result<Vec<u8>, GestureError> {
        self.key.public_key_to_der().map_err(|_| GestureError::Malformed)
    }

    /// Verifies in the encoding of WebAuthn section 6.5.5: ES256 as DER Ecdsa-Sig-Value.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), GestureError> {
        let verify = || {
            let mut verifier = match self.algorithm {
                Algorithm::EdDsa => Verifier::new_without_digest(&self.key)?,
                Algorithm::Es256 | Algorithm::Rs256 => Verifier::new(MessageDigest::sha256(), &self.key)?,
            };
            verifier.verify_oneshot(signature, message)
        };
        // A signature that does not parse is an error of OpenSSL's, and no more than a bad signature here.
        if verify().unwrap_or(false) {
            Ok(())
        } else {
            Err(GestureError::BadSignature)
        }
    }
}

const KTY: i64 = 1;
const ALG: i64 = 3;

/// The members of a COSE_Key by label.
struct Fields(Vec<(i64, Value)>);

impl Fields {
    fn read(value: Value) -> Result<Self, GestureError> {
        let mut fields = Vec::new();
        for (label, value) in cbor_map(value)? {
            let label = label.into_integer().map_err(|_| GestureError::Malformed)?;
            fields.push((i64::try_from(label).map_err(|_| GestureError::Malformed)?, value));
        }
        Ok(Self(fields))
    }

    fn value(&self, label: i64) -> Result<&Value, GestureError> {
        let found = self.0.iter().find(|(l, _)| *l == label);
        found.map(|(_, value)| value).ok_or(GestureError::Malformed)
    }

    fn integer(&self, label: i64) -> Result<i64, GestureError> {
        let integer = self.value(label)?.as_integer().ok_or(GestureError::Malformed)?;
        i64::try_from(integer).map_err(|_| GestureError::Malformed)
    }

    fn bytes(&self, label: i64) -> Result<&[u8], GestureError> {
        let bytes = self.value(label)?.as_bytes().ok_or(GestureError::Malformed)?;
        Ok(bytes)
    }

    fn coordinate(&self, label: i64) -> Result<&[u8; 32], GestureError> {
        self.bytes(label)?.try_into().map_err(|_| GestureError::Malformed)
    }

    fn exactly(&self, members: usize) -> Result<(), GestureError> {
        if self.0.len() == members {
            Ok(())
        } else {
            Err(GestureError::Malformed)
        }
    }

    fn curve(&self, curve: i64) -> Result<(), GestureError> {
        if self.integer(-1)? == curve {
            Ok(())
        } else {
            Err(GestureError::UnsupportedAlgorithm)
        }
    }

    fn p256(&self) -> Result<PKey<Public>, GestureError> {
        self.curve(1)?;
        self.exactly(5)?;
        let (x, y) = (self.coordinate(-2)?, self.coordinate(-3)?);
        let build = || {
            let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
            let (x, y) = (BigNum::from_slice(x)?, BigNum::from_slice(y)?);
            let key = EcKey::from_public_key_affine_coordinates(&group, &x, &y)?;
            key.check_key()?;
            PKey::from_ec_key(key)
        };
        build().map_err(|_| GestureError::Malformed)
    }

    fn ed25519(&self) -> Result<PKey<Public>, GestureError> {
        self.curve(6)?;
        self.exactly(4)?;
        let point = self.coordinate(-2)?;
        check_point(point)?;
        PKey::public_key_from_raw_bytes(point, Id::ED25519).map_err(|_| GestureError::Malformed)
    }

    fn rsa(&self) -> Result<PKey<Public>, GestureError> {
        self.exactly(4)?;
        let (n, e) = (self.bytes(-1)?, self.bytes(-2)?);
        let odd = n.last().is_some_and(|low| low & 1 == 1);
        let shortest = n.first().is_some_and(|high| *high != 0);
        if e != [1, 0, 1] || !odd || !shortest {
            return Err(GestureError::Malformed);
        }
        let build = || {
            let n = BigNum::from_slice(n)?;
            let bits = n.num_bits();
            let key = PKey::from_rsa(Rsa::from_public_components(n, BigNum::from_slice(e)?)?)?;
            Ok::<_, openssl::error::ErrorStack>((bits, key))
        };
        let (bits, key) = build().map_err(|_| GestureError::Malformed)?;
        if !(2048..=4096).contains(&bits) {
            return Err(GestureError::UnsupportedAlgorithm);
        }
        Ok(key)
    }
}
