//! A CA has its path length, a leaf has no basicConstraints (RFC 5280 section 4.2.1.9).

use signum_pki::oid;
use x509_cert::ext::pkix::BasicConstraints;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "basic_constraints",
    requirement: "RFC 5280 4.2.1.9: cA and pathLenConstraint as the profile has them",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let expected = context.profile.constraints.map(|constraints| BasicConstraints {
        ca: true,
        path_len_constraint: constraints.path_length,
    });
    examined.value::<BasicConstraints>(oid::BASIC_CONSTRAINTS) == expected
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn an_issuing_ca_without_path_length_is_refused() {
        sample::kills_in(&crate::profile::issuing::PROFILE, RULE.id, |tbs| {
            let open = BasicConstraints {
                ca: true,
                path_len_constraint: None,
            };
            sample::replace(tbs, oid::BASIC_CONSTRAINTS, &open);
        });
    }
}
