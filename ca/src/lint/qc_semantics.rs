//! How the subject's identifier is read: EN 319 412-1 sections 5.1.3 (natural) and 5.1.4 (legal); who gave a pseudonym.

use signum_pki::oid;
use signum_pki::qc::SemanticsInformation;
use x509_cert::ext::pkix::name::GeneralName;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "qc_semantics",
    requirement: "EN 319 412-1 5.1.2: pkixQCSyntax-v2 with the semantics identifier of a natural or a legal person",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let expected = context.profile.statements.semantics();
    let found = examined.qc_statement::<SemanticsInformation>(oid::QC_SYNTAX_V2);
    let authority = context.config.name_authority(context.profile.subject.is_person());
    let by = |semantics: &SemanticsInformation| match (semantics.name_registration_authorities.as_deref(), authority) {
        (None, None) => true,
        (Some([GeneralName::UniformResourceIdentifier(uri)]), Some(expected)) => uri.as_str() == expected,
        _ => false,
    };
    found.as_ref().is_none_or(by) && found.map(|semantics| semantics.identifier) == expected
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
