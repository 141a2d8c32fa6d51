//! EC keys: a named curve (RFC 5480 section 2.1.1), an uncompressed point (section 2.2) that is not infinity and lies on
//! the curve (NIST SP 800-56A revision 3 section 5.6.2.3.3; both curves have cofactor 1, so its order needs no check).

use const_oid::ObjectIdentifier;
use der::asn1::Any;
use openssl::bn::BigNumContext;
use openssl::ec::{EcGroup, EcPoint};
use openssl::nid::Nid;

use super::KeyWeakness;
use crate::oid;

pub(super) fn check(parameters: Option<&Any>, point: &[u8]) -> Result<(), KeyWeakness> {
    let curve = parameters.and_then(|p| p.decode_as::<ObjectIdentifier>().ok());
    let (curve, coordinate) = match curve {
        Some(oid::P256) => (Nid::X9_62_PRIME256V1, 32),
        Some(oid::P384) => (Nid::SECP384R1, 48),
        _ => return Err(KeyWeakness::Curve),
    };
    match point {
        // SEC 1 section 2.3.3: one zero octet is the point at infinity.
        [0] => return Err(KeyWeakness::Infinity),
        [4, coordinates @ ..] if coordinates.len() == 2 * coordinate => {}
        _ => return Err(KeyWeakness::PointEncoding),
    }
    if lies_on(curve, point).map_err(|_| KeyWeakness::Library)? {
        Ok(())
    } else {
        Err(KeyWeakness::NotOnCurve)
    }
}

fn lies_on(curve: Nid, point: &[u8]) -> Result<bool, openssl::error::ErrorStack> {
    let group = EcGroup::from_curve_name(curve)?;
    let mut context = BigNumContext::new()?;
    // OpenSSL refuses coordinates that are no field elements or do not satisfy the equation.
    let Ok(point) = EcPoint::from_bytes(&group, point, &mut context) else {
        return Ok(false);
    };
    Ok(!point.is_infinity(&group) && point.is_on_curve(&group, &mut context)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::super::tests::spki;
    use super::super::{KeyWeakness, check};
    use crate::oid;
    use const_oid::ObjectIdentifier;
    use der::asn1::Any;
    use der::{Decode, Encode};

    /// RFC 6979 section A.2.5, the public key.
    const P256: &str = "0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6\
        7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
    /// RFC 6979 section A.2.6, the public key.
    const P384: &str = "04EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13\
        8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720";

    fn of(curve: ObjectIdentifier, point: &[u8]) -> Result<(), KeyWeakness> {
        let named = Any::from_der(&curve.to_der().unwrap()).unwrap();
        check(&spki(oid::EC_PUBLIC_KEY, Some(named), point))
    }

    #[test]
    fn published_points_of_both_curves_are_sound() {
        assert_eq!(of(oid::P256, &hex::decode(P256).unwrap()), Ok(()));
        assert_eq!(of(oid::P384, &hex::decode(P384).unwrap()), Ok(()));
    }

    #[test]
    fn a_point_beside_the_curve_is_refused() {
        let mut point = hex::decode(P256).unwrap();
        point[64] ^= 1;
        assert_eq!(of(oid::P256, &point), Err(KeyWeakness::NotOnCurve));
        assert_eq!(
            of(oid::P256, &[&[4][..], &[0; 64]].concat()),
            Err(KeyWeakness::NotOnCurve)
        );
        assert_eq!(
            of(oid::P256, &[&[4][..], &[0xff; 64]].concat()),
            Err(KeyWeakness::NotOnCurve)
        );
    }

    #[test]
    fn the_point_at_infinity_is_refused() {
        assert_eq!(of(oid::P256, &[0]), Err(KeyWeakness::Infinity));
        assert_eq!(of(oid::P384, &[0]), Err(KeyWeakness::Infinity));
    }

    #[test]
    fn a_compressed_cut_or_foreign_point_is_refused() {
        let point = hex::decode(P256).unwrap();
        let compressed = [&[3], &point[1..33]].concat();
        assert_eq!(of(oid::P256, &compressed), Err(KeyWeakness::PointEncoding));
        assert_eq!(of(oid::P256, &point[..64]), Err(KeyWeakness::PointEncoding));
        assert_eq!(
            of(oid::P256, &hex::decode(P384).unwrap()),
            Err(KeyWeakness::PointEncoding)
        );
        assert_eq!(of(oid::P256, &[]), Err(KeyWeakness::PointEncoding));
    }

    #[test]
    fn other_curves_and_curves_spelt_out_are_refused() {
        let secp256k1 = ObjectIdentifier::new_unwrap("1.3.132.0.10");
        assert_eq!(of(secp256k1, &hex::decode(P256).unwrap()), Err(KeyWeakness::Curve));
        let spelt_out = Any::from_der(&[0x30, 0x03, 0x02, 0x01, 0x01]).unwrap();
        let key = spki(oid::EC_PUBLIC_KEY, Some(spelt_out), &hex::decode(P256).unwrap());
        assert_eq!(check(&key), Err(KeyWeakness::Curve));
        assert_eq!(check(&spki(oid::EC_PUBLIC_KEY, None, &[0])), Err(KeyWeakness::Curve));
    }
}
