//! COSE keys whose fields do not fit, and points that are none.

use ciborium::Value as Cbor;

use super::device::{cose, encode, keys};
use crate::GestureError;
use crate::key::VerifyingKey;

fn refused(entries: &[(i64, Cbor)], error: GestureError) {
    assert_eq!(
        VerifyingKey::from_cose(&encode(entries)).err(),
        Some(error),
        "{entries:?}"
    );
}

fn number(n: i64) -> Cbor {
    Cbor::Integer(n.into())
}

#[test]
fn spki_is_what_openssl_gives_for_the_same_key() {
    for key in keys() {
        let parsed = VerifyingKey::from_cose(&encode(&cose(&key))).unwrap();
        assert_eq!(parsed.spki().unwrap(), key.public_key_to_der().unwrap());
    }
}

#[test]
fn fields_that_do_not_fit_are_refused() {
    for key in keys() {
        let good = cose(&key);
        for at in 0..good.len() {
            let mut missing = good.clone();
            missing.remove(at);
            refused(&missing, GestureError::Malformed);
            let mut text = good.clone();
            text[at].1 = Cbor::Text("x".into());
            refused(&text, GestureError::Malformed);
        }
        let mut more = good.clone();
        more.push((4, Cbor::Array(vec![number(2)])));
        refused(&more, GestureError::Malformed);
        let mut twice = good.clone();
        twice.push(good[0].clone());
        refused(&twice, GestureError::Malformed);
        let mut kty = good.clone();
        kty[0].1 = number(4);
        refused(&kty, GestureError::Malformed);
        let mut alg = good.clone();
        alg[1].1 = number(-36);
        refused(&alg, GestureError::UnsupportedAlgorithm);
    }
}

#[test]
fn a_point_off_the_curve_is_refused() {
    let [ec, ..] = keys();
    let mut off = cose(&ec);
    let Cbor::Bytes(y) = &mut off[4].1 else { panic!() };
    y[31] ^= 1;
    refused(&off, GestureError::Malformed);
}

#[test]
fn ed25519_points_of_small_order_and_non_points_are_refused() {
    let mut order_8 = hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
    let identity = hex("0100000000000000000000000000000000000000000000000000000000000000");
    let not_canonical = hex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    let not_a_point = hex("0200000000000000000000000000000000000000000000000000000000000000");
    for point in [order_8.clone(), identity, not_canonical, not_a_point] {
        let key = [
            (1, number(1)),
            (3, number(-8)),
            (-1, number(6)),
            (-2, Cbor::Bytes(point)),
        ];
        refused(&key, GestureError::Malformed);
    }
    order_8[31] |= 0x80;
    let key = [
        (1, number(1)),
        (3, number(-8)),
        (-1, number(6)),
        (-2, Cbor::Bytes(order_8)),
    ];
    refused(&key, GestureError::Malformed);
}

#[test]
fn longer_than_shortest_cbor_and_trailing_octets_are_refused() {
    let [ec, ..] = keys();
    let good = encode(&cose(&ec));
    let mut trailing = good.clone();
    trailing.push(0);
    assert_eq!(VerifyingKey::from_cose(&trailing).err(), Some(GestureError::Malformed));
    // `kty: 2` written with a one-octet argument (0x18 0x02).
    let mut long = good;
    long.splice(2..3, [0x18, 0x02]);
    assert_eq!(VerifyingKey::from_cose(&long).err(), Some(GestureError::Malformed));
}

fn hex(text: &str) -> Vec<u8> {
    let octet = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(octet).collect()
}
