//! JWTs of test clients, right and wrong: whatever header and claims a case wants, signed with whatever key.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::sha::sha256;
use openssl::sign::Signer;
use serde_json::{Value as Json, json};

/// An identifier nobody has used.
pub fn fresh() -> String {
    let mut bytes = [0; 24];
    openssl::rand::rand_bytes(&mut bytes).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a JWT says, unverified.
pub fn claims(jwt: &str) -> Json {
    let middle = jwt.split('.').nth(1).unwrap_or_default();
    serde_json::from_slice(&B64.decode(middle).unwrap_or_default()).unwrap_or_default()
}

/// The same JWT with a signature that does not fit it.
pub fn with_another_signature(jwt: &str) -> String {
    let (head, signature) = jwt.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{head}.{first}{}", &signature[1..])
}

fn part(json: &Json) -> String {
    B64.encode(json.to_string())
}

fn number(jwk: &Json, name: &str) -> BigNum {
    BigNum::from_slice(&B64.decode(jwk[name].as_str().unwrap()).unwrap()).unwrap()
}

fn private(jwk: &Json) -> EcKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let public = EcKey::from_public_key_affine_coordinates(&group, &number(jwk, "x"), &number(jwk, "y")).unwrap();
    EcKey::from_private_components(&group, &number(jwk, "d"), public.public_key()).unwrap()
}

/// By the header's `alg`: `ES256` with this key, `RS256` with a key nobody knows, `none` with no signature at all.
pub fn sign(header: &Json, claims: &Json, key: &Json) -> String {
    let input = format!("{}.{}", part(header), part(claims));
    let signature = match header["alg"].as_str() {
        Some("none") => Vec::new(),
        Some("RS256") => {
            let rsa = PKey::from_rsa(openssl::rsa::Rsa::generate(2048).unwrap()).unwrap();
            let mut signer = Signer::new(MessageDigest::sha256(), &rsa).unwrap();
            signer.sign_oneshot_to_vec(input.as_bytes()).unwrap()
        }
        _ => {
            let signed = EcdsaSig::sign(&sha256(input.as_bytes()), &private(key)).unwrap();
            let half = |number: &openssl::bn::BigNumRef| number.to_vec_padded(32).unwrap();
            [half(signed.r()), half(signed.s())].concat()
        }
    };
    format!("{input}.{}", B64.encode(signature))
}

/// RFC 9449 section 4.2 `ath`, and RFC 7638 thumbprints.
pub fn hash(text: &str) -> String {
    B64.encode(sha256(text.as_bytes()))
}

/// The public members of a key, as a JWK in a header has them.
pub fn public(jwk: &Json) -> Json {
    json!({"kty": "EC", "crv": "P-256", "x": jwk["x"], "y": jwk["y"]})
}

pub fn thumbprint(jwk: &Json) -> String {
    let value = |name: &str| jwk[name].as_str().unwrap().to_owned();
    hash(&format!(
        "{{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"{}\",\"y\":\"{}\"}}",
        value("x"),
        value("y")
    ))
}

/// RFC 7617.
pub fn basic(client_id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client_id}:{secret}")))
}
