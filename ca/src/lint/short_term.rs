//! A certificate of a day says that its validity was assured and that nothing will tell of a revocation (EN 319 412-1
//! section 5.2.2, RFC 9608 section 2).

use der::asn1::Null;
use signum_pki::oid;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "short_term",
    requirement: "EN 319 412-1 5.2.2, RFC 9608 2: valassured-ST-certs and noRevAvail are NULL, in short-term certificates alone",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    [oid::VALIDITY_ASSURED_SHORT_TERM, oid::NO_REVOCATION_AVAILABLE]
        .into_iter()
        .all(|id| examined.value::<Null>(id).is_some() == context.profile.short_term)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_short_lived_certificate_without_no_rev_avail_is_refused() {
        sample::kills_in(&crate::profile::short_lived_signature::PROFILE, RULE.id, |tbs| {
            sample::remove(tbs, oid::NO_REVOCATION_AVAILABLE);
        });
    }
}
