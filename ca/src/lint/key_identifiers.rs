//! AKI has the issuer's key identifier alone, SKI the subject's (RFC 5280 sections 4.2.1.1 and 4.2.1.2, P-04).

use der::Encode;
use der::asn1::OctetString;
use signum_pki::certificate::key_identifier;
use signum_pki::oid;
use x509_cert::ext::pkix::AuthorityKeyIdentifier;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "key_identifiers",
    requirement: "RFC 5280 4.2.1.1: keyIdentifier is the issuer's subjectKeyIdentifier; RFC 7093 method 1",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let own = examined.tbs.spki.to_der().and_then(|spki| key_identifier(&spki));
    let issuers = key_identifier(&context.issuer.key.spki);
    let (Ok(own), Ok(issuers)) = (own, issuers) else {
        return false;
    };
    let subject: Option<OctetString> = examined.value(oid::SUBJECT_KEY_IDENTIFIER);
    let expected = context.profile.key_identifier.then_some(own.as_slice());
    if subject.as_ref().map(|ski| ski.as_bytes()) != expected {
        return false;
    }
    if context.issuer.validity.is_none() {
        return own == issuers;
    }
    let authority: Option<AuthorityKeyIdentifier> = examined.value(oid::AUTHORITY_KEY_IDENTIFIER);
    authority.is_some_and(|aki| {
        aki.authority_cert_issuer.is_none()
            && aki.authority_cert_serial_number.is_none()
            && aki.key_identifier.is_some_and(|id| id.as_bytes() == issuers)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn another_issuers_key_identifier_is_refused() {
        sample::kills(RULE.id, |tbs| {
            let other = AuthorityKeyIdentifier {
                key_identifier: Some(OctetString::new([7; 20]).unwrap()),
                ..Default::default()
            };
            sample::replace(tbs, oid::AUTHORITY_KEY_IDENTIFIER, &other);
        });
    }
}
