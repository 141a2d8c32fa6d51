//! Every header, key and encoding that a token must not get through with.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use serde_json::json;

use super::test_keys::TestKey;
use super::*;

const TAKEN: Expected<'static> = Expected {
    typ: Typ::AbsentOr(&["JWT"]),
    algs: &Algorithm::FAPI,
};

fn set(keys: &[&TestKey]) -> JwkSet {
    JwkSet::parse(&json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()})).unwrap()
}

#[test]
fn each_allowed_algorithm_verifies_and_a_changed_octet_does_not() {
    for alg in Algorithm::FAPI {
        let key = TestKey::new(alg, "k");
        let token = key.token(&json!({"kid": "k"}), &json!({"a": 1}));
        assert_eq!(verify(&set(&[&key]), &token, &TAKEN).unwrap().seconds("a"), Some(1));
        let (input, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = input.split_once('.').unwrap();
        let forged = format!("{header}.{}.{signature}", B64.encode(r#"{"a":2}"#));
        assert_eq!(verify(&set(&[&key]), &forged, &TAKEN), Err(JoseError::Signature));
        let other = TestKey::new(alg, "k");
        assert_eq!(verify(&set(&[&other]), &token, &TAKEN), Err(JoseError::Signature));
    }
}

#[test]
fn rs256_verifies_only_where_it_is_allowed() {
    let key = TestKey::new(Algorithm::Rs256, "k");
    let token = key.token(&json!({}), &json!({}));
    assert_eq!(verify(&set(&[&key]), &token, &TAKEN), Err(JoseError::Algorithm));
    let all = Expected {
        algs: &Algorithm::ALL,
        ..TAKEN
    };
    assert!(verify(&set(&[&key]), &token, &all).is_ok());
}

#[test]
fn none_hmac_and_unknown_algorithms_are_refused() {
    let key = TestKey::es256("k");
    for alg in ["none", "None", "HS256", "ES384", "RS1", "es256", ""] {
        let token = key.sign(&json!({"alg": alg}).to_string(), "{}");
        assert_eq!(
            verify(&set(&[&key]), &token, &TAKEN),
            Err(JoseError::Algorithm),
            "{alg}"
        );
    }
    let unsigned = format!("{}.{}.", B64.encode(r#"{"alg":"none"}"#), B64.encode("{}"));
    assert_eq!(verify(&set(&[&key]), &unsigned, &TAKEN), Err(JoseError::Algorithm));
    let no_alg = key.sign("{}", "{}");
    assert_eq!(verify(&set(&[&key]), &no_alg, &TAKEN), Err(JoseError::Algorithm));
}

#[test]
fn critical_and_unencoded_headers_are_refused() {
    let key = TestKey::es256("k");
    for header in [json!({"crit": ["exp"]}), json!({"crit": []}), json!({"b64": false})] {
        let token = key.token(&header, &json!({}));
        assert_eq!(verify(&set(&[&key]), &token, &TAKEN), Err(JoseError::Critical));
    }
}

#[test]
fn another_type_of_token_is_refused() {
    let key = TestKey::es256("k");
    let with = |typ: Json| key.token(&json!({"typ": typ}), &json!({}));
    for good in ["JWT", "jwt", "application/jwt"] {
        assert!(verify(&set(&[&key]), &with(json!(good)), &TAKEN).is_ok(), "{good}");
    }
    for bad in [json!("dpop+jwt"), json!("at+jwt"), json!(1), json!("")] {
        assert_eq!(verify(&set(&[&key]), &with(bad), &TAKEN), Err(JoseError::Typ));
    }
    let dpop = Expected {
        typ: Typ::Is("dpop+jwt"),
        ..TAKEN
    };
    assert_eq!(
        verify(&set(&[&key]), &key.token(&json!({}), &json!({})), &dpop),
        Err(JoseError::Typ)
    );
}

#[test]
fn the_key_is_the_one_that_kid_names_or_the_only_one() {
    let (one, two) = (TestKey::es256("1"), TestKey::es256("2"));
    let both = set(&[&one, &two]);
    let token = |kid: Json| one.token(&json!({"kid": kid}), &json!({}));
    assert!(verify(&both, &token(json!("1")), &TAKEN).is_ok());
    assert_eq!(verify(&both, &token(json!("2")), &TAKEN), Err(JoseError::Signature));
    assert_eq!(verify(&both, &token(json!("3")), &TAKEN), Err(JoseError::UnknownKey));
    assert_eq!(verify(&both, &token(json!(1)), &TAKEN), Err(JoseError::Malformed));
    let without = one.token(&json!({}), &json!({}));
    assert_eq!(verify(&both, &without, &TAKEN), Err(JoseError::UnknownKey));
    assert!(verify(&set(&[&one]), &without, &TAKEN).is_ok());
}

#[test]
fn a_key_serves_only_what_it_says_it_is_for() {
    let key = TestKey::es256("k");
    let token = key.token(&json!({}), &json!({}));
    for (member, value) in [
        ("use", json!("enc")),
        ("alg", json!("ECDH-ES")),
        ("alg", json!("ES384")),
        ("key_ops", json!(["deriveKey"])),
    ] {
        let mut jwk = key.bare_jwk();
        jwk[member] = value;
        let keys = JwkSet::parse(&json!({"keys": [jwk]})).unwrap();
        assert_eq!(verify(&keys, &token, &TAKEN), Err(JoseError::UnknownKey));
    }
}

#[test]
fn encodings_that_another_reader_reads_otherwise_are_refused() {
    let key = TestKey::es256("k");
    let keys = set(&[&key]);
    let token = key.token(&json!({}), &json!({"a": 1}));
    let parts: Vec<&str> = token.split('.').collect();
    let whole = |h: &str, p: &str, s: &str| format!("{h}.{p}.{s}");
    for bad in [
        whole(parts[0], parts[1], &format!("{}==", parts[2])),
        whole(&format!("{}=", parts[0]), parts[1], parts[2]),
        whole(parts[0], parts[1], &format!("{}\n", parts[2])),
        format!("{token}."),
        format!(".{token}"),
        format!("{}.{}", parts[0], parts[1]),
        format!(" {token}"),
        String::new(),
        "..".to_owned(),
        "a".repeat(LONGEST + 1),
    ] {
        assert!(verify(&keys, &bad, &TAKEN).is_err(), "{bad}");
    }
    // The last character of 64 octets in base64url has four bits that count for nothing.
    let mut stray = token.clone();
    let last = stray.pop().unwrap();
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.iter().position(|c| *c == last as u8).unwrap();
    stray.push(alphabet[place + 1] as char);
    assert_eq!(verify(&keys, &stray, &TAKEN), Err(JoseError::Malformed));
    for (header, claims) in [
        (r#"{"alg":"ES256","alg":"ES256"}"#, "{}"),
        (r#"{"alg":"ES256"}"#, r#"{"aud":"a","aud":"b"}"#),
        (r#"{"alg":"ES256"}"#, "[]"),
        (r#"{"alg":"ES256"}"#, "{} "),
        (r#"["alg"]"#, "{}"),
    ] {
        let token = key.sign(header, claims);
        let good = claims == "{} ";
        assert_eq!(verify(&keys, &token, &TAKEN).is_ok(), good, "{header} {claims}");
    }
}

#[test]
fn a_signature_in_der_or_of_zeros_is_refused() {
    let key = TestKey::es256("k");
    let token = key.token(&json!({}), &json!({}));
    let (input, signature) = token.rsplit_once('.').unwrap();
    let raw = B64.decode(signature).unwrap();
    let der = signum_hsm_shim::key::ecdsa_der(&raw).unwrap();
    for bad in [der, vec![0; 64], raw[..63].to_vec(), Vec::new()] {
        let token = format!("{input}.{}", B64.encode(bad));
        assert_eq!(verify(&set(&[&key]), &token, &TAKEN), Err(JoseError::Signature));
    }
}

#[test]
fn private_symmetric_weak_and_invalid_keys_are_refused() {
    let key = TestKey::es256("k");
    let with = |member: &str, value: Json| {
        let mut jwk = key.jwk();
        jwk[member] = value;
        Jwk::parse(&jwk)
    };
    for member in ["d", "p", "q", "dp", "dq", "qi", "k"] {
        assert_eq!(with(member, json!("AA")), Err(JwkError::Private));
    }
    assert_eq!(Jwk::parse(&json!({"kty": "oct"})), Err(JwkError::Private));
    assert_eq!(with("crv", json!("P-384")), Err(JwkError::Unsupported));
    assert_eq!(with("crv", json!("secp256k1")), Err(JwkError::Unsupported));
    // No point of the curve.
    assert_eq!(with("y", json!(B64.encode([1; 32]))), Err(JwkError::Malformed));
    assert_eq!(with("x", json!("AA")), Err(JwkError::Malformed));
    assert_eq!(with("kid", json!("")), Err(JwkError::Malformed));
    assert_eq!(with("use", json!("both")), Err(JwkError::Malformed));
    let small = openssl::rsa::Rsa::generate(1024).unwrap();
    let rsa = |n: Vec<u8>, e: Vec<u8>| Jwk::parse(&json!({"kty": "RSA", "n": B64.encode(n), "e": B64.encode(e)}));
    assert_eq!(rsa(small.n().to_vec(), vec![1, 0, 1]), Err(JwkError::Unsupported));
    let good = openssl::rsa::Rsa::generate(2048).unwrap().n().to_vec();
    assert!(rsa(good.clone(), vec![1, 0, 1]).is_ok());
    assert_eq!(rsa(good.clone(), vec![3]), Err(JwkError::Unsupported));
    assert_eq!(rsa(good.clone(), vec![1]), Err(JwkError::Unsupported));
    assert_eq!(
        rsa([vec![0], good.clone()].concat(), vec![1, 0, 1]),
        Err(JwkError::Malformed)
    );
    assert_eq!(rsa(good, vec![0, 1, 0, 1]), Err(JwkError::Malformed));
    assert_eq!(
        rsa(vec![0x7f; 256], vec![1, 0, 1]),
        Err(JwkError::Unsupported),
        "2047 bits"
    );
    assert_eq!(rsa(vec![0xff; 513], vec![1, 0, 1]), Err(JwkError::Unsupported));
}

#[test]
fn a_set_has_few_keys_and_each_kid_once() {
    let key = TestKey::es256("k");
    assert_eq!(JwkSet::parse(&json!({"keys": []})), Err(JwkError::Number));
    assert_eq!(
        JwkSet::parse(&json!({"keys": vec![key.bare_jwk(); 21]})),
        Err(JwkError::Number)
    );
    assert_eq!(
        JwkSet::parse(&json!({"keys": [key.jwk(), key.jwk()]})),
        Err(JwkError::Kid)
    );
    let foreign = json!({"keys": [{"kty": "EC", "crv": "P-521", "x": "", "y": ""}, key.jwk()]});
    assert_eq!(JwkSet::parse(&foreign), Err(JwkError::Unsupported));
    assert_eq!(JwkSet::parse_published(&foreign).unwrap().keys().len(), 1);
    let leaked = json!({"keys": [{"kty": "oct", "k": "AA"}, key.jwk()]});
    assert_eq!(JwkSet::parse_published(&leaked), Err(JwkError::Private));
}

#[test]
fn a_token_with_its_own_key_gives_that_key_and_never_a_private_one() {
    let key = TestKey::es256("k");
    let dpop = Expected {
        typ: Typ::Is("dpop+jwt"),
        ..TAKEN
    };
    let with = |jwk: Json| key.token(&json!({"typ": "dpop+jwt", "jwk": jwk}), &json!({"a": 1}));
    let (jwk, claims) = verify_embedded(&with(key.bare_jwk()), &dpop).unwrap();
    assert_eq!(claims.seconds("a"), Some(1));
    assert_eq!(jwk.thumbprint(), Jwk::parse(&key.jwk()).unwrap().thumbprint());
    let mut private = key.bare_jwk();
    private["d"] = json!("AA");
    assert_eq!(
        verify_embedded(&with(private), &dpop),
        Err(JoseError::Key(JwkError::Private))
    );
    let other = TestKey::es256("o").bare_jwk();
    assert_eq!(verify_embedded(&with(other), &dpop), Err(JoseError::Signature));
    let rsa = TestKey::new(Algorithm::Ps256, "r").bare_jwk();
    assert_eq!(verify_embedded(&with(rsa), &dpop), Err(JoseError::UnknownKey));
    let without = key.token(&json!({"typ": "dpop+jwt"}), &json!({}));
    assert_eq!(verify_embedded(&without, &dpop), Err(JoseError::Malformed));
}

#[test]
fn the_thumbprint_is_that_of_rfc_7638() {
    let jwk = json!({"kty": "RSA", "kid": "2011-04-29", "alg": "RS256", "e": "AQAB", "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"});
    assert_eq!(
        Jwk::parse(&jwk).unwrap().thumbprint(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
}

#[test]
fn a_time_with_a_fraction_is_rounded_down_and_a_text_is_no_time() {
    let claims = Claims(
        json!({"a": 1.9, "b": -1.5, "c": "1", "d": 1e300})
            .as_object()
            .unwrap()
            .clone(),
    );
    assert_eq!(claims.seconds("a"), Some(1));
    assert_eq!(claims.seconds("b"), Some(-2));
    assert_eq!(claims.seconds("c"), None);
    assert_eq!(claims.seconds("d"), Some(i64::MAX));
}
