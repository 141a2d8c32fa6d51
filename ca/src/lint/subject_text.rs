//! PrintableString for C and serialNumber, UTF8String else; fit for one line (RFC 5280 appendix A.1).

use der::{Tag, Tagged};

use super::{Context, Examined, Rule};
use crate::name::{check_text, is_printable};

pub(super) const RULE: Rule = Rule {
    id: "subject_text",
    requirement: "P-03: string types; one line, NFC, no control characters",
    holds,
};

fn holds(examined: &Examined<'_>, _: &Context<'_>) -> bool {
    examined.tbs.subject.iter().all(|attribute| {
        let expected = if is_printable(attribute.oid) {
            Tag::PrintableString
        } else {
            Tag::Utf8String
        };
        let text = std::str::from_utf8(attribute.value.value());
        attribute.value.tag() == expected && text.is_ok_and(|text| check_text(text).is_ok())
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
