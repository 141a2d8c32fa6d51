//! The outside auditor's signature: a detached CMS over the transcript (RFC 5652), made and verified by anybody's software.
//!
//! `openssl cms -sign -binary -in transcript.jsonl -signer auditor.pem -inkey KEY -outform DER -out transcript.p7s`, and
//! `openssl cms -verify -binary -inform DER -in transcript.p7s -content transcript.jsonl -certfile auditor.pem -nointern -noverify`.

use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::stack::Stack;
use openssl::x509::X509;
use sha2::{Digest, Sha256};

/// Why a countersignature is not the auditor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditorError {
    #[error("the auditor's certificate is not the one that the ceremony file names")]
    AnotherCertificate,
    #[error("the auditor's certificate cannot be read")]
    Certificate,
    #[error("the auditor's signature is not a CMS in DER")]
    Form,
    #[error("the auditor's signature does not verify over this transcript")]
    Signature,
}

/// Whether `signature` (CMS, DER) over `transcript` is of the certificate (DER) whose SHA-256 the ceremony file pins. Whoever
/// pinned it answers for the certificate: neither its chain nor its validity are looked at.
pub fn verify_countersignature(
    transcript: &[u8],
    signature: &[u8],
    certificate: &[u8],
    pinned: &[u8; 32],
) -> Result<(), AuditorError> {
    if <[u8; 32]>::from(Sha256::digest(certificate)) != *pinned {
        return Err(AuditorError::AnotherCertificate);
    }
    let unreadable = |_| AuditorError::Certificate;
    let auditor = X509::from_der(certificate).map_err(unreadable)?;
    let mut certificates = Stack::new().map_err(unreadable)?;
    certificates.push(auditor).map_err(unreadable)?;
    let mut cms = CmsContentInfo::from_der(signature).map_err(|_| AuditorError::Form)?;
    // Certificates inside the CMS are not believed: the pinned one has signed, or nobody.
    let flags = CMSOptions::BINARY | CMSOptions::NOINTERN | CMSOptions::NO_SIGNER_CERT_VERIFY;
    cms.verify(Some(&certificates), None, Some(transcript), None, flags)
        .map_err(|_| AuditorError::Signature)
}
