//! What the CA asks of a subscriber's key: possession, and that it is a good key (EN 319 411-1 section 6.3.1, 6.1.1, P-07).

use openssl::ec::EcKeyRef;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::x509::X509Req;

use super::IssueError;

/// The key of a PKCS#10 request (DER) as SubjectPublicKeyInfo, after its signature proved possession (RFC 2986 section 3).
pub(super) fn proven_key(pkcs10: &[u8]) -> Result<Vec<u8>, IssueError> {
    let malformed = |_| IssueError::refused("pkcs10_malformed", "not a PKCS#10 request");
    let request = X509Req::from_der(pkcs10).map_err(malformed)?;
    let key = request.public_key().map_err(malformed)?;
    check(&key)?;
    if !request.verify(&key).unwrap_or(false) {
        return Err(IssueError::refused(
            "no_proof_of_possession",
            "the request is not signed with the key it asks to certify",
        ));
    }
    key.public_key_to_der().map_err(malformed)
}

/// P-256 and P-384 on their named curve, or RSA of 3072 to 8192 bits with exponent 65537.
fn check(key: &PKey<Public>) -> Result<(), IssueError> {
    let weak = |why: &str| IssueError::refused("weak_key", why);
    match key.id() {
        Id::EC => {
            let ec = key.ec_key().map_err(|_| weak("not an elliptic curve key"))?;
            check_curve(&ec).ok_or_else(|| weak("not an uncompressed point on P-256 or P-384"))
        }
        Id::RSA => {
            let rsa = key.rsa().map_err(|_| weak("not an RSA key"))?;
            let size_fits = (3072..=8192).contains(&rsa.n().num_bits());
            if size_fits && rsa.e().to_vec() == [1, 0, 1] {
                return Ok(());
            }
            Err(weak("RSA keys have 3072 to 8192 bits and exponent 65537"))
        }
        _ => Err(weak("keys are EC P-256, EC P-384 or RSA")),
    }
}

fn check_curve(key: &EcKeyRef<Public>) -> Option<()> {
    let named = matches!(key.group().curve_name(), Some(Nid::X9_62_PRIME256V1 | Nid::SECP384R1));
    // Not at infinity, on the curve and of its order.
    (named && key.check_key().is_ok()).then_some(())
}
