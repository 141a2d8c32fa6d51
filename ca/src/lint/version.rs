//! Version 3 (RFC 5280 section 4.1.2.1).

use x509_cert::certificate::Version;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "version",
    requirement: "RFC 5280 4.1.2.1: version is v3 when extensions are used",
    holds,
};

fn holds(examined: &Examined<'_>, _: &Context<'_>) -> bool {
    examined.tbs.version == Version::V3
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_version_1_certificate_is_refused() {
        sample::kills(RULE.id, |tbs| tbs.version = Version::V1);
    }
}
