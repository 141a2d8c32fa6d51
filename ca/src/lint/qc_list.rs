//! Exactly the profile's QC statements in their fixed order, none twice and none unknown (EN 319 412-5 section 4, P-04).

use signum_pki::oid;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "qc_list",
    requirement: "P-04: the QC statements are an allow-list in a fixed order",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let statements = context.profile.statements;
    let qualified = statements.is_qualified();
    let all = [
        (qualified, oid::QC_COMPLIANCE),
        (qualified && context.in_qscd, oid::QC_SSCD),
        (qualified, oid::QC_TYPE),
        (qualified, oid::QC_PDS),
        (qualified && !context.config.eu_mode, oid::QC_LEGISLATION),
        (statements.semantics().is_some(), oid::QC_SYNTAX_V2),
    ];
    let expected = all.into_iter().filter_map(|(present, id)| present.then_some(id));
    examined.qc_statements().into_iter().map(|s| s.id).eq(expected)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use signum_pki::qc::QcStatements;

    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_statement_that_no_profile_has_is_refused() {
        sample::kills(RULE.id, |tbs| {
            let mut statements: QcStatements = sample::value(tbs, oid::QC_STATEMENTS);
            let mut retention = statements[0].clone();
            retention.id = const_oid::ObjectIdentifier::new_unwrap("0.4.0.1862.1.3");
            statements.push(retention);
            sample::replace(tbs, oid::QC_STATEMENTS, &statements);
        });
    }
}
