//! Trial division by every prime up to 751 (CA/B TLS Baseline Requirements section 6.1.6, NIST SP 800-89 section 5.3.3).

use openssl::bn::BigNumRef;
use openssl::error::ErrorStack;

const LARGEST: u32 = 751;

/// The smallest prime up to 751 that divides `modulus`.
pub(super) fn factor(modulus: &BigNumRef) -> Result<Option<u32>, ErrorStack> {
    // The least divisor above 1 is prime, so composites on the way can only repeat an answer already given.
    for divisor in 2..=LARGEST {
        if modulus.mod_word(divisor)? == 0 {
            return Ok(Some(divisor));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::factor;
    use openssl::bn::BigNum;

    #[test]
    fn primes_up_to_751_are_found_and_757_is_not() {
        for prime in [2, 3, 167, 701, 751] {
            let mut number = BigNum::get_rfc3526_prime_1536().unwrap();
            number.mul_word(prime).unwrap();
            assert_eq!(factor(&number).unwrap(), Some(prime));
        }
        let mut number = BigNum::get_rfc3526_prime_1536().unwrap();
        number.mul_word(757).unwrap();
        assert_eq!(factor(&number).unwrap(), None);
    }
}
