//! JSON Web Signatures that other people made (RFC 7515, RFC 7519, RFC 8725): client assertions, request objects, DPoP proofs.
//!
//! The caller says which types and algorithms it takes; a token never chooses. Time claims are the caller's to judge.

mod algorithm;
pub(crate) mod encrypt;
mod jwk;
pub(crate) mod strict_json;
#[cfg(test)]
pub(crate) mod test_keys;
#[cfg(test)]
mod tests;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use serde_json::{Map, Value as Json};

pub use algorithm::Algorithm;
pub use jwk::{Jwk, JwkError, JwkSet, Key, Purpose};

/// Longest token that is read, in octets: a request object with everything in it has a few thousand.
const LONGEST: usize = 16 * 1024;

/// What the caller takes.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub typ: Typ<'a>,
    pub algs: &'a [Algorithm],
}

/// The `typ` header that is taken (RFC 8725 section 3.11), without regard to case and to a leading `application/`.
#[derive(Clone, Copy, Debug)]
pub enum Typ<'a> {
    /// Exactly this one: `dpop+jwt`.
    Is(&'a str),
    /// One of these, or none: what clients of before RFC 8725 send.
    AbsentOr(&'a [&'a str]),
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoseError {
    #[error("the token is malformed")]
    Malformed,
    #[error("the token has another type")]
    Typ,
    #[error("the algorithm is not allowed")]
    Algorithm,
    #[error("the token has critical extensions")]
    Critical,
    #[error("the key is not known, or not for this algorithm")]
    UnknownKey,
    #[error("the key in the token is not taken: {0}")]
    Key(#[from] JwkError),
    #[error("the signature is wrong")]
    Signature,
}

/// The claims of a token whose signature is good.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(pub Map<String, Json>);

impl Claims {
    /// A claim that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Json::as_str)
    }

    /// A NumericDate (RFC 7519 section 2) in whole seconds, rounded down.
    pub fn seconds(&self, name: &str) -> Option<i64> {
        let number = self.0.get(name)?.as_number()?;
        match number.as_i64() {
            Some(whole) => Some(whole),
            // Casting saturates, and NaN cannot be written in JSON.
            #[allow(clippy::cast_possible_truncation)]
            None => number.as_f64().map(|fraction| fraction.floor() as i64),
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// The claims of a token in compact serialization that a key of `keys` signed.
pub fn verify(keys: &JwkSet, token: &str, expected: &Expected<'_>) -> Result<Claims, JoseError> {
    let parts = Parts::read(token, expected)?;
    let key = parts.key_of(keys)?;
    parts.claims_signed_by(key)
}

/// The claims of a token that carries its own key in `jwk` (RFC 9449 section 4.2), and that key.
pub fn verify_embedded(token: &str, expected: &Expected<'_>) -> Result<(Jwk, Claims), JoseError> {
    let parts = Parts::read(token, expected)?;
    let jwk = Jwk::parse(parts.header.get("jwk").ok_or(JoseError::Malformed)?)?;
    if !jwk.verifies(parts.algorithm) {
        return Err(JoseError::UnknownKey);
    }
    let claims = parts.claims_signed_by(&jwk)?;
    Ok((jwk, claims))
}

/// The claims without a look at the signature: to learn whose keys to take, and for nothing else.
pub fn unverified(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let (_, payload) = (parts.next()?, parts.next()?);
    if token.len() > LONGEST {
        return None;
    }
    strict_json::object(&B64.decode(payload).ok()?).map(Claims)
}

/// A token taken apart, its header judged.
struct Parts<'a> {
    input: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
    header: Map<String, Json>,
    algorithm: Algorithm,
}

impl<'a> Parts<'a> {
    fn read(token: &'a str, expected: &Expected<'_>) -> Result<Self, JoseError> {
        if token.len() > LONGEST {
            return Err(JoseError::Malformed);
        }
        let (input, signature) = token.rsplit_once('.').ok_or(JoseError::Malformed)?;
        let (header, payload) = input.split_once('.').ok_or(JoseError::Malformed)?;
        // The engine refuses padding, other alphabets and stray bits; a dot in the payload is no base64url either.
        let decode = |text: &str| B64.decode(text).map_err(|_| JoseError::Malformed);
        let header = strict_json::object(&decode(header)?).ok_or(JoseError::Malformed)?;
        let signature = decode(signature)?;
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(JoseError::Critical);
        }
        let algorithm = header.get("alg").and_then(Json::as_str).and_then(Algorithm::parse);
        let algorithm = algorithm.filter(|algorithm| expected.algs.contains(algorithm));
        let algorithm = algorithm.ok_or(JoseError::Algorithm)?;
        if !typ_is_taken(&header, expected.typ) {
            return Err(JoseError::Typ);
        }
        Ok(Self {
            input,
            payload,
            signature,
            header,
            algorithm,
        })
    }

    /// The key that `kid` names; without `kid` the only one of its kind.
    fn key_of<'k>(&self, keys: &'k JwkSet) -> Result<&'k Jwk, JoseError> {
        let kid = match self.header.get("kid") {
            None => None,
            Some(Json::String(kid)) => Some(kid.as_str()),
            Some(_) => return Err(JoseError::Malformed),
        };
        let mut fitting = keys
            .keys()
            .iter()
            .filter(|key| key.verifies(self.algorithm) && (kid.is_none() || key.kid.as_deref() == kid));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            _ => Err(JoseError::UnknownKey),
        }
    }

    fn claims_signed_by(self, key: &Jwk) -> Result<Claims, JoseError> {
        if !self.algorithm.verify(&key.key, self.input.as_bytes(), &self.signature) {
            return Err(JoseError::Signature);
        }
        let payload = B64.decode(self.payload).map_err(|_| JoseError::Malformed)?;
        strict_json::object(&payload).map(Claims).ok_or(JoseError::Malformed)
    }
}

fn typ_is_taken(header: &Map<String, Json>, taken: Typ<'_>) -> bool {
    let typ = match header.get("typ") {
        None => return matches!(taken, Typ::AbsentOr(_)),
        Some(Json::String(typ)) => typ.to_ascii_lowercase(),
        Some(_) => return false,
    };
    let typ = typ.strip_prefix("application/").unwrap_or(&typ);
    let same = |name: &str| name.eq_ignore_ascii_case(typ);
    match taken {
        Typ::Is(name) => same(name),
        Typ::AbsentOr(names) => names.iter().any(|name| same(name)),
    }
}
