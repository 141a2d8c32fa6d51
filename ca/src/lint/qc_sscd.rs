//! QcSSCD exactly when the key's origin evidences a device, which pkilint cannot know (EN 319 412-5 section 4.2.2).

use signum_pki::oid;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "qc_sscd",
    requirement: "EN 319 412-5 4.2.2: QcSSCD says that the private key resides in a QSCD",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let expected = context.profile.statements.is_qualified() && context.in_qscd;
    let statements = examined.qc_statements();
    let found = statements
        .iter()
        .filter(|s| s.id == oid::QC_SSCD && s.info.is_none())
        .count();
    found == usize::from(expected)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_device_key_without_qc_sscd_is_refused() {
        sample::kills(RULE.id, |tbs| sample::remove_statement(tbs, oid::QC_SSCD));
    }
}
