//! The client's side of RFC 3161: a query over the signature value, and the verified token out of the answer.

use sha2::{Digest, Sha256};
use signum_pki::tsp::verify::token_of;
use signum_pki::{TimeStampError, tsp_request, verify_time_stamp};

/// A token that was verified against our own root.
#[derive(Clone, Debug)]
pub struct Token {
    /// DER of the ContentInfo.
    pub der: Vec<u8>,
    /// genTime, seconds since the Unix epoch.
    pub time: i64,
}

/// DER of a request for a timestamp over `signature`.
pub fn query(signature: &[u8], nonce: &[u8; 8]) -> der::Result<Vec<u8>> {
    tsp_request(&Sha256::digest(signature).into(), nonce)
}

/// The token of `response` (DER of a TimeStampResp) if it answers the query over `signature` with `nonce` and its path ends in
/// one of `roots`.
pub fn token(
    response: &[u8],
    signature: &[u8],
    nonce: &[u8; 8],
    intermediates: &[Vec<u8>],
    roots: &[Vec<u8>],
) -> Result<Token, TimeStampError> {
    let der = token_of(response)?;
    let stamp = verify_time_stamp(&der, &Sha256::digest(signature).into(), intermediates, roots)?;
    let stated = stamp.nonce.ok_or(TimeStampError::OtherData)?;
    // An INTEGER has no leading zeros.
    let significant = |octets: &[u8]| {
        octets
            .iter()
            .copied()
            .skip_while(|octet| *octet == 0)
            .collect::<Vec<_>>()
    };
    if significant(&stated) != significant(nonce) {
        return Err(TimeStampError::OtherData);
    }
    Ok(Token {
        der,
        time: stamp.gen_time,
    })
}
