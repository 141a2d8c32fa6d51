//! One address of the issuer's certificate, one of its OCSP responder, http (EN 319 412-2 section 4.4.1, P-05).

use signum_pki::oid;
use x509_cert::ext::pkix::AuthorityInfoAccessSyntax;
use x509_cert::ext::pkix::name::GeneralName;

use super::{Context, Examined, Rule};
use crate::authority::address;
use crate::profile::Pointers;

pub(super) const RULE: Rule = Rule {
    id: "information_access",
    requirement: "EN 319 412-2 4.4.1: caIssuers and OCSP, http",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let name = context.issuer.name;
    let issuer = (oid::CA_ISSUERS, address::certificate(context.config, name));
    let ocsp = (oid::OCSP, address::ocsp(context.config, name));
    let expected = match context.profile.pointers {
        Pointers::None => return true,
        Pointers::Root | Pointers::Issuer => vec![issuer],
        Pointers::Leaf => vec![issuer, ocsp],
    };
    let found = examined
        .value::<AuthorityInfoAccessSyntax>(oid::AUTHORITY_INFORMATION_ACCESS)
        .map(|a| a.0);
    let found = found
        .unwrap_or_default()
        .into_iter()
        .map(|access| match access.access_location {
            GeneralName::UniformResourceIdentifier(uri) => (access.access_method, uri.as_str().to_owned()),
            _ => (access.access_method, String::new()),
        });
    found.eq(expected)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_leaf_without_ocsp_address_is_refused() {
        sample::kills(RULE.id, |tbs| {
            let id = oid::AUTHORITY_INFORMATION_ACCESS;
            let mut access: AuthorityInfoAccessSyntax = sample::value(tbs, id);
            access.0.pop();
            sample::replace(tbs, id, &access);
        });
    }
}
