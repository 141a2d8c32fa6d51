//! Other people's public keys (RFC 7517, RFC 7518 section 6, RFC 8037) and sets of them.

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use openssl::bn::BigNumContext;
use openssl::ec::PointConversionForm;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKeyRef, Public};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::algorithm::Algorithm;

/// Most keys that a set may have: each may have to be tried.
const MOST_KEYS: usize = 20;
/// RSA moduli in octets: 2048 to 4096 bits. More would be work for us and no gain for anybody.
const RSA_OCTETS: std::ops::RangeInclusive<usize> = 256..=512;
/// Members that only private and symmetric keys have.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The mathematics of a public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    P256 { x: [u8; 32], y: [u8; 32] },
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Ed25519([u8; 32]),
}

impl Key {
    /// Of a certificate; `None` for other kinds of keys.
    pub(crate) fn of(key: &PKeyRef<Public>) -> Option<Self> {
        if let Ok(x) = key.raw_public_key() {
            return (key.id() == Id::ED25519).then(|| x.try_into().ok().map(Self::Ed25519))?;
        }
        if let Ok(rsa) = key.rsa() {
            let (n, e) = (rsa.n().to_vec(), rsa.e().to_vec());
            return Some(Self::Rsa { n, e });
        }
        let ec = key.ec_key().ok()?;
        let group = ec.group();
        if group.curve_name() != Some(Nid::X9_62_PRIME256V1) {
            return None;
        }
        let mut context = BigNumContext::new().ok()?;
        let form = PointConversionForm::UNCOMPRESSED;
        let point = ec.public_key().to_bytes(group, form, &mut context).ok()?;
        let (x, y) = point.get(1..)?.split_at_checked(32)?;
        Some(Self::P256 {
            x: x.try_into().ok()?,
            y: y.try_into().ok()?,
        })
    }
}

/// What its owner says a key is for (RFC 7517 section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Signature,
    Encryption,
    Any,
}

/// A public key that somebody else holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    pub kid: Option<String>,
    /// The one algorithm it is for, by its JOSE name; of encryption keys as well (`ECDH-ES`).
    pub alg: Option<String>,
    pub purpose: Purpose,
    pub key: Key,
    /// SHA-256 of the certificate in `x5c`, or `x5t#S256` (RFC 8705 section 2.2.2).
    pub certificate: Option<[u8; 32]>,
}

/// Why a key is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    #[error("it is no JSON Web Key")]
    Malformed,
    #[error("a private or symmetric key was sent")]
    Private,
    #[error("keys are P-256, Ed25519, or RSA of 2048 to 4096 bits")]
    Unsupported,
    #[error("a set has 1 to 20 keys")]
    Number,
    #[error("two keys have one kid")]
    Kid,
}

impl Jwk {
    pub fn parse(value: &Json) -> Result<Self, JwkError> {
        let object = value.as_object().ok_or(JwkError::Malformed)?;
        if PRIVATE.iter().any(|member| object.contains_key(*member)) {
            return Err(JwkError::Private);
        }
        let key = key(object)?;
        let text = |member: &str| match object.get(member) {
            None => Ok(None),
            Some(Json::String(text)) if !text.is_empty() && text.len() <= 256 => Ok(Some(text.clone())),
            Some(_) => Err(JwkError::Malformed),
        };
        let purpose = match text("use")?.as_deref() {
            None => Purpose::Any,
            Some("sig") => Purpose::Signature,
            Some("enc") => Purpose::Encryption,
            Some(_) => return Err(JwkError::Malformed),
        };
        Ok(Self {
            kid: text("kid")?,
            alg: text("alg")?,
            purpose: by_operations(object, purpose)?,
            key,
            certificate: certificate(object)?,
        })
    }

    /// RFC 7638: SHA-256 over the required members, in base64url.
    pub fn thumbprint(&self) -> String {
        let canonical = match &self.key {
            Key::P256 { x, y } => {
                format!(
                    r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
                    B64.encode(x),
                    B64.encode(y)
                )
            }
            Key::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, B64.encode(e), B64.encode(n)),
            Key::Ed25519(x) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, B64.encode(x)),
        };
        B64.encode(Sha256::digest(canonical.as_bytes()))
    }

    /// Only what we understood of it.
    pub fn to_json(&self) -> Json {
        let mut out = match &self.key {
            Key::P256 { x, y } => json!({"kty": "EC", "crv": "P-256", "x": B64.encode(x), "y": B64.encode(y)}),
            Key::Rsa { n, e } => json!({"kty": "RSA", "n": B64.encode(n), "e": B64.encode(e)}),
            Key::Ed25519(x) => json!({"kty": "OKP", "crv": "Ed25519", "x": B64.encode(x)}),
        };
        if let Some(members) = out.as_object_mut() {
            let mut put = |member: &str, value: Option<String>| {
                value.map(|value| members.insert(member.to_owned(), Json::String(value)))
            };
            put("kid", self.kid.clone());
            put("alg", self.alg.clone());
            put("x5t#S256", self.certificate.map(|hash| B64.encode(hash)));
            put(
                "use",
                match self.purpose {
                    Purpose::Signature => Some("sig".to_owned()),
                    Purpose::Encryption => Some("enc".to_owned()),
                    Purpose::Any => None,
                },
            );
        }
        out
    }

    /// Whether it may verify a signature of this algorithm.
    pub(super) fn verifies(&self, algorithm: Algorithm) -> bool {
        let named = self.alg.as_deref();
        self.purpose != Purpose::Encryption
            && algorithm.fits(&self.key)
            && named.is_none_or(|alg| Algorithm::parse(alg) == Some(algorithm))
    }
}

