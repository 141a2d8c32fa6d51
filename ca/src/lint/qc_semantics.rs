//! A person's serialNumber is read as EN 319 412-1 section 5.1.3 says (id-etsi-qcs-semanticsId-Natural).

use signum_pki::oid;
use signum_pki::qc::SemanticsInformation;

use super::{Context, Examined, Rule};
use crate::profile::Statements;

pub(super) const RULE: Rule = Rule {
    id: "qc_semantics",
    requirement: "EN 319 412-1 5.1.2: pkixQCSyntax-v2 with the natural person semantics identifier",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let expected = (context.profile.statements != Statements::None).then_some(oid::SEMANTICS_NATURAL);
    let found = examined.qc_statement::<SemanticsInformation>(oid::QC_SYNTAX_V2);
    found.map(|semantics| semantics.identifier) == expected
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn an_authentication_certificate_without_semantics_is_refused() {
        sample::kills_in(&crate::profile::citizen_authentication::PROFILE, RULE.id, |tbs| {
            sample::remove_statement(tbs, oid::QC_SYNTAX_V2);
        });
    }
}
