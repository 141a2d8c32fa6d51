//! The form of national numbers (EN 319 412-1 sections 5.1.3 and 5.1.4: each country says its own).

use regex_lite::Regex;
use serde::{Deserialize, Serialize};

/// What a country's form may be: longer patterns are mistakes.
const LONGEST_PATTERN: usize = 200;
/// With scheme and country it must fit into serialNumber, 64 characters.
const LONGEST_NUMBER: usize = 50;

/// How the last digits of a number follow from the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Checksum {
    /// Not at all, or not publicly, as in Kosovo.
    #[default]
    None,
    /// ISO/IEC 7812-1 annex B, one digit.
    Luhn,
    /// ISO 7064, one digit.
    #[serde(rename = "iso7064-mod11-10")]
    Mod11_10,
    /// ISO 7064, two digits.
    #[serde(rename = "iso7064-mod97-10")]
    Mod97_10,
}

impl Checksum {
    /// Whether the digits of `text` end as they must; what is no digit does not count, and without digits nothing holds.
    pub(super) fn holds(self, text: &str) -> bool {
        let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
        let many = digits.len() > 2;
        match self {
            Self::None => true,
            Self::Luhn => many && luhn(&digits),
            Self::Mod11_10 => many && mod_11_10(&digits),
            Self::Mod97_10 => many && digits.iter().fold(0, |rest, digit| (rest * 10 + digit) % 97) == 1,
        }
    }
}

/// Every second digit from the right is doubled, and its digits are added.
fn luhn(digits: &[u32]) -> bool {
    let each = digits.iter().rev().enumerate().map(|(place, digit)| match place % 2 {
        0 => *digit,
        _ => digit * 2 / 10 + digit * 2 % 10,
    });
    each.sum::<u32>() % 10 == 0
}

/// The hybrid system: each digit goes through modulo 10, then through modulo 11.
fn mod_11_10(digits: &[u32]) -> bool {
    let Some((check, others)) = digits.split_last() else {
        return false;
    };
    let carried = others.iter().fold(10, |carried, digit| {
        let sum = (carried + digit) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (carried + check) % 10 == 1
}

/// Why a pattern is none.
pub(super) fn check_pattern(pattern: &str) -> Result<(), String> {
    if pattern.len() > LONGEST_PATTERN {
        return Err(format!("longer than {LONGEST_PATTERN} characters"));
    }
    // Alone first: in the middle of another expression what is open here might be closed there.
    Regex::new(pattern).map_err(|error| format!("not a regular expression: {error}"))?;
    whole(pattern).map_err(|error| format!("not a regular expression: {error}"))?;
    Ok(())
}

/// Whether `text` has the form of `pattern`, or where that is empty `digits` digits. Whatever a pattern says, a number is
/// short and made of letters, digits and the signs between them.
pub(super) fn fits(text: &str, pattern: &str, digits: u8) -> bool {
    if pattern.is_empty() {
        return text.len() == usize::from(digits) && text.bytes().all(|b| b.is_ascii_digit());
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'/');
    (1..=LONGEST_NUMBER).contains(&text.len())
        && text.bytes().all(plain)
        && whole(pattern).is_ok_and(|form| form.is_match(text))
}

fn whole(pattern: &str) -> Result<Regex, regex_lite::Error> {
    Regex::new(&format!("^(?:{pattern})$"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn without_a_pattern_a_number_is_so_many_digits() {
        assert!(fits("1234567890", "", 10));
        for text in [
            "123456789",
            "12345678901",
            "123456789O",
            "１２３４５６７８９０",
            " 234567890",
            "",
        ] {
            assert!(!fits(text, "", 10), "{text}");
        }
    }

    #[test]
    fn a_pattern_is_about_the_whole_number() {
        let pattern = "[A-Z][0-9]{8}[A-Z]|[0-9]{6}/[0-9]{3,4}";
        assert!(fits("I12345678X", pattern, 10) && fits("850101/1234", pattern, 10));
        for text in [
            "I12345678XY",
            "xI12345678X",
            "1234567890",
            "850101/12345",
            "I12345678X\n",
            "",
        ] {
            assert!(!fits(text, pattern, 10), "{text:?}");
        }
    }

    #[test]
    fn a_pattern_that_takes_anything_still_takes_no_text() {
        for text in ["", "a b", "a,b", "ë", "a\0", &"1".repeat(51)] {
            assert!(!fits(text, "(?s).*", 10), "{text:?}");
        }
        assert!(fits("AB-1.2/3", "(?s).*", 10));
    }

    #[test]
    fn what_is_no_regular_expression_is_refused_with_its_fault() {
        for (pattern, fault) in [
            ("[0-9", "regular expression"),
            ("([0-9]{10}", "regular expression"),
            ("a)|(b", "regular expression"),
            ("[0-9]{5,2}", "regular expression"),
            ("(?x)[0-9]{10} # ten", "regular expression"),
            ("(?=x)", "regular expression"),
        ] {
            let said = check_pattern(pattern).unwrap_err();
            assert!(
                said.contains(fault) && said.len() > fault.len() + 10,
                "{pattern}: {said}"
            );
        }
        assert!(check_pattern(&"a".repeat(201)).is_err());
        assert!(check_pattern("").is_ok() && check_pattern("[0-9]{13}").is_ok());
    }

    #[test]
    fn check_digits_are_those_of_the_standards_examples() {
        // ISO/IEC 7812-1 annex B; ISO 7064: the check character of 0794 is 5 in MOD 11-10, of 794 it is 44 in MOD 97-10.
        for (checksum, number, length) in [
            (Checksum::Luhn, "7992739871", 1),
            (Checksum::Mod11_10, "0794", 1),
            (Checksum::Mod97_10, "794", 2),
        ] {
            let all = (0..10_u32.pow(length)).map(|n| format!("{number}{n:0width$}", width = length as usize));
            let holding: Vec<String> = all.filter(|text| checksum.holds(text)).collect();
            let good = match checksum {
                Checksum::Luhn => "79927398713",
                Checksum::Mod11_10 => "07945",
                _ => "79444",
            };
            assert_eq!(holding, [good], "{checksum:?}");
        }
        assert!(
            !Checksum::Mod11_10.holds("07495") && !Checksum::Mod97_10.holds("97444"),
            "digits changed places"
        );
        assert!(Checksum::None.holds("anything") && !Checksum::Luhn.holds("") && !Checksum::Luhn.holds("00"));
    }
}
