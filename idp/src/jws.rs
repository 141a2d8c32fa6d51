//! JSON Web Signatures of our own (RFC 7515, RFC 7518 sections 3.4 and 3.5): made in the HSM with ES256 or PS256, and read back.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use openssl::{
    bn::{BigNum, BigNumContext},
    error::ErrorStack,
    pkey::{Id as KeyType, PKey, Public},
};
use serde_json::{Value as Json, json};
use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri, SignatureAlgorithm};

use crate::jose::{self, Algorithm, Expected, JoseError, JwkSet};

/// The header `typ` of an ID token. It has to be said, so that no other token of ours is taken for one (RFC 8725 section 3.11).
pub(crate) const ID_TOKEN: &str = "JWT";
/// RFC 9068 section 2.1.
pub(crate) const ACCESS_TOKEN: &str = "at+jwt";
/// Of a signed authorization response. JARM names no type and libraries take `JWT` alone; without `sub` it is no ID token.
pub(crate) const AUTHORIZATION_RESPONSE: &str = "JWT";
/// The answer of the userinfo endpoint as a JWT (OpenID Connect Core section 5.3.2). A type of its own, so that it is never an ID
/// token (RFC 8725 section 3.11).
pub(crate) const USERINFO: &str = "userinfo+jwt";
/// RFC 9701 section 5.
pub(crate) const INTROSPECTION: &str = "token-introspection+jwt";

/// The algorithms of our own signatures, the default first.
pub(crate) const OURS: [Algorithm; 2] = [Algorithm::Es256, Algorithm::Ps256];

/// What such a key is and how it signs in the HSM; `None` for algorithms that we only verify.
pub(crate) fn in_the_hsm(algorithm: Algorithm) -> Option<(KeyAlgorithm, SignatureAlgorithm)> {
    match algorithm {
        Algorithm::Es256 => Some((KeyAlgorithm::EcP256, SignatureAlgorithm::EcdsaSha256)),
        Algorithm::Ps256 => Some((KeyAlgorithm::Rsa3072, SignatureAlgorithm::RsaPssSha256)),
        Algorithm::EdDsa | Algorithm::Rs256 => None,
    }
}

/// A public signing key of ours as relying parties see it (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    /// RFC 7638 thumbprint.
    pub kid: String,
    pub(crate) algorithm: Algorithm,
    /// The one key alone, ready to verify with.
    set: JwkSet,
}

/// Why a token is not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    #[error("malformed token")]
    Malformed,
    #[error("unknown key or algorithm")]
    UnknownKey,
    #[error("bad signature")]
    BadSignature,
}

/// Why a public key of the HSM cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum JwkOfSpkiError {
    #[error(transparent)]
    OpenSsl(#[from] ErrorStack),
    #[error(transparent)]
    Jwk(#[from] jose::JwkError),
    #[error("neither P-256 nor RSA")]
    Kind,
}

impl Jwk {
    /// From SubjectPublicKeyInfo DER of a P-256 or RSA key.
    pub fn from_spki(spki: &[u8]) -> Result<Self, JwkOfSpkiError> {
        let key = PKey::public_key_from_der(spki)?;
        let (algorithm, mut members) = match key.id() {
            KeyType::EC => (Algorithm::Es256, ec_members(&key)?),
            KeyType::RSA => {
                let rsa = key.rsa()?;
                let octets = |number: &openssl::bn::BigNumRef| B64.encode(number.to_vec());
                let members = json!({"kty": "RSA", "n": octets(rsa.n()), "e": octets(rsa.e())});
                (Algorithm::Ps256, members)
            }
            _ => return Err(JwkOfSpkiError::Kind),
        };
        let kid = jose::Jwk::parse(&members)?.thumbprint();
        if let Some(members) = members.as_object_mut() {
            for (name, value) in [("kid", kid.as_str()), ("alg", algorithm.name()), ("use", "sig")] {
                members.insert(name.to_owned(), json!(value));
            }
        }
        let set = JwkSet::parse(&json!({ "keys": [members] }))?;
        Ok(Self { kid, algorithm, set })
    }

    pub fn to_json(&self) -> Json {
        self.set.keys().first().map(jose::Jwk::to_json).unwrap_or_default()
    }
}

fn ec_members(key: &PKey<Public>) -> Result<Json, ErrorStack> {
    let key = key.ec_key()?;
    let (mut x, mut y, mut context) = (BigNum::new()?, BigNum::new()?, BigNumContext::new()?);
    key.public_key()
        .affine_coordinates_gfp(key.group(), &mut x, &mut y, &mut context)?;
    let (x, y) = (B64.encode(x.to_vec_padded(32)?), B64.encode(y.to_vec_padded(32)?));
    Ok(json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}))
}

/// A key that signs.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    pub uri: KeyUri,
    pub kid: String,
    pub algorithm: Algorithm,
    pub how: SignatureAlgorithm,
}

/// Compact serialization (RFC 7515 section 7.1) of `claims`, signed in the HSM.
pub(crate) async fn sign(hsm: &dyn Hsm, signer: &Signer, typ: &str, claims: &Json) -> Result<String, HsmError> {
    let header = json!({"alg": signer.algorithm.name(), "typ": typ, "kid": signer.kid});
    let (header, claims) = (header.to_string(), claims.to_string());
    signum_hsm_shim::jws::compact(hsm, &signer.uri, signer.how, None, &header, claims.as_bytes()).await
}

/// The claims of a token of the type `typ` that one of `keys` signed. Time claims are the caller's to judge.
pub(crate) fn verify(keys: &[Jwk], typ: &str, token: &str) -> Result<Json, JwsError> {
    let kid = kid(token).ok_or(JwsError::UnknownKey)?;
    let key = keys.iter().find(|key| key.kid == kid).ok_or(JwsError::UnknownKey)?;
    let expected = Expected {
        typ: jose::Typ::Is(typ),
        algs: &[key.algorithm],
    };
    match jose::verify(&key.set, token, &expected) {
        Ok(claims) => Ok(Json::Object(claims.0)),
        Err(JoseError::Malformed | JoseError::Typ) => Err(JwsError::Malformed),
        Err(JoseError::Algorithm | JoseError::Critical | JoseError::UnknownKey | JoseError::Key(_)) => {
            Err(JwsError::UnknownKey)
        }
        Err(JoseError::Signature) => Err(JwsError::BadSignature),
    }
}

/// The key that a token names.
fn kid(token: &str) -> Option<String> {
    let (header, _) = token.split_once('.')?;
    let header: Json = serde_json::from_slice(&B64.decode(header).ok()?).ok()?;
    header.get("kid")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests;
