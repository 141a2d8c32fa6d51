//! What a subscriber can have to show that the CA recorded their certificate: A-03, RFC 6962 section 2.1.1.

use der::Decode;
use signum_core::audit::{Log, ProofError, Receipt};
use signum_core::params;
use x509_cert::Certificate;

/// The receipt of the issuance of exactly this certificate (DER) out of the CA's log; `None` for one that was not issued here.
/// [`ProofError::NoCheckpoint`] in the seconds until a checkpoint covers it.
pub async fn issuance_receipt(log: &Log, certificate: &[u8]) -> Result<Option<Receipt>, ProofError> {
    let Ok(parsed) = Certificate::from_der(certificate) else {
        return Ok(None);
    };
    let serial = parsed.tbs_certificate().serial_number().as_bytes();
    let row = log.cx().db.opt(
        "SELECT issuer FROM certificate WHERE serial = $1 AND certificate = $2",
        params![serial, certificate],
    );
    match row.await? {
        None => Ok(None),
        Some(row) => {
            let subject = format!("{}:{}", row.get::<String>("issuer")?, hex::encode(serial));
            log.receipt("certificate.issued", &subject).await
        }
    }
}
