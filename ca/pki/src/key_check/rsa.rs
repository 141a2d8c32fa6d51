//! RSA keys: RSAPublicKey (RFC 8017 appendix A.1.1) with a modulus of 3072 or 4096 bits and exponent 65537, then the
//! weaknesses in the order of their price: small factors, ROCA, close factors.

use der::asn1::Uint;
use der::{Decode, Sequence};
use openssl::bn::BigNum;

use super::{KeyWeakness, fermat, roca, small_primes};

#[derive(Sequence)]
struct RsaPublicKey {
    modulus: Uint,
    exponent: Uint,
}

pub(super) fn check(octets: &[u8]) -> Result<(), KeyWeakness> {
    let key = RsaPublicKey::from_der(octets).map_err(|_| KeyWeakness::Malformed)?;
    let modulus = BigNum::from_slice(key.modulus.as_bytes()).map_err(|_| KeyWeakness::Library)?;
    let bits = u32::try_from(modulus.num_bits()).map_err(|_| KeyWeakness::Library)?;
    if !matches!(bits, 3072 | 4096) {
        return Err(KeyWeakness::RsaSize(bits));
    }
    if key.exponent.as_bytes() != [1, 0, 1] {
        return Err(KeyWeakness::RsaExponent);
    }
    let library = |_| KeyWeakness::Library;
    if let Some(factor) = small_primes::factor(&modulus).map_err(library)? {
        return Err(KeyWeakness::SmallFactor(factor));
    }
    if roca::has_fingerprint(&modulus).map_err(library)? {
        return Err(KeyWeakness::Roca);
    }
    if fermat::finds_factors(&modulus).map_err(library)? {
        return Err(KeyWeakness::CloseFactors);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::super::tests::spki;
    use super::super::{KeyWeakness, check};
    use super::RsaPublicKey;
    use crate::oid;
    use der::Encode;
    use der::asn1::{Any, Uint};
    use openssl::bn::{BigNum, BigNumContext, BigNumRef};

    fn key(modulus: &BigNumRef, exponent: &[u8]) -> Vec<u8> {
        let key = RsaPublicKey {
            modulus: Uint::new(&modulus.to_vec()).unwrap(),
            exponent: Uint::new(exponent).unwrap(),
        };
        spki(oid::RSA_ENCRYPTION, Some(Any::null()), &key.to_der().unwrap())
    }

    fn times(a: &BigNumRef, b: &BigNumRef) -> BigNum {
        let mut product = BigNum::new().unwrap();
        product.checked_mul(a, b, &mut BigNumContext::new().unwrap()).unwrap();
        product
    }

    fn plus(a: &BigNumRef, b: u32) -> BigNum {
        let mut sum = a.to_owned().unwrap();
        sum.add_word(b).unwrap();
        sum
    }

    const F4: &[u8] = &[1, 0, 1];

    /// The primes of 3072 and 4096 bits of RFC 3526: odd, without small factor, as sound moduli are.
    #[test]
    fn moduli_of_3072_and_4096_bits_without_weakness_are_sound() {
        assert_eq!(check(&key(&BigNum::get_rfc3526_prime_3072().unwrap(), F4)), Ok(()));
        assert_eq!(check(&key(&BigNum::get_rfc3526_prime_4096().unwrap(), F4)), Ok(()));
    }

    #[test]
    fn moduli_of_any_other_size_are_refused() {
        for modulus in [
            BigNum::get_rfc3526_prime_2048().unwrap(),
            BigNum::get_rfc3526_prime_8192().unwrap(),
        ] {
            let bits = u32::try_from(modulus.num_bits()).unwrap();
            assert_eq!(check(&key(&modulus, F4)), Err(KeyWeakness::RsaSize(bits)));
        }
        let mut short = BigNum::new().unwrap();
        short.rshift1(&BigNum::get_rfc3526_prime_3072().unwrap()).unwrap();
        assert_eq!(check(&key(&short, F4)), Err(KeyWeakness::RsaSize(3071)));
    }

    #[test]
    fn exponents_other_than_65537_are_refused() {
        let modulus = BigNum::get_rfc3526_prime_3072().unwrap();
        for exponent in [&[3u8][..], &[1], &[1, 0, 0], &[1, 0, 0, 1]] {
            assert_eq!(check(&key(&modulus, exponent)), Err(KeyWeakness::RsaExponent));
        }
    }

    #[test]
    fn a_modulus_with_a_factor_of_751_is_refused() {
        let mut cofactor = BigNum::get_rfc3526_prime_3072().unwrap();
        cofactor.div_word(752).unwrap();
        let mut modulus = times(&cofactor, &BigNum::from_u32(751).unwrap());
        while modulus.num_bits() < 3072 || [2, 3, 5, 7, 11, 13].iter().any(|p| modulus.mod_word(*p).unwrap() == 0) {
            modulus = plus(&modulus, 751);
        }
        assert!(matches!(
            check(&key(&modulus, F4)),
            Err(KeyWeakness::SmallFactor(17..=751))
        ));
    }

    /// The 1536-bit prime of RFC 3526 by its neighbour: Fermat's first rounds part them.
    #[test]
    fn a_modulus_of_two_neighbours_is_refused() {
        let prime = BigNum::get_rfc3526_prime_1536().unwrap();
        let weaknesses: Vec<_> = (1..200)
            .map(|n| check(&key(&times(&prime, &plus(&prime, 2 * n)), F4)))
            .filter(|outcome| !matches!(outcome, Err(KeyWeakness::SmallFactor(_))))
            .collect();
        assert!(!weaknesses.is_empty());
        assert!(
            weaknesses
                .iter()
                .all(|outcome| *outcome == Err(KeyWeakness::CloseFactors))
        );
    }

    /// Infineon's form: each prime is k * M + (65537^a mod M), so the modulus is a power of 65537 modulo M.
    #[test]
    fn a_modulus_of_3072_bits_built_as_infineon_did_is_refused() {
        let mut context = BigNumContext::new().unwrap();
        let mut m = BigNum::from_u32(1).unwrap();
        for prime in (2..=701u32).filter(|n| (2..*n).all(|d| !n.is_multiple_of(d))) {
            m.mul_word(prime).unwrap();
        }
        let mut power = BigNum::new().unwrap();
        let generator = BigNum::from_u32(65537).unwrap();
        power
            .mod_exp(&generator, &BigNum::from_u32(123_456_789).unwrap(), &m, &mut context)
            .unwrap();
        let mut quotient = BigNum::new().unwrap();
        quotient
            .checked_div(&BigNum::get_rfc3526_prime_3072().unwrap(), &m, &mut context)
            .unwrap();
        let mut modulus = BigNum::new().unwrap();
        modulus.checked_add(&times(&quotient, &m), &power).unwrap();
        assert_eq!(modulus.num_bits(), 3072);
        assert_eq!(check(&key(&modulus, F4)), Err(KeyWeakness::Roca));
    }

    #[test]
    fn a_negative_modulus_and_missing_parameters_are_malformed() {
        let negative = hex::decode("3008020180020301000100").unwrap();
        assert_eq!(
            check(&spki(oid::RSA_ENCRYPTION, Some(Any::null()), &negative)),
            Err(KeyWeakness::Malformed)
        );
        let zero = hex::decode("30080201000203010001").unwrap();
        assert_eq!(
            check(&spki(oid::RSA_ENCRYPTION, Some(Any::null()), &zero)),
            Err(KeyWeakness::RsaSize(0))
        );
        assert_eq!(
            check(&spki(oid::RSA_ENCRYPTION, None, &zero)),
            Err(KeyWeakness::Malformed)
        );
    }
}
