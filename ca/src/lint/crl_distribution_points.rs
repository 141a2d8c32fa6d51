//! One http address of the list that would tell, which pkilint does not miss beside OCSP (EN 319 412-2 section 4.3.11).

use signum_pki::oid;
use x509_cert::ext::pkix::CrlDistributionPoints;
use x509_cert::ext::pkix::name::DistributionPointName;

use super::{Context, Examined, Rule};
use crate::authority::address;
use crate::profile::Pointers;
use crate::tbs::full_name;

pub(super) const RULE: Rule = Rule {
    id: "crl_distribution_points",
    requirement: "EN 319 412-2 4.3.11, RFC 5280 4.2.1.13: one full name, http, no reasons, no cRLIssuer",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    if matches!(context.profile.pointers, Pointers::None | Pointers::Issuer) {
        return true;
    }
    let found = examined
        .value::<CrlDistributionPoints>(oid::CRL_DISTRIBUTION_POINTS)
        .map(|p| p.0);
    match found.as_deref() {
        Some([point]) => {
            let ours = point
                .distribution_point
                .as_ref()
                .is_some_and(|name| is_list_of_ours(name, context));
            ours && point.reasons.is_none() && point.crl_issuer.is_none()
        }
        _ => false,
    }
}

fn is_list_of_ours(name: &DistributionPointName, context: &Context<'_>) -> bool {
    (0..context.config.crl_shards).any(|shard| {
        let expected = full_name(&address::crl(context.config, context.issuer.name, shard));
        expected.is_ok_and(|expected| expected == *name)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_leaf_without_crl_address_is_refused() {
        sample::kills(RULE.id, |tbs| sample::remove(tbs, oid::CRL_DISTRIBUTION_POINTS));
    }
}
