//! Exactly the profile's attributes, in order, one to an RDN (EN 319 412-2 section 4.2.4, 412-3 section 4.2.1).

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "subject_order",
    requirement: "P-03: C, O, organizationIdentifier, title, serialNumber, SN, GN, CN as the profile has them",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let expected = context.profile.subject.attributes();
    let subject = &examined.tbs.subject;
    subject.iter_rdn().all(|rdn| rdn.len() == 1) && subject.iter().map(|a| a.oid).eq(expected.iter().copied())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use signum_pki::oid;

    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_subject_without_names_is_refused() {
        sample::kills(RULE.id, |tbs| {
            let attributes = [
                (oid::COUNTRY, "XK"),
                (oid::SERIAL_NUMBER, "PNOXK-1234567892"),
                (oid::COMMON_NAME, "A"),
            ];
            tbs.subject = crate::name::name(&attributes).unwrap();
        });
    }
}
