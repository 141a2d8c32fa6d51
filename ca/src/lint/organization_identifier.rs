//! An organisation has its identifier, other than its name (EN 319 412-1 section 5.1.4, 412-3 section 4.2.1).

use signum_pki::oid;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "organization_identifier",
    requirement: "EN 319 412-3 4.2.1: organizationIdentifier NTR, country, hyphen, digits as configured; not the same as O",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    if !context.profile.subject.has_organization_identifier() {
        return true;
    }
    let prefix = format!("NTR{}-", context.config.country);
    let name = examined.subject_text(oid::ORGANIZATION);
    examined.subject_text(oid::ORGANIZATION_IDENTIFIER).is_some_and(|own| {
        let number = own.strip_prefix(&prefix).unwrap_or_default();
        context.config.is_organization_number(number) && name.is_some_and(|name| name != own)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_unit_without_organization_identifier_is_refused() {
        sample::kills_in(&crate::profile::tsu::PROFILE, RULE.id, |tbs| {
            tbs.subject = crate::name::name(&[(oid::COUNTRY, "XK"), (oid::ORGANIZATION, "O")]).unwrap();
        });
    }
}
