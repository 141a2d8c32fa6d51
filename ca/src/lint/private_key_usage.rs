//! A TSU's key is used for a part of its certificate's life (EN 319 421 section 7.6.7, RFC 3280 section 4.2.1.4).

use der::asn1::GeneralizedTime;
use signum_pki::oid;
use x509_cert::ext::pkix::PrivateKeyUsagePeriod;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "private_key_usage",
    requirement: "EN 319 421 7.6.7: privateKeyUsagePeriod begins with the certificate and is the profile's",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let found = examined.value::<PrivateKeyUsagePeriod>(oid::PRIVATE_KEY_USAGE_PERIOD);
    let Some(longest) = context.profile.private_key_usage else {
        return found.is_none();
    };
    let seconds = |time: GeneralizedTime| i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    let ends = found.and_then(|period| Some((seconds(period.not_before?), seconds(period.not_after?))));
    let Some((from, to)) = ends else {
        return false;
    };
    let start = examined.tbs.validity.not_before.to_unix_duration().as_secs();
    i64::try_from(start) == Ok(from) && from < to && to - from < longest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn an_open_usage_period_is_refused() {
        sample::kills_in(&crate::profile::tsu::PROFILE, RULE.id, |tbs| {
            let open = PrivateKeyUsagePeriod {
                not_before: None,
                not_after: None,
            };
            sample::replace(tbs, oid::PRIVATE_KEY_USAGE_PERIOD, &open);
        });
    }
}
