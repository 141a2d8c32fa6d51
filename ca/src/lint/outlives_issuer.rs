//! No certificate outlives its issuer, which pkilint does not see (P-02, EN 319 411-1 section 6.3.3).

use x509_cert::time::{Time, Validity};

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "outlives_issuer",
    requirement: "P-02: the validity lies within the issuer's",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let Validity {
        not_before, not_after, ..
    } = examined.tbs.validity;
    let seconds = |time: Time| i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    let within = |from: i64, to: i64| from <= seconds(not_before) && seconds(not_after) <= to;
    context
        .issuer
        .validity
        .is_none_or(|(from, to)| within(from.seconds(), to.seconds()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_certificate_that_outlives_its_issuer_is_refused() {
        sample::kills(RULE.id, |tbs| {
            let end = std::time::Duration::from_secs(sample::ISSUER_ENDS + 1);
            let end = Time::from(der::DateTime::from_unix_duration(end).unwrap());
            tbs.validity = Validity::new(tbs.validity.not_before, end);
        });
    }
}
