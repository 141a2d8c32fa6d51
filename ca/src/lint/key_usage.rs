//! Exactly the profile's bits: a signature key never authenticates (EN 319 412-2 section 4.3.2, RFC 5280 section 4.2.1.3).

use signum_pki::oid;
use x509_cert::ext::pkix::KeyUsage;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "key_usage",
    requirement: "EN 319 412-2 4.3.2: keyUsage of type A or C, not mixed",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let mut expected = KeyUsage(Default::default());
    for usage in context.profile.key_usage {
        expected.0 |= *usage;
    }
    examined.value::<KeyUsage>(oid::KEY_USAGE) == Some(expected)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use x509_cert::ext::pkix::KeyUsages;

    use super::*;
    use crate::lint::sample;

    #[test]
    fn digital_signature_beside_non_repudiation_is_refused() {
        sample::kills(RULE.id, |tbs| {
            let both = KeyUsage(KeyUsages::NonRepudiation | KeyUsages::DigitalSignature);
            sample::replace(tbs, oid::KEY_USAGE, &both);
        });
    }
}
