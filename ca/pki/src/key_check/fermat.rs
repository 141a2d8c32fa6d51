//! Fermat's factorisation (CA/B TLS Baseline Requirements section 6.1.1.3: 100 rounds; CVE-2022-26320): N = a² - b² for an
//! a just above the root of N when the two primes lie close together.

use std::cmp::Ordering;

use openssl::bn::{BigNum, BigNumContext, BigNumContextRef, BigNumRef};
use openssl::error::ErrorStack;

const ROUNDS: u32 = 100;

/// Whether a hundred rounds, `a` from the least integer whose square reaches `modulus`, find its factors.
pub(super) fn finds_factors(modulus: &BigNumRef) -> Result<bool, ErrorStack> {
    let mut context = BigNumContext::new()?;
    let mut a = floor_root(modulus, &mut context)?;
    let mut square = BigNum::new()?;
    let mut rest = BigNum::new()?;
    for _ in 0..=ROUNDS {
        square.sqr(&a, &mut context)?;
        rest.checked_sub(&square, modulus)?;
        // Round 0 is the root itself: below N unless N is a square.
        if !rest.is_negative() && is_square(&rest, &mut context)? {
            return Ok(true);
        }
        a.add_word(1)?;
    }
    Ok(false)
}

fn is_square(number: &BigNumRef, context: &mut BigNumContextRef) -> Result<bool, ErrorStack> {
    // A square ends in one of twelve residues modulo 64: five of six candidates need no root.
    const SQUARES_MODULO_64: u64 = {
        let mut mask = 0;
        let mut n = 0;
        while n < 64 {
            mask |= 1 << ((n * n) % 64);
            n += 1;
        }
        mask
    };
    if (SQUARES_MODULO_64 >> number.mod_word(64)?) & 1 == 0 {
        return Ok(false);
    }
    let root = floor_root(number, context)?;
    let mut square = BigNum::new()?;
    square.sqr(&root, context)?;
    Ok(square.ucmp(number) == Ordering::Equal)
}

/// The integer part of the square root, by Newton's method from above.
fn floor_root(number: &BigNumRef, context: &mut BigNumContextRef) -> Result<BigNum, ErrorStack> {
    if number.num_bits() == 0 {
        return BigNum::new();
    }
    let mut root = BigNum::new()?;
    root.set_bit((number.num_bits() + 1) / 2)?;
    let mut quotient = BigNum::new()?;
    let mut sum = BigNum::new()?;
    loop {
        quotient.checked_div(number, &root, context)?;
        sum.checked_add(&root, &quotient)?;
        let mut next = BigNum::new()?;
        next.rshift1(&sum)?;
        if next.ucmp(&root) != Ordering::Less {
            return Ok(root);
        }
        root = next;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    fn product(p: u32, q: u32) -> BigNum {
        let mut n = BigNum::from_u32(p).unwrap();
        n.mul_word(q).unwrap();
        n
    }

    /// a - root(N) = (q - p)² / (8 root(N)): the distance of p and q alone decides in which round they are found.
    #[test]
    fn a_hundred_rounds_part_factors_that_lie_close_and_no_others() {
        assert!(finds_factors(&product(1_000_003, 1_000_003)).unwrap(), "a square");
        assert!(finds_factors(&product(1_000_003, 1_000_033)).unwrap());
        assert!(finds_factors(&product(1_000_003, 1_027_003)).unwrap(), "about round 90");
        assert!(
            !finds_factors(&product(1_000_003, 1_031_003)).unwrap(),
            "about round 118"
        );
        assert!(!finds_factors(&product(1_000_003, 2_000_003)).unwrap());
    }

    #[test]
    fn integer_roots_are_exact_around_every_square() {
        let mut context = BigNumContext::new().unwrap();
        for n in 1..300u32 {
            for (number, root) in [(n * n - 1, n - 1), (n * n, n), (n * n + 2 * n, n)] {
                let found = floor_root(&BigNum::from_u32(number).unwrap(), &mut context).unwrap();
                assert_eq!(found, BigNum::from_u32(root).unwrap(), "root of {number}");
            }
        }
    }
}
