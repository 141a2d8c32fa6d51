//! Client and redirect URI (RFC 6749 sections 3.1.2.4 and 4.1.2.1, RFC 9700 section 2.1): exact string comparison, but for the
//! port of a native application's loopback address (RFC 8252 section 7.3).

use signum_core::{Cx, DbError};

use crate::authorize::error::PageError;
use crate::clients::{self, Client};
use crate::form::Form;

/// The client that a request names.
pub(crate) async fn identify(cx: &Cx, form: &Form) -> Result<Result<Client, PageError>, DbError> {
    let Some(client_id) = form.get("client_id") else {
        return Ok(Err(PageError::ClientMissing));
    };
    Ok(clients::find(cx, client_id).await?.ok_or(PageError::ClientUnknown))
}

/// The redirect URI that a request asks for, if it belongs to the client.
pub(crate) fn redirect_uri<'f>(client: &Client, form: &'f Form) -> Result<&'f str, PageError> {
    let uri = form.get("redirect_uri").ok_or(PageError::RedirectUriMissing)?;
    if !client.has_redirect_uri(uri) {
        return Err(PageError::RedirectUriUnregistered);
    }
    Ok(uri)
}
