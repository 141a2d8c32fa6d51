//! A person has a serialNumber: PNO, country, hyphen, ten digits (EN 319 412-1 section 5.1.3, P-10).

use signum_pki::oid;

use super::{Context, Examined, Rule};
use crate::profile::SubjectForm;

pub(super) const RULE: Rule = Rule {
    id: "person_identifier",
    requirement: "EN 319 412-2 4.2.4, EN 319 412-1 5.1.3: serialNumber PNOXK-nnnnnnnnnn",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    if context.profile.subject != SubjectForm::NaturalPerson {
        return true;
    }
    let prefix = format!("PNO{}-", context.config.country);
    examined.subject_text(oid::SERIAL_NUMBER).is_some_and(|text| {
        let number = text.strip_prefix(&prefix).unwrap_or_default();
        number.len() == 10 && number.bytes().all(|b| b.is_ascii_digit())
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
