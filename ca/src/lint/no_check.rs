//! A responder says that it is not to be checked, with NULL (RFC 6960 section 4.2.2.2.1).

use der::asn1::Null;
use signum_pki::oid;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "no_check",
    requirement: "RFC 6960 4.2.2.2.1: id-pkix-ocsp-nocheck is NULL, in responders alone",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    examined.value::<Null>(oid::OCSP_NO_CHECK).is_some() == context.profile.no_check
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_responder_without_no_check_is_refused() {
        sample::kills_in(&crate::profile::ocsp_responder::PROFILE, RULE.id, |tbs| {
            sample::remove(tbs, oid::OCSP_NO_CHECK);
        });
    }
}
