//! A qualified certificate says so, no other does (EN 319 412-5 section 4.2.1).

use signum_pki::oid;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "qc_compliance",
    requirement: "EN 319 412-5 4.2.1: QcCompliance, without a value",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let statements = examined.qc_statements();
    let found = statements
        .iter()
        .filter(|s| s.id == oid::QC_COMPLIANCE && s.info.is_none())
        .count();
    found == usize::from(context.profile.statements.is_qualified())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_qualified_certificate_that_does_not_say_so_is_refused() {
        sample::kills(RULE.id, |tbs| sample::remove_statement(tbs, oid::QC_COMPLIANCE));
    }
}
