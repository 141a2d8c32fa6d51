//! What may be used once (RFC 7523 section 3, RFC 9449 section 11.1, RFC 9101): one INSERT decides, on every replica.

use sha2::{Digest, Sha256};
use signum_core::{Cx, DbError, Timestamp, Tx, params};

/// What is spent. Each kind is a namespace of its own: an id of one is never taken for an id of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `jti` of a client assertion; owner: the client.
    ClientAssertion,
    /// `jti` of a DPoP proof; owner: the key's thumbprint.
    DpopProof,
    /// `jti` of a request object; owner: the client.
    RequestObject,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::ClientAssertion => "client_assertion",
            Self::DpopProof => "dpop_proof",
            Self::RequestObject => "request_object",
        }
    }
}

/// Whether this was the first use. Refuse what is expired before: rows go when `expires` has passed.
pub(crate) async fn spend(
    tx: &Tx,
    cx: &Cx,
    kind: Kind,
    owner: &str,
    id: &str,
    expires: Timestamp,
) -> Result<bool, DbError> {
    debug_assert!(expires > cx.now(), "an expired id may have been deleted already");
    let hash: [u8; 32] = Sha256::digest(id.as_bytes()).into();
    let rows = tx
        .exec(
            "INSERT INTO single_use (kind, owner, id_hash, expires_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (kind, owner, id_hash) DO NOTHING",
            params![kind.name(), owner, hash, expires],
        )
        .await?;
    Ok(rows == 1)
}
