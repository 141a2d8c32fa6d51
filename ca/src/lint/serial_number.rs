//! 17 octets, positive, one of them a prefix (RFC 5280 section 4.1.2.2, P-01).

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "serial_number",
    requirement: "RFC 5280 4.1.2.2: positive, at most 20 octets; P-01: prefix and 128 random bits",
    holds,
};

fn holds(examined: &Examined<'_>, _: &Context<'_>) -> bool {
    let octets = examined.tbs.serial_number.as_bytes();
    octets.len() == 17 && octets.first().is_some_and(|first| (1..=0x7f).contains(first))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use x509_cert::serial_number::SerialNumber;

    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_short_serial_number_is_refused() {
        sample::kills(RULE.id, |tbs| {
            tbs.serial_number = SerialNumber::new(&[1, 2, 3]).unwrap()
        });
    }
}
