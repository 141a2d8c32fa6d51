//! What the other modules need to read from a certificate (RFC 5280 section 4).

use der::{Decode, Encode};
use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsage};

use crate::oid;

/// Seconds since the Unix epoch of notBefore and notAfter.
pub fn validity_seconds(certificate: &Certificate) -> (i64, i64) {
    let validity = certificate.tbs_certificate().validity();
    let seconds = |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    (seconds(validity.not_before), seconds(validity.not_after))
}

/// Whether `now` lies in the validity period, both ends included (RFC 5280 section 4.1.2.5).
pub fn is_valid_at(certificate: &Certificate, now_seconds: i64) -> bool {
    let (from, to) = validity_seconds(certificate);
    (from..=to).contains(&now_seconds)
}

/// The SubjectPublicKeyInfo as DER.
pub fn spki(certificate: &Certificate) -> der::Result<Vec<u8>> {
    certificate.tbs_certificate().subject_public_key_info().to_der()
}

/// The octets of the subjectPublicKey BIT STRING of a SubjectPublicKeyInfo; key identifiers are hashes of them.
pub fn public_key_octets(spki: &[u8]) -> der::Result<Vec<u8>> {
    let spki = spki::SubjectPublicKeyInfoOwned::from_der(spki)?;
    Ok(spki.subject_public_key.raw_bytes().to_vec())
}

/// Key identifier of RFC 7093 section 2 method 1: the leftmost 160 bits of SHA-256 over the key's octets.
pub fn key_identifier(spki: &[u8]) -> der::Result<Vec<u8>> {
    let digest = Sha256::digest(public_key_octets(spki)?);
    Ok(digest.iter().copied().take(20).collect())
}

/// Whether extendedKeyUsage names `purpose`; an absent extension names nothing.
pub fn has_purpose(certificate: &Certificate, purpose: const_oid::ObjectIdentifier) -> bool {
    matches!(certificate.tbs_certificate().get_extension::<ExtendedKeyUsage>(), Ok(Some((_, eku))) if eku.0.contains(&purpose))
}

/// Whether timeStamping is the one purpose and critical (RFC 3161 section 2.3).
pub fn is_time_stamping_only(certificate: &Certificate) -> bool {
    matches!(certificate.tbs_certificate().get_extension::<ExtendedKeyUsage>(),
        Ok(Some((true, eku))) if eku.0 == [oid::TIME_STAMPING])
}

/// Whether the key may sign data: keyUsage absent, or digitalSignature or nonRepudiation set.
pub fn may_sign_data(certificate: &Certificate) -> bool {
    match certificate.tbs_certificate().get_extension::<KeyUsage>() {
        Ok(Some((_, usage))) => usage.digital_signature() || usage.non_repudiation(),
        Ok(None) => true,
        Err(_) => false,
    }
}
