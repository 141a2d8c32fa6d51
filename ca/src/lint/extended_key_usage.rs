//! The profile's one purpose, alone (RFC 5280 section 4.2.1.12, RFC 3161 section 2.3, RFC 6960 section 4.2.2.2).

use signum_pki::oid;
use x509_cert::ext::pkix::ExtendedKeyUsage;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "extended_key_usage",
    requirement: "RFC 5280 4.2.1.12: extendedKeyUsage is the profile's one purpose",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let found = examined
        .value::<ExtendedKeyUsage>(oid::EXTENDED_KEY_USAGE)
        .map(|usage| usage.0);
    found == context.profile.extended_key_usage.map(|usage| vec![usage.purpose])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_tsu_with_a_second_purpose_is_refused() {
        sample::kills_in(&crate::profile::tsu::PROFILE, RULE.id, |tbs| {
            let two = ExtendedKeyUsage(vec![oid::TIME_STAMPING, oid::CLIENT_AUTH]);
            sample::replace(tbs, oid::EXTENDED_KEY_USAGE, &two);
        });
    }
}
