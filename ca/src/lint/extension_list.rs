//! Exactly the profile's extensions in their fixed order, none twice (RFC 5280 section 4.2, P-04).

use const_oid::ObjectIdentifier;
use signum_pki::oid;

use super::{Context, Examined, Rule};
use crate::profile::{Pointers, Policies, Profile, Statements};

pub(super) const RULE: Rule = Rule {
    id: "extension_list",
    requirement: "P-04: the extensions are an allow-list in a fixed order",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let found = examined.extensions().iter().map(|e| e.extn_id);
    found.eq(expected(context.profile, context.issuer.validity.is_none()))
}

fn expected(profile: &Profile, self_signed: bool) -> impl Iterator<Item = ObjectIdentifier> {
    let pointers = profile.pointers != Pointers::None;
    let lists = matches!(profile.pointers, Pointers::Root | Pointers::Leaf);
    let all = [
        (!self_signed, oid::AUTHORITY_KEY_IDENTIFIER),
        (profile.key_identifier, oid::SUBJECT_KEY_IDENTIFIER),
        (true, oid::KEY_USAGE),
        (profile.constraints.is_some(), oid::BASIC_CONSTRAINTS),
        (profile.extended_key_usage.is_some(), oid::EXTENDED_KEY_USAGE),
        (profile.private_key_usage.is_some(), oid::PRIVATE_KEY_USAGE_PERIOD),
        (profile.alternative_names, oid::SUBJECT_ALT_NAME),
        (!matches!(profile.policies, Policies::None), oid::CERTIFICATE_POLICIES),
        (pointers, oid::AUTHORITY_INFORMATION_ACCESS),
        (lists, oid::CRL_DISTRIBUTION_POINTS),
        (profile.statements != Statements::None, oid::QC_STATEMENTS),
        (profile.no_check, oid::OCSP_NO_CHECK),
        (profile.short_term, oid::VALIDITY_ASSURED_SHORT_TERM),
        (profile.short_term, oid::NO_REVOCATION_AVAILABLE),
    ];
    all.into_iter().filter_map(|(present, id)| present.then_some(id))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn an_extension_given_twice_is_refused() {
        sample::kills(RULE.id, |tbs| {
            let extensions = tbs.extensions.as_mut().unwrap();
            extensions.push(extensions[0].clone());
        });
    }

    #[test]
    fn an_extension_of_another_profile_is_refused() {
        sample::kills(RULE.id, |tbs| {
            let no_check = crate::tbs::extension(oid::OCSP_NO_CHECK, false, &der::asn1::Null).unwrap();
            tbs.extensions.as_mut().unwrap().push(no_check);
        });
    }
}
