//! What is spent when a request is answered: a pushed request (RFC 9126 section 4) or the `jti` of a request object, at
//! completion and not at the first visit, so that a page may be loaded again before the log-in.

use signum_core::{Cx, DbError, Tx};

use super::request::{AuthorizeRequest, Once};
use crate::par::store;
use crate::single_use::{self, Kind};

/// Whether this answer is the first; `false` means that there must be none.
pub(super) async fn spend(tx: &Tx, cx: &Cx, request: &AuthorizeRequest) -> Result<bool, DbError> {
    match &request.once {
        None => Ok(true),
        Some(Once::Pushed(hash)) => store::complete(tx, cx, hash).await,
        Some(Once::Object { jti, expires }) => {
            let owner = &request.client_id;
            single_use::spend(tx, cx, Kind::RequestObject, owner, jti, *expires).await
        }
    }
}
