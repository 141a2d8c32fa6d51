//! A person has a serialNumber: PNO, country, hyphen, digits as configured; or a pseudonym of a named register (EN 319 412-1 section 5.1.3, P-10).

use signum_pki::oid;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "person_identifier",
    requirement: "EN 319 412-2 4.2.4, EN 319 412-1 5.1.3: serialNumber PNOXK-nnnnnnnnnn",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    if !context.profile.subject.is_person() {
        return true;
    }
    let prefix = context.config.person_scheme();
    examined.subject_text(oid::SERIAL_NUMBER).is_some_and(|text| {
        let number = text.strip_prefix(&prefix).unwrap_or_default();
        context.config.is_person_number(number)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_person_without_serial_number_is_refused() {
        sample::kills(RULE.id, |tbs| {
            tbs.subject = crate::name::name(&[(oid::COUNTRY, "XK"), (oid::COMMON_NAME, "A")]).unwrap();
        });
    }
}
