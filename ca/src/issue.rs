//! Issuance: `Request -> Prepared -> Linted -> Issued`, each moved into the next, never cloned.
//!
//! RFC 5280 section 4, EN 319 411-1 section 6.3. What the linter has not accepted cannot reach the HSM: only [`Linted`] makes
//! a signable certificate, and only [`Prepared::lint`] makes a `Linted`. Between the intent's transaction and the certificate's
//! a crash leaves the intent, which is closed and never signed again (L-02).

mod by_command;
mod intent;
mod issued;
mod jobs;
mod key;
mod lineage;
mod linted;
mod origin;
mod point;
mod prepared;
mod request;
mod reserve;
mod subject;

use std::time::Duration;

use signum_core::DbError;
use signum_hsm_shim::HsmError;

pub use by_command::CommandIssueError;
use intent::IntentId;
pub(crate) use issued::Issued;
pub(crate) use key::proven_key;
pub use lineage::{Lineage, Link, Succession};
pub(crate) use linted::Linted;
pub use point::{Point, Unwatched, Watch};
pub(crate) use prepared::{Prepared, fresh_serial};
pub(crate) use request::{Holder, Request};
pub(crate) use reserve::Reserved;
pub use subject::{LeafRequest, Official, Organization, Seal, Server, Subject};

use crate::Service;
use crate::caa::CaaError;

/// How often, and how many times, a request looks whether another one with its idempotency key has got the certificate.
const PATIENCE: (Duration, u32) = (Duration::from_millis(50), 100);

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
    /// Another request with the same idempotency key is under way, or a crash left one whose time is not over.
    #[error("this request is being worked on already")]
    UnderWay,
    /// It took so long that the intent was closed; nothing was issued.
    #[error("the intent was closed before the certificate was stored")]
    Closed,
    /// The owner of a server's domain does not let us issue, or cannot be asked.
    #[error(transparent)]
    Caa(#[from] CaaError),
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
    let watch = service.replica.watch.as_ref();
    // Step 1. The profile makes the exact octets to be signed, with a fresh serial number; whoever owns a server's domain is
    // asked. A refusal counts where something is reserved: what was issued before is still answered.
    let mut prepared = Prepared::new(service, request)?;
    service.hsm_is_there().await?;
    prepared.ask_domains(service).await;
    watch.reached(Point::BeforeReserve);
    // Step 2. Transaction: serial number, key and intent are reserved, or an earlier request is found.
    let prepared = match reserve(service, prepared).await? {
        Reserved::Now(prepared) => prepared,
        Reserved::Issued(issued) => return Ok(issued),
        Reserved::Elsewhere(_) => return Err(IssueError::UnderWay),
    };
    watch.reached(Point::Reserved);
    let intent = IntentId::of(&prepared);
    let issued = finish(service, *prepared).await;
    // A refusal by the linter is stored as the intent's end.
    if let Err(error) = &issued
        && !matches!(error, IssueError::Lint(_))
    {
        intent.give_up(service, error).await;
    }
    issued
}

/// Steps 3 to 5; whatever fails here leaves the intent for the caller to close.
async fn finish(service: &Service, prepared: Prepared) -> Result<Issued, IssueError> {
    let (cx, watch) = (&service.cx, service.replica.watch.as_ref());
    // Step 3. The linter reads those octets.
    watch.reached(Point::BeforeLint);
    let linted = match prepared.lint(&service.config, cx.now()) {
        Ok(linted) => linted,
        Err(rejected) => return Err(rejected.store(cx).await),
    };
    watch.reached(Point::Linted);
    // Step 4. The HSM signs those octets.
    let signed = linted.sign(service.hsm.as_ref(), watch).await?;
    // Step 5. Transaction: certificate and audit event.
    watch.reached(Point::BeforeStore);
    let issued = signed.store(cx).await?;
    watch.reached(Point::Stored);
    Ok(issued)
}

/// Reserves, and waits a little for another request with the same idempotency key.
async fn reserve(service: &Service, prepared: Prepared) -> Result<Reserved, IssueError> {
    let (pause, times) = PATIENCE;
    let mut reserved = prepared.reserve(service).await?;
    for _ in 0..times {
        let Reserved::Elsewhere(prepared) = reserved else {
            break;
        };
        tokio::time::sleep(pause).await;
        reserved = prepared.reserve(service).await?;
    }
    Ok(reserved)
}
