//! A key of a kind we certify without a known weakness, encoded as RFC 5480 section 2.1.1 and RFC 3279 section 2.3.1 say.

use const_oid::ObjectIdentifier;
use der::Encode;
use signum_pki::{key_check, oid};

use super::{Context, Examined, Rule};

pub(super) const RULE: Rule = Rule {
    id: "public_key",
    requirement: "P-07: EC on the named curves P-256 or P-384, uncompressed, or RSA of 3072 bits and more; no known weakness",
    holds,
};

fn holds(examined: &Examined<'_>, context: &Context<'_>) -> bool {
    let spki = &examined.tbs.spki;
    let curve = || {
        spki.algorithm
            .parameters
            .as_ref()
            .and_then(|p| p.decode_as::<ObjectIdentifier>().ok())
    };
    // Authorities sign with SHA-384: their EC keys are P-384.
    let too_small =
        context.profile.is_authority() && spki.algorithm.oid == oid::EC_PUBLIC_KEY && curve() != Some(oid::P384);
    !too_small && spki.to_der().is_ok_and(|der| key_check::check(&der).is_ok())
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
