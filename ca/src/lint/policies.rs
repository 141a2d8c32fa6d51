//! Our policy with the practice statement, then ETSI's; the qscd policy only on evidence (EN 319 411-2 section 5.3, P-06).

use const_oid::ObjectIdentifier;
use der::asn1::Any;
use der::{Tag, Tagged};
use signum_pki::oid;
use x509_cert::ext::pkix::CertificatePolicies;
use x509_cert::ext::pkix::certpolicy::PolicyInformation;

use super::{Context, Examined, Rule};
use crate::profile::Policies;
use crate::tbs::own_policy;

pub(super) const RULE: Rule = Rule {
    id: "policies",
    requirement: "P-06: own policy with one CPS address, one ETSI policy; never anyPolicy in a leaf",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let found = examined
        .value::<CertificatePolicies>(oid::CERTIFICATE_POLICIES)
        .map(|p| p.0)
        .unwrap_or_default();
    let Some(expected) = expected(context) else {
        return false;
    };
    let Some((first, others)) = found.split_first() else {
        return expected.is_empty();
    };
    found.iter().map(|policy| policy.policy_identifier).eq(expected)
        && if matches!(context.profile.policies, Policies::Bare(_)) {
            first.policy_qualifiers.is_none()
        } else {
            has_practice_statement(first, &context.config.cps())
        }
        && others.iter().all(|policy| policy.policy_qualifiers.is_none())
}

fn expected(context: &Context<'_>) -> Option<Vec<ObjectIdentifier>> {
    let own = |suffix| own_policy(context.config, suffix).ok();
    Some(match context.profile.policies {
        Policies::None => Vec::new(),
        Policies::Any => vec![oid::ANY_POLICY],
        Policies::Own { suffix, etsi } => vec![own(suffix)?, etsi],
        Policies::Qualified { suffix, qscd, .. } if context.in_qscd => vec![own(suffix)?, qscd],
        Policies::Qualified { suffix, plain, .. } => vec![own(suffix)?, plain],
        Policies::Bare(policies) => policies.to_vec(),
    })
}

fn has_practice_statement(policy: &PolicyInformation, address: &str) -> bool {
    match policy.policy_qualifiers.as_deref() {
        Some([one]) => {
            let is_address = |q: &Any| q.tag() == Tag::Ia5String && q.value() == address.as_bytes();
            one.policy_qualifier_id == oid::CPS_QUALIFIER && one.qualifier.as_ref().is_some_and(is_address)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn any_policy_in_a_leaf_is_refused() {
        sample::kills(RULE.id, |tbs| {
            let any = PolicyInformation {
                policy_identifier: oid::ANY_POLICY,
                policy_qualifiers: None,
            };
            sample::replace(tbs, oid::CERTIFICATE_POLICIES, &vec![any]);
        });
    }
}
