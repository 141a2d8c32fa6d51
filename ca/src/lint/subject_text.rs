//! PrintableString for C and serialNumber, UTF8String else; fit for one line (RFC 5280 appendix A.1).

use der::{Tag, Tagged};

use super::{Context, Examined, Rule};
use crate::name::{check_text, is_printable, longest};

pub(super) const RULE: Rule = Rule {
    id: "subject_text",
    requirement: "P-03: string types; one line, NFC, no control characters, RFC 5280 appendix A.1 bounds",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let of_person = context.profile.subject.is_person();
    examined.tbs.subject.iter().all(|attribute| {
        let expected = if is_printable(attribute.oid) {
            Tag::PrintableString
        } else {
            Tag::Utf8String
        };
        let most = longest(attribute.oid, of_person);
        let fits = |text: &str| check_text(text).is_ok() && text.chars().count() <= most;
        attribute.value.tag() == expected && std::str::from_utf8(attribute.value.value()).is_ok_and(fits)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_line_break_in_a_name_is_refused() {
        sample::kills(RULE.id, |tbs| {
            tbs.subject = crate::name::name(&[(signum_pki::oid::COMMON_NAME, "A\nB")]).unwrap();
        });
    }
}
