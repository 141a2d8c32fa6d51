//! JSON Web Signatures with ES256 (RFC 7515, RFC 7518 section 3.4): made in the HSM, verified with OpenSSL.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::EcKey,
    ecdsa::EcdsaSig,
    error::ErrorStack,
    pkey::Public,
};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use signum_hsm_shim::{Hsm, HsmError, KeyUri, SignatureAlgorithm};

/// A public signing key as relying parties see it (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    /// RFC 7638 thumbprint.
    pub kid: String,
    x: String,
    y: String,
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

impl Jwk {
    /// From SubjectPublicKeyInfo DER of a P-256 key.
    pub fn from_spki(spki: &[u8]) -> Result<Self, ErrorStack> {
        let key = EcKey::public_key_from_der(spki)?;
        let (mut x, mut y, mut context) = (BigNum::new()?, BigNum::new()?, BigNumContext::new()?);
        key.public_key()
            .affine_coordinates_gfp(key.group(), &mut x, &mut y, &mut context)?;
        let (x, y) = (B64.encode(x.to_vec_padded(32)?), B64.encode(y.to_vec_padded(32)?));
        // RFC 7638 section 3.2: required members, lexicographic, no white space.
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let kid = B64.encode(Sha256::digest(canonical.as_bytes()));
        Ok(Self { kid, x, y })
    }

    pub fn to_json(&self) -> Json {
        json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid, "x": self.x, "y": self.y})
    }

    fn public_key(&self) -> Option<EcKey<Public>> {
        let group = openssl::ec::EcGroup::from_curve_name(openssl::nid::Nid::X9_62_PRIME256V1).ok()?;
        let coordinate = |text: &str| BigNum::from_slice(&B64.decode(text).ok()?).ok();
        EcKey::from_public_key_affine_coordinates(&group, coordinate(&self.x)?.as_ref(), coordinate(&self.y)?.as_ref())
            .ok()
    }
}

/// Compact serialization (RFC 7515 section 7.1) of `claims`, signed by `key` in the HSM.
pub async fn sign(hsm: &dyn Hsm, key: &KeyUri, kid: &str, claims: &Json) -> Result<String, HsmError> {
    sign_as(hsm, key, kid, "JWT", claims).await
}

/// The same with another explicit type (RFC 8725 section 3.11).
pub async fn sign_as(hsm: &dyn Hsm, key: &KeyUri, kid: &str, typ: &str, claims: &Json) -> Result<String, HsmError> {
    let header = json!({"alg": "ES256", "typ": typ, "kid": kid});
    let (header, claims) = (header.to_string(), claims.to_string());
    let algorithm = SignatureAlgorithm::EcdsaSha256;
    signum_hsm_shim::jws::compact(hsm, key, algorithm, None, &header, claims.as_bytes()).await
}

/// The claims of a token that one of `keys` signed. Time claims are the caller's to judge.
pub fn verify(keys: &[Jwk], token: &str) -> Result<Json, JwsError> {
    let (input, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
    let (header, payload) = input.split_once('.').ok_or(JwsError::Malformed)?;
    let decode = |text: &str| B64.decode(text).map_err(|_| JwsError::Malformed);
    let parse = |bytes: Vec<u8>| serde_json::from_slice::<Json>(&bytes).map_err(|_| JwsError::Malformed);
    let header = parse(decode(header)?)?;
    if header.get("alg").and_then(Json::as_str) != Some("ES256") || header.get("crit").is_some() {
        return Err(JwsError::UnknownKey);
    }
    let kid = header.get("kid").and_then(Json::as_str).ok_or(JwsError::UnknownKey)?;
    let key = keys.iter().find(|k| k.kid == kid).ok_or(JwsError::UnknownKey)?;
    let key = key.public_key().ok_or(JwsError::UnknownKey)?;
    let signature = decode(signature)?;
    let (r, s) = signature.split_at_checked(32).ok_or(JwsError::BadSignature)?;
    if s.len() != 32 {
        return Err(JwsError::BadSignature);
    }
    let digest = Sha256::digest(input.as_bytes());
    let good =
        || EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?.verify(&digest, &key);
    if !good().unwrap_or(false) {
        return Err(JwsError::BadSignature);
    }
    parse(decode(payload)?)
}

#[cfg(test)]
mod tests;
