//! Issuance: `Request -> Prepared -> Linted -> Issued`, each moved into the next, never cloned.
//!
//! RFC 5280 section 4, EN 319 411-1 section 6.3. What the linter has not accepted cannot reach the HSM: only [`Linted`] makes
//! a signable certificate, and only [`Prepared::lint`] makes a `Linted`.

mod issued;
mod key;
mod linted;
mod origin;
mod prepared;
mod request;
mod reserve;
mod subject;

use signum_core::DbError;
use signum_hsm_shim::HsmError;

pub(crate) use issued::Issued;
pub(crate) use linted::Linted;
pub(crate) use key::proven_key;
pub(crate) use prepared::{Prepared, fresh_serial};
pub(crate) use request::{Holder, Request};
pub(crate) use reserve::Reserved;
pub use subject::{LeafRequest, Official, Organization, Seal, Server, Subject};

use crate::Service;

/// Why there is no certificate. Names codes and rules, never the person.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The caller asked for what may not be.
    #[error("refused ({code}): {message}")]
    Refused { code: &'static str, message: String },
    /// The linter said no to what we built: the rules it named.
    #[error("linter: {0}")]
    Lint(String),
    #[error("the key ceremony has not been held")]
    NoCeremony,
    #[error("encoding: {0}")]
    Encoding(#[from] der::Error),
    #[error(transparent)]
    Hsm(#[from] HsmError),
    #[error(transparent)]
    Db(#[from] DbError),
}

signum_core::retry_on_db_conflict!(IssueError);

impl IssueError {
    pub(crate) fn refused(code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Refused { code, message }
    }
}

/// Issues what `request` asks for; asked again with the same idempotency key it returns the first answer.
pub(crate) async fn issue(service: &Service, request: Request) -> Result<Issued, IssueError> {
    let cx = &service.cx;
    // Step 1. The profile makes the exact octets to be signed, with a fresh serial number.
    let prepared = Prepared::new(service, request)?;
    // Step 2. Transaction: serial number, key and intent are reserved, or an earlier request is found.
    let prepared = match prepared.reserve(cx).await? {
        Reserved::Now(prepared) => prepared,
        Reserved::Issued(issued) => return Ok(issued),
    };
    // Step 3. The linter reads those octets.
    let linted = match prepared.lint(&service.config, cx.now()) {
        Ok(linted) => linted,
        Err(rejected) => return Err(rejected.store(cx).await),
    };
    // Step 4. The HSM signs those octets.
    let signed = linted.sign(service.hsm.as_ref()).await?;
    // Step 5. Transaction: certificate and audit event.
    signed.store(cx).await
}
