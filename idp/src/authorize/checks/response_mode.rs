//! `response_mode`: how the answer goes back (Multiple Response Types section 2.1, Form Post Response Mode, JARM section 2.3).

use super::Draft;
use crate::authorize::error::AuthorizeError;
use crate::authorize::mode::ResponseMode;
use crate::clients::Client;

pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), AuthorizeError> {
    let refuse = |why| Err(AuthorizeError::InvalidRequest(why));
    let Some(text) = draft.given.form.get("response_mode") else {
        return Ok(());
    };
    let Some(mode) = ResponseMode::parse(text) else {
        return refuse("unsupported response_mode");
    };
    if without_one(draft.given.client).signed() && !mode.signed() {
        return refuse("this client gets signed answers alone");
    }
    // A form is posted to a web server, never to a scheme that a browser may run (authentik CVE-2024-21637).
    let uri = draft.given.redirect_uri;
    if mode.posted() && !(uri.starts_with("https://") || uri.starts_with("http://")) {
        return refuse("form_post needs an address of http");
    }
    draft.mode = mode;
    Ok(())
}

/// The mode of a client that names none: its answers stay signed, those that refuse its request as well.
pub(super) fn without_one(client: &Client) -> ResponseMode {
    if client.profile.requires_jarm() {
        ResponseMode::QueryJwt
    } else {
        ResponseMode::Query
    }
}
