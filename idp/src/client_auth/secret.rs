//! client_secret_basic and client_secret_post (RFC 6749 section 2.3.1), compared in constant time.

use base64::{Engine, engine::general_purpose::STANDARD};
use subtle::ConstantTimeEq;

use super::{AuthMethod, Refusal};
use crate::clients::Client;
use crate::secret;

/// The same work whether or not there is such a client.
pub(super) fn check(client: Option<&Client>, method: AuthMethod, shown: &str) -> Result<(), Refusal> {
    let Some(client) = client else {
        let _: bool = secret::hashed(shown).ct_eq(&secret::Hashed::default()).into();
        return Err(Refusal::Unknown);
    };
    let right = client.secret_is(shown);
    match client.metadata.token_endpoint_auth_method == method {
        false => Err(Refusal::Method),
        true if right => Ok(()),
        true => Err(Refusal::Secret),
    }
}

/// Both halves are form-encoded before they are joined (RFC 6749 section 2.3.1).
pub(super) fn basic(header: &str) -> Option<(String, String)> {
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
