//! A qualified certificate says whether it signs or seals, which pkilint does not ask outside the EU (EN 319 412-5 section 4.2.3).

use const_oid::ObjectIdentifier;
use signum_pki::oid;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "qc_type",
    requirement: "EN 319 412-5 4.2.3: QcType is esign or eseal, one of them",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let expected = context.profile.statements.qualified_type().map(|kind| vec![kind]);
    examined.qc_statement::<Vec<ObjectIdentifier>>(oid::QC_TYPE) == expected
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_qualified_certificate_without_type_is_refused() {
        sample::kills(RULE.id, |tbs| sample::remove_statement(tbs, oid::QC_TYPE));
    }
}
