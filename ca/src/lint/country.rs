//! C is the configured country, which pkilint cannot know (EN 319 412-2 section 4.2.4; XK, never KS).

use signum_pki::oid;

use super::{Context, Examined, Rule};
use crate::profile::SubjectForm;

pub(super) const RULE: Rule = Rule {
    id: "country",
    requirement: "EN 319 412-2 4.2.4: countryName is the country of the subject's identity",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let expected = match context.profile.subject {
        SubjectForm::Server | SubjectForm::TlsAuthority => context.config.server_country(),
        _ => &context.config.country,
    };
    examined
        .subject_text(oid::COUNTRY)
        .is_some_and(|country| country == expected)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn country_ks_is_refused() {
        sample::kills(RULE.id, |tbs| {
            tbs.subject = crate::name::name(&[(oid::COUNTRY, "KS"), (oid::COMMON_NAME, "A")]).unwrap();
        });
    }
}
