//! RFC 7512 section 3, example by example, and what must be refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use crate::key::KeyUri;

fn parse(uri: &str) -> Pkcs11Uri {
    uri.parse().unwrap_or_else(|error| panic!("{uri}: {error}"))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn examples_of_the_rfc_mean_what_it_says() {
    let none = Pkcs11Uri::default();
    let cases = [
        ("pkcs11:", none.clone()),
        (
            "pkcs11:object=my-pubkey;type=public",
            Pkcs11Uri {
                object: some("my-pubkey"),
                kind: Some(ObjectType::Public),
                ..none.clone()
            },
        ),
        (
            "pkcs11:object=my-key;type=private?pin-source=file:/etc/token",
            Pkcs11Uri {
                object: some("my-key"),
                kind: Some(ObjectType::Private),
                pin_source: some("file:/etc/token"),
                ..none.clone()
            },
        ),
        (
            "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;\
             object=my-certificate;type=cert;id=%69%95%3E%5C%F4%BD%EC%91;serial=?pin-source=file:/etc/token_pin",
            Pkcs11Uri {
                token: some("The Software PKCS#11 Softtoken"),
                manufacturer: some("Snake Oil, Inc."),
                model: some("1.0"),
                serial: some(""),
                object: some("my-certificate"),
                kind: Some(ObjectType::Cert),
                id: Some(vec![0x69, 0x95, 0x3e, 0x5c, 0xf4, 0xbd, 0xec, 0x91]),
                pin_source: some("file:/etc/token_pin"),
                ..none.clone()
            },
        ),
        (
            "pkcs11:object=my-sign-key;type=private?module-path=/mnt/libmypkcs11.so.1",
            Pkcs11Uri {
                object: some("my-sign-key"),
                kind: Some(ObjectType::Private),
                module_path: Some("/mnt/libmypkcs11.so.1".into()),
                ..none.clone()
            },
        ),
        (
            "pkcs11:token=A%20name%20with%20a%20substring%20%25%3B;object=my-certificate;type=cert",
            Pkcs11Uri {
                token: some("A name with a substring %;"),
                object: some("my-certificate"),
                kind: Some(ObjectType::Cert),
                ..none.clone()
            },
        ),
        (
            "pkcs11:token=Name%20with%20a%20small%20A%20with%20acute:%20%C3%A1;object=my-certificate;type=cert",
            Pkcs11Uri {
                token: some("Name with a small A with acute: á"),
                object: some("my-certificate"),
                kind: Some(ObjectType::Cert),
                ..none.clone()
            },
        ),
        (
            "pkcs11:token=my-token;id=%01%02%03%Ba%dd%Ca%fe%04%05%06",
            Pkcs11Uri {
                token: some("my-token"),
                id: Some(vec![1, 2, 3, 0xba, 0xdd, 0xca, 0xfe, 4, 5, 6]),
                ..none.clone()
            },
        ),
        (
            "PKCS11:slot-id=327;type=secret-key",
            Pkcs11Uri {
                slot_id: Some(327),
                kind: Some(ObjectType::SecretKey),
                ..none.clone()
            },
        ),
        (
            "pkcs11:token=my-token;x-aaa=value-a?pin-source=file:/etc/token_pin&x-bbb=1&x-bbb=2",
            Pkcs11Uri {
                token: some("my-token"),
                pin_source: some("file:/etc/token_pin"),
                vendor: [("x-aaa", "value-a"), ("x-bbb", "1"), ("x-bbb", "2")]
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .to_vec(),
                ..none
            },
        ),
    ];
    for (uri, expected) in cases {
        let parsed = parse(uri);
        assert_eq!(parsed, expected, "{uri}");
        if expected.vendor.is_empty() {
            assert_eq!(parse(&expected.to_string()), expected, "{expected}");
        }
    }
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let cases = [
        // Examples of the RFC that this layer does not follow.
        (
            "pkcs11:object=my-sign-key;type=private?module-name=mypkcs11",
            "module-name",
        ),
        ("pkcs11:slot-description=Sun%20Metaslot", "slot-description"),
        (
            "pkcs11:library-manufacturer=Snake%20Oil,%20Inc.",
            "library-manufacturer",
        ),
        ("pkcs11:token=my-token;vendor-aaa=value-a", "vendor-aaa"),
        ("pkcs11:token=t?pin-value=the-pin", "pin-source"),
        // Twice.
        ("pkcs11:token=a;token=b", "token is there twice"),
        ("pkcs11:token=a;token=a", "token is there twice"),
        ("pkcs11:x-a=1;x-a=2", "x-a is there twice"),
        ("pkcs11:?pin-source=a&pin-source=b", "pin-source is there twice"),
        // In the wrong half.
        ("pkcs11:pin-source=file:a", "pin-source is not understood"),
        ("pkcs11:?token=a", "token is not understood"),
        // Malformed.
        ("pkcs11", "begins with"),
        ("pkcs12:token=a", "begins with"),
        ("pkcs11:token", "NAME=VALUE"),
        ("pkcs11:token=a;", "NAME=VALUE"),
        ("pkcs11:token=a?", "NAME=VALUE"),
        ("pkcs11:token=a%2", "percent sign"),
        ("pkcs11:token=a%+1", "percent sign"),
        ("pkcs11:token=a b", "token has a character"),
        ("pkcs11:token=a/b", "token has a character"),
        ("pkcs11:token=a#b", "token has a character"),
        ("pkcs11:token=%ff", "not UTF-8"),
        ("pkcs11:type=key", "type is"),
        ("pkcs11:slot-id=-1", "slot-id is a number"),
        ("pkcs11:slot-id=99999999999999999999", "too large"),
    ];
    for (uri, why) in cases {
        let error = uri.parse::<Pkcs11Uri>().unwrap_err().to_string();
        assert!(error.contains(why), "{uri}: {error}");
        assert!(!error.contains("the-pin"));
    }
}

#[test]
fn a_key_address_names_token_and_object_alone() {
    let key = |uri: &str| KeyUri::try_from(uri.to_owned());
    assert_eq!(key("pkcs11:object=b;token=a;type=private"), Ok(KeyUri::new("a", "b")));
    for uri in [
        "pkcs11:token=a",
        "pkcs11:object=b",
        "pkcs11:token=a;object=b;id=%01",
        "pkcs11:token=a;object=b;type=cert",
        "pkcs11:token=a;object=b;serial=1",
        "pkcs11:token=a;object=b;x-y=1",
        "pkcs11:token=a;object=b?module-path=/m.so",
        "pkcs11:token=a;object=b?pin-source=file:/p",
    ] {
        assert!(key(uri).is_err(), "{uri}");
    }
}

#[test]
fn an_address_matches_a_token_by_every_attribute_it_has() {
    let token = TokenFacts {
        label: "a".into(),
        manufacturer: "m".into(),
        model: "o".into(),
        serial: "s".into(),
        firmware: String::new(),
    };
    for (uri, matches) in [
        ("pkcs11:", true),
        ("pkcs11:token=a;manufacturer=m;model=o;serial=s;slot-id=7", true),
        ("pkcs11:token=b", false),
        ("pkcs11:token=a;serial=", false),
        ("pkcs11:slot-id=8", false),
    ] {
        assert_eq!(parse(uri).matches(&token, 7), matches, "{uri}");
    }
}
