//! The algorithm is that of the issuer's key (RFC 5280 section 4.1.2.3, RFC 5758 section 3.2).

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "signature_algorithm",
    requirement: "RFC 5758 3.2: ecdsa-with-SHA2 fits the key, parameters absent",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let expected = context.issuer.key.algorithm_identifier();
    expected.is_some_and(|expected| expected == examined.tbs.signature)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn null_parameters_are_refused() {
        sample::kills(RULE.id, |tbs| tbs.signature.parameters = Some(der::asn1::Null.into()));
    }
}
