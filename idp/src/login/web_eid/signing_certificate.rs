//! `unverifiedSigningCertificates` of web-eid:1.1: certificates for signing documents that come along with a log-in. Nobody signs
//! anything by them here, but a token that carries somebody else's is not one that a card made. Their status is asked for when
//! they are used.

use signum_pki::certificate::is_valid_at;
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, KeyUsage};

use super::super::card::{Authentic, Cards, Refusal};
use super::token::{Signing, SigningAlgorithm};

const HASHES: [&str; 8] = [
    "SHA-224", "SHA-256", "SHA-384", "SHA-512", "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512",
];

/// The same person, an authority that is believed, within its dates, for signing documents.
pub(super) fn check(signing: &Signing, card: &Authentic, cards: &Cards, now: i64) -> Result<(), Refusal> {
    if signing.algorithms.is_empty() || !signing.algorithms.iter().all(is_known) {
        return Err(Refusal::SigningAlgorithms);
    }
    let certificate = Certificate::from_der(&signing.certificate).map_err(|_| Refusal::SigningMalformed)?;
    let tbs = certificate.tbs_certificate();
    let subject = |of: &Certificate| of.tbs_certificate().subject().to_der().ok();
    if subject(&certificate).is_none() || subject(&certificate) != subject(&card.parsed) {
        return Err(Refusal::SigningSubject);
    }
    // One authority issues both, unless the operator names those that issue the other.
    let authority = issuer_key(&certificate);
    if cards.signing_issuers.is_empty() && (authority.is_none() || authority != issuer_key(&card.parsed)) {
        return Err(Refusal::SigningIssuer);
    }
    if !is_valid_at(&certificate, now) {
        return Err(Refusal::SigningValidity);
    }
    match tbs.get_extension::<KeyUsage>() {
        Ok(Some((_, usage))) if usage.non_repudiation() => {}
        _ => return Err(Refusal::SigningKeyUsage),
    }
    match cards.issued(&signing.certificate, now) {
        true => Ok(()),
        false => Err(Refusal::SigningUntrusted),
    }
}

/// keyIdentifier of the authority key identifier (RFC 5280 section 4.2.1.1).
fn issuer_key(certificate: &Certificate) -> Option<Vec<u8>> {
    let found = certificate.tbs_certificate().get_extension::<AuthorityKeyIdentifier>();
    let (_, authority) = found.ok().flatten()?;
    Some(authority.key_identifier?.as_bytes().to_vec())
}

fn is_known(algorithm: &SigningAlgorithm) -> bool {
    let of = (algorithm.crypto_algorithm.as_str(), algorithm.padding_scheme.as_str());
    matches!(of, ("ECC", "NONE") | ("RSA", "PKCS1.5" | "PSS")) && HASHES.contains(&algorithm.hash_function.as_str())
}
