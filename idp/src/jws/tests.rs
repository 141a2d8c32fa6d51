//! What verifies, and everything that does not.
#![allow(clippy::unwrap_used)]
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::Private;
use sha2::{Digest, Sha256};

use super::*;

fn verify(keys: &[Jwk], token: &str) -> Result<Json, JwsError> {
    super::verify(keys, ID_TOKEN, token)
}

fn key() -> (EcKey<Private>, Jwk) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = EcKey::generate(&group).unwrap();
    let jwk = Jwk::from_spki(&key.public_key_to_der().unwrap()).unwrap();
    (key, jwk)
}

fn token(key: &EcKey<Private>, header: &Json, claims: &Json) -> String {
    let input = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()));
    let signature = EcdsaSig::sign(&Sha256::digest(input.as_bytes()), key).unwrap();
    let half = |number: &openssl::bn::BigNumRef| number.to_vec_padded(32).unwrap();
    let raw = [half(signature.r()), half(signature.s())].concat();
    format!("{input}.{}", B64.encode(raw))
}

fn header(jwk: &Jwk) -> Json {
    json!({"alg": "ES256", "typ": "JWT", "kid": jwk.kid})
}

#[test]
fn a_token_of_ours_gives_its_claims() {
    let (key, jwk) = key();
    let claims = json!({"sub": "a"});
    assert_eq!(
        verify(std::slice::from_ref(&jwk), &token(&key, &header(&jwk), &claims)),
        Ok(claims)
    );
}

#[test]
fn the_token_chooses_neither_algorithm_nor_key() {
    let (key, jwk) = key();
    let (_, other) = self::key();
    let with = |name: &str, value: Json| {
        let mut header = header(&jwk);
        header.as_object_mut().unwrap().insert(name.to_owned(), value);
        token(&key, &header, &json!({}))
    };
    for token in [
        with("alg", json!("none")),
        with("alg", json!("HS256")),
        with("alg", json!("ES384")),
        with("alg", json!("es256")),
        with("alg", Json::Null),
        with("kid", json!("another")),
        with("kid", Json::Null),
        with("crit", json!(["b64"])),
    ] {
        assert_eq!(
            verify(std::slice::from_ref(&jwk), &token),
            Err(JwsError::UnknownKey),
            "{token}"
        );
    }
    // A key that the token brings along, or that has our kid by accident, is not ours.
    let brought = with("jwk", other.to_json());
    assert!(verify(std::slice::from_ref(&other), &brought).is_err());
    let named = Jwk {
        kid: jwk.kid.clone(),
        ..other
    };
    assert!(verify(&[named], &with("typ", json!("JWT"))).is_err());
    for typ in [json!("at+jwt"), json!("logout+jwt"), Json::Null] {
        let other_kind = with("typ", typ);
        assert!(verify(std::slice::from_ref(&jwk), &other_kind).is_err(), "{other_kind}");
    }
}

#[test]
fn no_character_of_a_token_can_be_changed() {
    let (key, jwk) = key();
    let keys = [jwk.clone()];
    let good = token(&key, &header(&jwk), &json!({"sub": "a", "aud": "b"}));
    for (index, octet) in good.bytes().enumerate() {
        let mut changed = good.clone().into_bytes();
        if let Some(at) = changed.get_mut(index) {
            *at = if octet == b'A' { b'B' } else { b'A' };
        }
        let changed = String::from_utf8(changed).unwrap();
        assert!(verify(&keys, &changed).is_err(), "character {index}");
    }
}

#[test]
fn odd_tokens_are_refused() {
    let (key, jwk) = key();
    let good = token(&key, &header(&jwk), &json!({}));
    let (input, _) = good.rsplit_once('.').unwrap();
    let der = {
        let signature = EcdsaSig::sign(&Sha256::digest(input.as_bytes()), &key).unwrap();
        format!("{input}.{}", B64.encode(signature.to_der().unwrap()))
    };
    let zeros = format!("{input}.{}", B64.encode([0; 64]));
    for odd in [
        "",
        ".",
        "..",
        "a.b.c",
        input,
        &format!("{good}="),
        &format!("{good}.x"),
        &der,
        &zeros,
        &format!("{input}."),
    ] {
        assert!(verify(std::slice::from_ref(&jwk), odd).is_err(), "{odd}");
    }
}