/// A set of public keys (RFC 7517 section 5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JwkSet(Vec<Jwk>);

impl JwkSet {
    /// Every key must be one that we take: what is registered by value shall work.
    pub fn parse(value: &Json) -> Result<Self, JwkError> {
        Self::of(keys(value)?.iter().map(Jwk::parse).collect::<Result<_, _>>()?)
    }

    /// Of an address: keys of kinds that we do not know are passed over (RFC 7517 section 5), private ones are still refused.
    pub fn parse_published(value: &Json) -> Result<Self, JwkError> {
        let mut taken = Vec::new();
        for key in keys(value)? {
            match Jwk::parse(key) {
                Ok(jwk) => taken.push(jwk),
                Err(JwkError::Unsupported | JwkError::Malformed) => {}
                Err(error) => return Err(error),
            }
        }
        Self::of(taken)
    }

    fn of(keys: Vec<Jwk>) -> Result<Self, JwkError> {
        let mut kids = std::collections::HashSet::new();
        if keys
            .iter()
            .filter_map(|jwk| jwk.kid.as_deref())
            .any(|kid| !kids.insert(kid))
        {
            return Err(JwkError::Kid);
        }
        Ok(Self(keys))
    }

    pub fn keys(&self) -> &[Jwk] {
        &self.0
    }

    pub fn to_json(&self) -> Json {
        json!({"keys": self.0.iter().map(Jwk::to_json).collect::<Vec<_>>()})
    }
}

fn keys(value: &Json) -> Result<&[Json], JwkError> {
    let keys = value.get("keys").and_then(Json::as_array).ok_or(JwkError::Malformed)?;
    match keys.is_empty() || keys.len() > MOST_KEYS {
        true => Err(JwkError::Number),
        false => Ok(keys),
    }
}

fn key(object: &Map<String, Json>) -> Result<Key, JwkError> {
    let text = |member: &str| object.get(member).and_then(Json::as_str).ok_or(JwkError::Malformed);
    let octets = |member: &str| B64.decode(text(member)?).map_err(|_| JwkError::Malformed);
    let field = |member: &str| <[u8; 32]>::try_from(octets(member)?).map_err(|_| JwkError::Malformed);
    let (key, algorithm) = match (text("kty")?, object.get("crv").and_then(Json::as_str)) {
        ("EC", Some("P-256")) => (
            Key::P256 {
                x: field("x")?,
                y: field("y")?,
            },
            Algorithm::Es256,
        ),
        ("OKP", Some("Ed25519")) => (Key::Ed25519(field("x")?), Algorithm::EdDsa),
        ("RSA", _) => {
            let (n, e) = (octets("n")?, octets("e")?);
            // RFC 7518 section 2, Base64urlUInt: the fewest octets. Otherwise one key has many thumbprints.
            if n.first() == Some(&0) || e.first() == Some(&0) {
                return Err(JwkError::Malformed);
            }
            let full = n
                .first()
                .is_some_and(|first| n.len() > *RSA_OCTETS.start() || *first >= 0x80);
            if !RSA_OCTETS.contains(&n.len()) || !full || e.len() > 4 || small(&e) {
                return Err(JwkError::Unsupported);
            }
            (Key::Rsa { n, e }, Algorithm::Ps256)
        }
        ("oct", _) => return Err(JwkError::Private),
        _ => return Err(JwkError::Unsupported),
    };
    match algorithm.public_key(&key) {
        Some(_) => Ok(key),
        None => Err(JwkError::Malformed),
    }
}

/// Whether an exponent is below 65537 (NIST SP 800-56B section 6.2.1).
fn small(e: &[u8]) -> bool {
    e.iter().fold(0_u32, |value, octet| value << 8 | u32::from(*octet)) < 65_537
}

/// `key_ops` (RFC 7517 section 4.3) says the same as `use` in other words; both together have to agree.
fn by_operations(object: &Map<String, Json>, purpose: Purpose) -> Result<Purpose, JwkError> {
    let Some(operations) = object.get("key_ops") else {
        return Ok(purpose);
    };
    let operations = operations.as_array().ok_or(JwkError::Malformed)?;
    let has = |name: &str| operations.iter().any(|operation| operation == name);
    let says = match (has("verify"), has("deriveKey") || has("deriveBits")) {
        (true, false) => Purpose::Signature,
        (false, true) => Purpose::Encryption,
        _ if operations.is_empty() => Purpose::Encryption,
        _ => return Err(JwkError::Malformed),
    };
    match purpose == Purpose::Any || purpose == says {
        true => Ok(says),
        false => Err(JwkError::Malformed),
    }
}

fn certificate(object: &Map<String, Json>) -> Result<Option<[u8; 32]>, JwkError> {
    if let Some(chain) = object.get("x5c") {
        let leaf = chain.get(0).and_then(Json::as_str).ok_or(JwkError::Malformed)?;
        let der = STANDARD.decode(leaf).map_err(|_| JwkError::Malformed)?;
        return Ok(Some(Sha256::digest(&der).into()));
    }
    let Some(hash) = object.get("x5t#S256") else {
        return Ok(None);
    };
    let hash = hash
        .as_str()
        .and_then(|text| B64.decode(text).ok())
        .ok_or(JwkError::Malformed)?;
    hash.try_into().map(Some).map_err(|_| JwkError::Malformed)
}
