//! The ROCA fingerprint (CVE-2017-15361; Nemec, Sys, Svenda, Klinec, Matyas: "The Return of Coppersmith's Attack", CCS 2017,
//! section 3.1): Infineon's primes are k * M + (65537^a mod M), M the product of the first primes, so the modulus is
//! 65537^c modulo M.
//!
//! The modulus is tested modulo each prime from 3 to 167: it must be a power of 65537 there, and one exponent c must serve all
//! of them. Two congruences for c agree exactly when they agree modulo the common divisor of their moduli.

use openssl::bn::BigNumRef;
use openssl::error::ErrorStack;

const GENERATOR: u64 = 65537;
/// M of the shortest affected keys ends with 167, and M of longer keys is a multiple of it.
const LARGEST: u32 = 167;

/// What a prime tells of the exponent: c is `log` modulo `order`.
struct Congruence {
    log: u32,
    order: u32,
}

/// Whether `modulus` is a power of 65537 modulo the product of the primes up to 167; for another modulus one in 2^27 at most.
pub(super) fn has_fingerprint(modulus: &BigNumRef) -> Result<bool, ErrorStack> {
    let mut known: Vec<Congruence> = Vec::new();
    for prime in (3..=LARGEST).filter(|n| is_prime(*n)) {
        let residue = modulus.mod_word(prime)?;
        let Some(found) = logarithm(residue, prime) else {
            return Ok(false);
        };
        let fits = |other: &Congruence| {
            let common = greatest_common_divisor(found.order, other.order);
            found.log % common == other.log % common
        };
        if !known.iter().all(fits) {
            return Ok(false);
        }
        known.push(found);
    }
    Ok(true)
}

/// The exponent of 65537 that gives `residue` modulo `prime`, and the order of 65537 there.
fn logarithm(residue: u64, prime: u32) -> Option<Congruence> {
    let generator = GENERATOR % u64::from(prime);
    let mut power = 1;
    let mut log = None;
    for exponent in 0..prime {
        if exponent > 0 && power == 1 {
            return log.map(|log| Congruence { log, order: exponent });
        }
        if power == residue {
            log = Some(exponent);
        }
        power = power * generator % u64::from(prime);
    }
    None
}

fn is_prime(number: u32) -> bool {
    (2..number)
        .take_while(|d| d * d <= number)
        .all(|d| !number.is_multiple_of(d))
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{LARGEST, has_fingerprint, is_prime, logarithm};
    use openssl::bn::BigNum;

    /// Moduli published with the authors' detector: `mod03` bears the fingerprint, `mod04` does not.
    const MARKED: &str = "9dcd7420e420c270a68060eb8b5aa7457a9f6648f86fafed2775cc1f79ae962f1e63f1b9e51c55f9ea6fdc7332e9b005\
        8c9ff2eb1fc89855029cf6aafe21e689feb38ac9ffb12f1ce371bb5d0e9aae64161abce74b4244bf68f1edb4411f756a097c8929c1474024\
        5ea355f8332d1aa36bb50c7dcb4505da8de02e4e53d38f8df06097da7524df0df93db48eac8cc4af2d3a16257eb2b2adca6ba464e5974fa9\
        2550d31b1babf161e7692d00b86e3dd886ecab4abfbe1a8f8cc263ff4af55cdb45f4249a5193925f5e983d762f0b6800943eb0267b08f42e\
        d311ce1f5c86eacbc8ce4d3cb7a2fee1ef5641423a1cf4114e5ecf50034a60a412523af9e6f4aa11";
    const UNMARKED: &str = "af659676197f1db06da7ac111a0a0ec175b8b7ef07192ffcd1f6b854c327785f1a7fd3db7da45cd4a31b2b2e5ce0d8\
        23a68e28c8adf1747316becce1fe5768064039ad2062260c8d1a34e0586dce9bc13090fcc9fb8b8b2c08ed3ae8d61b29818a669689a7d9c1\
        dab053b557fb8d3f9c44faad3e18c55e739b00d3c9126558bc8e980cd2af377126ef5b1374136774b8bd370e3c1c149db395c8f99696b628\
        b105946fea20106fe24d103ac062661a9248e8c3f628e00b308d33953aabe555132e218e74ef4b578716b4fe7cf340e8e604a319bf6e9951\
        e1942601d34291032db54999d09e5d036dde3544ad35256bbb97d5e3fffd38166c21eae9199548853b";
    /// Published with the same: each prime alone is satisfied, one exponent for all of them does not exist.
    const NO_COMMON_EXPONENT: &[&str] = &[
        "72414128973967872688332736535017614208620368242015797102796086827882754006260204061799547004983731426777596445\
         65888988686102704503376001494804806746794796031820545377897397586753291048922797014309118472576029017293587275\
         2222320334100097730483600892686353719855397381316384244147860260153198611313067061116317",
        "13834597326516361469435247700446919128645911107056451629938149518862494667106545192467770462889247601177320161\
         21175973033155307457380155791591062598112046106473476621501598147748947845243661382202264315989919370574420206\
         94466365850170057813627445465881816985939192840583168136876337135351417253708364245923133",
    ];

    #[test]
    fn the_published_vulnerable_modulus_is_marked_and_the_sound_one_is_not() {
        assert!(has_fingerprint(&BigNum::from_hex_str(MARKED).unwrap()).unwrap());
        assert!(!has_fingerprint(&BigNum::from_hex_str(UNMARKED).unwrap()).unwrap());
    }

    #[test]
    fn a_modulus_that_no_single_exponent_explains_is_not_marked() {
        for decimal in NO_COMMON_EXPONENT {
            let modulus = BigNum::from_dec_str(decimal).unwrap();
            let alone = |prime: &u32| logarithm(modulus.mod_word(*prime).unwrap(), *prime).is_some();
            assert!((3..=LARGEST).filter(|n| is_prime(*n)).all(|prime| alone(&prime)));
            assert!(!has_fingerprint(&modulus).unwrap());
        }
    }
}
