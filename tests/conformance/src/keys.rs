//! Keys of test clients as JWK (RFC 7517), private part included: they are test data, made anew for every run.

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use openssl::bn::BigNumContext;
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use serde_json::{Value as Json, json};

/// A P-256 key for ES256.
pub fn p256(kid: &str) -> Result<Json> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let key = EcKey::generate(&group)?;
    let (mut x, mut y) = (openssl::bn::BigNum::new()?, openssl::bn::BigNum::new()?);
    let mut context = BigNumContext::new()?;
    key.public_key()
        .affine_coordinates(&group, &mut x, &mut y, &mut context)?;
    let b64 = |number: &openssl::bn::BigNumRef| -> Result<String> { Ok(B64.encode(number.to_vec_padded(32)?)) };
    Ok(json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
        "x": b64(&x)?, "y": b64(&y)?, "d": b64(key.private_key())?,
    }))
}

/// The public half.
pub fn public(jwk: &Json) -> Json {
    let mut jwk = jwk.clone();
    if let Some(members) = jwk.as_object_mut() {
        members.remove("d");
    }
    jwk
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn the_public_half_of_a_key_has_no_private_number() {
        let key = p256("k").unwrap();
        assert_eq!(key["d"].as_str().unwrap().len(), 43);
        assert!(public(&key).get("d").is_none());
        assert_eq!(public(&key)["x"], key["x"]);
    }
}
