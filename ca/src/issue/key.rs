//! What the CA asks of a subscriber's key: possession, and that it is a good key (EN 319 411-1 section 6.3.1, 6.1.1, P-07).

use openssl::x509::X509Req;
use signum_pki::key_check;

use super::IssueError;

/// The key of a PKCS#10 request (DER) as SubjectPublicKeyInfo, after its signature proved possession (RFC 2986 section 3).
pub(crate) fn proven_key(pkcs10: &[u8]) -> Result<Vec<u8>, IssueError> {
    let malformed = |_| IssueError::refused("pkcs10_malformed", "not a PKCS#10 request");
    let request = X509Req::from_der(pkcs10).map_err(malformed)?;
    let key = request.public_key().map_err(malformed)?;
    let spki = key.public_key_to_der().map_err(malformed)?;
    key_check::check(&spki).map_err(|weakness| IssueError::refused("weak_key", weakness.to_string()))?;
    if !request.verify(&key).unwrap_or(false) {
        return Err(IssueError::refused(
            "no_proof_of_possession",
            "the request is not signed with the key it asks to certify",
        ));
    }
    Ok(spki)
}
