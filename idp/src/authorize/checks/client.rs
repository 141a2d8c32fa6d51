//! Client and redirect URI (RFC 6749 sections 3.1.2.4 and 4.1.2.1, RFC 9700 section 2.1): exact string comparison.

use signum_core::{Cx, DbError};

use crate::authorize::error::PageError;
use crate::clients::{self, Client};
use crate::form::Form;

/// The client and the redirect URI it asked for, if they belong together.
pub(crate) async fn identify<'a>(cx: &Cx, form: &'a Form) -> Result<Result<(Client, &'a str), PageError>, DbError> {
    let Some(client_id) = form.get("client_id") else {
        return Ok(Err(PageError::ClientMissing));
    };
    let Some(client) = clients::find(cx, client_id).await? else {
        return Ok(Err(PageError::ClientUnknown));
    };
    let Some(uri) = form.get("redirect_uri") else {
        return Ok(Err(PageError::RedirectUriMissing));
    };
    if !client.has_redirect_uri(uri) {
        return Ok(Err(PageError::RedirectUriUnregistered));
    }
    Ok(Ok((client, uri)))
}
