//! What only a client may read (RFC 7516): ECDH-ES directly with P-256 (RFC 7518 section 4.6) and A256GCM, compact. The one-time
//! key lives for one message and is no key of ours.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use openssl::bn::{BigNum, BigNumContext};
use openssl::derive::Deriver;
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private, Public};
use openssl::symm::{Cipher, encrypt_aead};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};
use signum_core::Random;
use zeroize::Zeroizing;

use super::{Jwk, JwkSet, Key, Purpose};

pub(crate) const ALG: &str = "ECDH-ES";
pub(crate) const ENC: &str = "A256GCM";

/// Why nothing can be encrypted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncryptError {
    /// What the client has to mend.
    #[error("the client has no P-256 key for encryption")]
    NoKey,
    #[error(transparent)]
    OpenSsl(#[from] ErrorStack),
}

/// `content` for the holder of the first key of `keys` that is for this. `cty`: `JWT` for a signed token inside.
pub(crate) fn encrypted(
    random: &dyn Random,
    keys: &JwkSet,
    cty: Option<&str>,
    content: &[u8],
) -> Result<String, EncryptError> {
    let (jwk, key) = keys.keys().iter().find_map(fit).ok_or(EncryptError::NoKey)?;
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let once = EcKey::generate(&group)?;
    let secret = agreed(&once, &key)?;
    let mut header = Map::new();
    for (name, value) in [
        ("alg", Some(ALG)),
        ("enc", Some(ENC)),
        ("cty", cty),
        ("kid", jwk.kid.as_deref()),
    ] {
        header.extend(value.map(|value| (name.to_owned(), json!(value))));
    }
    header.insert("epk".to_owned(), public_jwk(&once)?);
    let header = B64.encode(Json::Object(header).to_string());
    let key = concat_kdf(&secret, ENC);
    let (iv, mut tag) = (random.bytes::<12>(), [0; 16]);
    let aad = header.as_bytes();
    let sealed = encrypt_aead(Cipher::aes_256_gcm(), &*key, Some(&iv), aad, content, &mut tag)?;
    // The second part, the encrypted key, is empty with direct agreement (RFC 7516 section 5.1).
    Ok(format!(
        "{header}..{}.{}.{}",
        B64.encode(iv),
        B64.encode(sealed),
        B64.encode(tag)
    ))
}

/// Whether there is a key in the set to encrypt to.
pub(crate) fn usable(keys: &JwkSet) -> bool {
    keys.keys().iter().any(|jwk| fit(jwk).is_some())
}

/// A key for encryption by this algorithm. One that says nothing of its use is not taken: it verifies signatures.
fn fit(jwk: &Jwk) -> Option<(&Jwk, EcKey<Public>)> {
    let named = jwk.alg.as_deref();
    let meant = jwk.purpose == Purpose::Encryption || (jwk.purpose == Purpose::Any && named == Some(ALG));
    let Key::P256 { x, y } = &jwk.key else {
        return None;
    };
    if !meant || named.is_some_and(|alg| alg != ALG) {
        return None;
    }
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).ok()?;
    let (x, y) = (BigNum::from_slice(x).ok()?, BigNum::from_slice(y).ok()?);
    // Refuses a point beside the curve.
    let key = EcKey::from_public_key_affine_coordinates(&group, &x, &y).ok()?;
    Some((jwk, key))
}

fn agreed(own: &EcKey<Private>, peer: &EcKey<Public>) -> Result<Zeroizing<Vec<u8>>, ErrorStack> {
    let (own, peer) = (PKey::from_ec_key(own.clone())?, PKey::from_ec_key(peer.clone())?);
    let mut deriver = Deriver::new(&own)?;
    deriver.set_peer(&peer)?;
    deriver.derive_to_vec().map(Zeroizing::new)
}

fn public_jwk(key: &EcKey<Private>) -> Result<Json, ErrorStack> {
    let (mut x, mut y, mut context) = (BigNum::new()?, BigNum::new()?, BigNumContext::new()?);
    let point = key.public_key();
    point.affine_coordinates_gfp(key.group(), &mut x, &mut y, &mut context)?;
    let (x, y) = (B64.encode(x.to_vec_padded(32)?), B64.encode(y.to_vec_padded(32)?));
    Ok(json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}))
}

