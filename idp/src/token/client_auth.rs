//! Client authentication: client_secret_basic (RFC 6749 section 2.3.1), compared in constant time.

use base64::{Engine, engine::general_purpose::STANDARD};
use signum_core::Cx;

use super::TokenError;
use crate::clients::{self, Client};
use crate::form::Form;

/// The client that the Authorization header proves.
pub(crate) async fn authenticate(cx: &Cx, form: &Form, authorization: Option<&str>) -> Result<Client, TokenError> {
    let (id, secret) = authorization.and_then(basic).ok_or(TokenError::InvalidClient)?;
    let client = clients::find(cx, &id).await?.ok_or(TokenError::InvalidClient)?;
    if !client.secret_is(&secret) {
        return Err(TokenError::InvalidClient);
    }
    if form.get("client_id").is_some_and(|named| named != client.client_id) {
        return Err(TokenError::InvalidRequest(
            "client_id is another than the authenticated client",
        ));
    }
    if form.has("client_secret") || form.has("client_assertion") {
        return Err(TokenError::InvalidRequest("more than one way of client authentication"));
    }
    Ok(client)
}

/// Both halves are form-encoded before they are joined (RFC 6749 section 2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, value) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

fn form_decoded(text: &str) -> Option<String> {
    // A pair without a name: everything after `=` is its value.
    let pair = format!("={}", text.replace('=', "%3D").replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_are_form_decoded() {
        let header = format!("Basic {}", STANDARD.encode("demo-rp:a%2Bb+c=%25"));
        assert_eq!(basic(&header), Some(("demo-rp".to_owned(), "a+b c=%".to_owned())));
        assert_eq!(basic("Bearer x"), None);
        assert_eq!(basic("Basic !!"), None);
    }
}
