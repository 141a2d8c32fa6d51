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
    fn octets_that_are_no_certificate_are_refused() {
        assert_eq!(sample::lint_octets(&[0x30, 0x03, 0x02, 0x01, 0x01]), [RULE.id]);
    }
}
