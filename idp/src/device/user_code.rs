//! User codes (RFC 8628 section 6.1): eight of twenty consonants, 34 bits. No vowels, so no words; no letters and digits that look
//! alike. Only an HMAC is stored, since so short a text could be found from its hash.

use signum_core::Random;

use crate::secret::Hashed;
use crate::service::Idp;

const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// Eight letters.
pub(super) fn fresh(random: &dyn Random) -> String {
    let mut code = String::with_capacity(LENGTH);
    while code.len() < LENGTH {
        let [octet] = random.bytes::<1>();
        // 240 is a multiple of 20: every letter is as likely as every other.
        let letter = LETTERS.get(usize::from(octet % 20)).filter(|_| octet < 240);
        code.extend(letter.map(|letter| char::from(*letter)));
    }
    code
}

/// As a device shows it: `BCDF-GHJK`.
pub(super) fn shown(code: &str) -> String {
    let (first, second) = code.split_at_checked(LENGTH / 2).unwrap_or((code, ""));
    format!("{first}-{second}")
}

/// What a person typed, however they wrote it; `None` when it can be no code.
pub(super) fn typed(text: &str) -> Option<String> {
    let letters = text.chars().filter(|c| !c.is_whitespace() && !c.is_ascii_punctuation());
    let code: String = letters.take(LENGTH + 1).map(|c| c.to_ascii_uppercase()).collect();
    (code.len() == LENGTH && code.bytes().all(|b| LETTERS.contains(&b))).then_some(code)
}

pub(super) fn hashed(idp: &Idp, code: &str) -> Hashed {
    idp.derived.device_user_code.mac(&[code.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use signum_core::OsRandom;

    #[test]
    fn a_code_is_read_back_however_it_is_typed() {
        let code = fresh(&OsRandom);
        assert_eq!(typed(&shown(&code)), Some(code.clone()));
        assert_eq!(typed(&format!(" {} ", code.to_lowercase())), Some(code.clone()));
        let spaced: Vec<String> = code.chars().map(String::from).collect();
        assert_eq!(typed(&spaced.join(" . ")), Some(code));
        for bad in ["", "BCDFGHJ", "BCDFGHJKL", "ABCDFGHJ", "0CDFGHJK", "BCDF-GHJĐ"] {
            assert_eq!(typed(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_letter_comes_as_often_as_every_other() {
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..2_000 {
            for letter in fresh(&OsRandom).chars() {
                *seen.entry(letter).or_insert(0u32) += 1;
            }
        }
        assert_eq!(seen.len(), LETTERS.len());
        // 800 each, with a standard deviation of 28.
        assert!(seen.values().all(|count| (600..1_000).contains(count)), "{seen:?}");
    }
}
