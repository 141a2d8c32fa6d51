//! A TLS server has its names in subjectAltName, each public (Baseline Requirements section 7.1.2.7.12); nobody else has one.

use signum_pki::oid;
use x509_cert::ext::pkix::SubjectAltName;

use super::{Context, Examined, Rule};
use crate::server_name;

pub(super) const RULE: Rule = Rule {
    id: "alternative_names",
    requirement: "BR 7.1.2.7.12: at least one dNSName or iPAddress, publicly meant, below a configured domain, none twice",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    if !context.profile.alternative_names {
        return examined.extension(oid::SUBJECT_ALT_NAME).is_none();
    }
    let found: Option<SubjectAltName> = examined.value(oid::SUBJECT_ALT_NAME);
    let domains = &context.config.tls_domains;
    found.is_some_and(|names| {
        let repeated = |at: usize| names.0.iter().skip(at + 1).any(|other| names.0.get(at) == Some(other));
        !names.0.is_empty()
            && names.0.iter().all(|name| server_name::is_ours(name, domains))
            && !(0..names.0.len()).any(repeated)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn an_internal_name_is_refused() {
        sample::kills_in(&crate::profile::agency_tls::PROFILE, RULE.id, |tbs| {
            let names = SubjectAltName(vec![server_name::encode("server.local").unwrap()]);
            sample::replace(tbs, oid::SUBJECT_ALT_NAME, &names);
        });
    }
}
