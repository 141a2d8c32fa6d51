//! The issuer is, octet for octet, the subject of the CA's certificate (RFC 5280 section 4.1.2.4).

use der::Encode;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "issuer_name",
    requirement: "RFC 5280 4.1.2.4: the issuer field is the subject of the issuing CA",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    match (examined.tbs.issuer.to_der(), context.issuer.subject.to_der()) {
        (Ok(issuer), Ok(subject)) => issuer == subject,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn another_issuer_is_refused() {
        sample::kills(RULE.id, |tbs| tbs.issuer = tbs.subject.clone());
    }
}
