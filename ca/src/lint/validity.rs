//! Begins about now, lasts no longer than the profile says (P-02, EN 319 411-1 section 6.3.3).

use x509_cert::time::{Time, Validity};

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "validity",
    requirement: "P-02: notBefore at most an hour ago, period within the profile's",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let Validity {
        not_before, not_after, ..
    } = examined.tbs.validity;
    let seconds = |time: Time| i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    let (from, to, now) = (seconds(not_before), seconds(not_after), context.now.seconds());
    // Both ends belong to the period (RFC 5280 section 4.1.2.5).
    from <= now && now - from <= 3600 && from < to && to - from < context.profile.longest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_second_too_long_is_refused() {
        sample::kills(RULE.id, |tbs| {
            let end = tbs.validity.not_after.to_unix_duration() + std::time::Duration::from_secs(1);
            let end = Time::from(der::DateTime::from_unix_duration(end).unwrap());
            tbs.validity = Validity::new(tbs.validity.not_before, end);
        });
    }
}