/// NIST SP 800-56A section 5.8.1 as RFC 7518 section 4.6.2 has it: one round of SHA-256, for a key of 256 bits.
fn concat_kdf(secret: &[u8], enc: &str) -> Zeroizing<[u8; 32]> {
    let length = |octets: usize| u32::try_from(octets).unwrap_or(u32::MAX).to_be_bytes();
    let mut digest = Sha256::new();
    digest.update(1_u32.to_be_bytes());
    digest.update(secret);
    digest.update(length(enc.len()));
    digest.update(enc.as_bytes());
    // PartyUInfo and PartyVInfo are empty.
    digest.update(length(0));
    digest.update(length(0));
    digest.update(256_u32.to_be_bytes());
    Zeroizing::new(digest.finalize().into())
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::jose::test_keys::TestKey;
    use openssl::symm::decrypt_aead;
    use signum_core::OsRandom;

    /// What the holder of `key` reads, with the header.
    pub(crate) fn opened(key: &TestKey, token: &str) -> Option<(Json, Vec<u8>)> {
        let parts: Vec<_> = token.split('.').collect();
        let header: Json = serde_json::from_slice(&B64.decode(parts[0]).unwrap()).unwrap();
        let field =
            |name: &str| BigNum::from_slice(&B64.decode(header["epk"][name].as_str().unwrap()).unwrap()).unwrap();
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let once = EcKey::from_public_key_affine_coordinates(&group, &field("x"), &field("y")).unwrap();
        let secret = agreed(&key.key.ec_key().unwrap(), &once).unwrap();
        let content = concat_kdf(&secret, ENC);
        let [iv, sealed, tag] = [2, 3, 4].map(|part| B64.decode(parts[part]).unwrap());
        let aad = parts[0].as_bytes();
        let plain = decrypt_aead(Cipher::aes_256_gcm(), &*content, Some(&iv), aad, &sealed, &tag).ok()?;
        Some((header, plain))
    }

    fn set(key: &TestKey, member: &str, value: &str) -> JwkSet {
        let mut jwk = key.bare_jwk();
        jwk["kid"] = json!(key.kid);
        jwk[member] = json!(value);
        JwkSet::parse(&json!({"keys": [jwk]})).unwrap()
    }

    #[test]
    fn only_the_holder_of_the_key_reads_it_and_a_changed_message_is_not_read() {
        let (key, other) = (TestKey::es256("enc"), TestKey::es256("other"));
        let token = encrypted(&OsRandom, &set(&key, "use", "enc"), Some("JWT"), b"a.b.c").unwrap();
        assert_eq!(token.split('.').nth(1), Some(""));
        let (header, content) = opened(&key, &token).unwrap();
        assert_eq!(content, b"a.b.c");
        assert_eq!((&header["cty"], &header["kid"]), (&json!("JWT"), &json!("enc")));
        assert!(opened(&other, &token).is_none());
        let changed = token.replacen('.', "X.", 1);
        assert_ne!(changed, token);
        let again = encrypted(&OsRandom, &set(&key, "use", "enc"), Some("JWT"), b"a.b.c").unwrap();
        assert_ne!(again, token, "each has a key of its own");
    }

    #[test]
    fn a_key_that_signs_or_is_for_another_algorithm_encrypts_nothing() {
        let key = TestKey::es256("k");
        let refused = |keys: &JwkSet| matches!(encrypted(&OsRandom, keys, None, b"x"), Err(EncryptError::NoKey));
        assert!(refused(&set(&key, "use", "sig")));
        assert!(refused(&set(&key, "alg", "ES256")));
        assert!(refused(
            &JwkSet::parse(&TestKey::new(crate::jose::Algorithm::Ps256, "r").jwks()).unwrap()
        ));
        assert!(!refused(&set(&key, "alg", "ECDH-ES")));
    }

    // RFC 7518 appendix C derives 128 bits; the same input for 256 bits and A256GCM was computed with Python's hashlib.
    #[test]
    fn the_agreed_key_is_the_one_that_others_derive() {
        let z = [
            158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128,
            106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
        ];
        assert_eq!(
            hex::encode(*concat_kdf(&z, ENC)),
            "b27e1ae45b86035f70ffd584b87a3553bd5f156ec0b754cd4d0f74f6562d3535"
        );
    }
}
