//! A key of a kind we certify, encoded as RFC 5480 section 2.1.1 and RFC 3279 section 2.3.1 say (P-07).

use const_oid::ObjectIdentifier;
use signum_pki::oid;

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "public_key",
    requirement: "P-07: EC on the named curves P-256 or P-384, uncompressed, or RSA of at least 3072 bits",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let spki = &examined.tbs.spki;
    let parameters = spki.algorithm.parameters.as_ref();
    let octets = spki.subject_public_key.raw_bytes();
    let uncompressed = |length: usize| octets.len() == length && octets.starts_with(&[4]);
    match spki.algorithm.oid {
        oid::EC_PUBLIC_KEY => match parameters.and_then(|p| p.decode_as::<ObjectIdentifier>().ok()) {
            // Authorities sign with SHA-384: their keys are P-384.
            Some(oid::P256) => !context.profile.is_authority() && uncompressed(65),
            Some(oid::P384) => uncompressed(97),
            _ => false,
        },
        // A modulus of 3072 bits has 384 octets.
        oid::RSA_ENCRYPTION => !context.profile.is_authority() && octets.len() > 384,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::lint::sample;

    #[test]
    fn a_compressed_point_is_refused() {
        sample::kills(RULE.id, |tbs| {
            tbs.spki.subject_public_key = der::asn1::BitString::from_bytes(&[2; 33]).unwrap();
        });
    }
}
