//! The octets are DER: what they mean has one encoding (X.690 section 10, RFC 5280 section 4.1).

use der::Encode;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "encoding",
    requirement: "RFC 5280 4.1: the TBSCertificate is encoded in DER",
    holds,
};

fn holds(examined: &Examined<'_>, _: &Context<'_>) -> bool {
    examined.tbs.to_der().is_ok_and(|again| again == examined.der)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;
    

    #[test]
    fn octets_after_the_end_are_refused() {
        let config = crate::config::Config::default();
        let found = sample::lint_octets(&config, b"\x30\x03\x02\x01\x01\x00");
        assert_eq!(found, [RULE.id]);
    }
}
