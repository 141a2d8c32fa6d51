//! Qualified under our country's law and no other; silence would claim the European Union's (EN 319 412-5 section 4.2.4).

use der::asn1::PrintableString;
use signum_pki::oid;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "qc_legislation",
    requirement: "EN 319 412-5 4.2.4: QcCClegislation is the configured country",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let found = examined.qc_statement::<Vec<PrintableString>>(oid::QC_LEGISLATION);
    // In EU mode its absence is the claim.
    if !context.profile.statements.is_qualified() || context.config.eu_mode {
        return found.is_none();
    }
    found.is_some_and(|all| matches!(all.as_slice(), [one] if one.as_str() == context.config.country))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_qualified_certificate_without_legislation_is_refused() {
        sample::kills(RULE.id, |tbs| sample::remove_statement(tbs, oid::QC_LEGISLATION));
    }
}
