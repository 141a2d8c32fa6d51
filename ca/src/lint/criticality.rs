//! keyUsage and basicConstraints are critical, of the others a TSU's extendedKeyUsage alone (RFC 5280 section 4.2).

use signum_pki::oid;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "criticality",
    requirement: "RFC 5280 4.2.1, RFC 3161 2.3: which extensions are critical",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    examined.extensions().iter().all(|extension| {
        let expected = match extension.extn_id {
            oid::KEY_USAGE | oid::BASIC_CONSTRAINTS => true,
            oid::EXTENDED_KEY_USAGE => context.profile.extended_key_usage.is_some_and(|usage| usage.critical),
            _ => false,
        };
        extension.critical == expected
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn key_usage_that_is_not_critical_is_refused() {
        sample::kills(RULE.id, |tbs| sample::edit(tbs, oid::KEY_USAGE, |e| e.critical = false));
    }

    #[test]
    fn a_tsu_with_a_purpose_that_is_not_critical_is_refused() {
        sample::kills_in(&crate::profile::tsu::PROFILE, RULE.id, |tbs| {
            sample::edit(tbs, oid::EXTENDED_KEY_USAGE, |e| e.critical = false);
        });
    }
}
