//! Disclosure statements over https, one of them in English (EN 319 412-5 section 4.3.4).

use signum_pki::oid;
use signum_pki::qc::PdsLocation;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "qc_pds",
    requirement: "EN 319 412-5 4.3.4: QcPDS has the configured https addresses, one in English",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let found = examined.qc_statement::<Vec<PdsLocation>>(oid::QC_PDS);
    if !context.profile.statements.is_qualified() {
        return found.is_none();
    }
    let fit = |l: &PdsLocation| l.url.as_str().starts_with("https://") && l.language.as_str().len() == 2;
    let ours = context.config.pds();
    found.is_some_and(|all| {
        let said = all.iter().map(|l| (l.language.as_str(), l.url.as_str()));
        all.iter().all(fit)
            && all.iter().any(|l| l.language.as_str() == "en")
            && said.eq(ours.iter().map(|(language, url)| (language.as_str(), url.as_str())))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_qualified_certificate_without_disclosure_statement_is_refused() {
        sample::kills(RULE.id, |tbs| sample::remove_statement(tbs, oid::QC_PDS));
    }
}
