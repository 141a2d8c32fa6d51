//! Authorization responses in the query (RFC 6749 sections 4.1.2 and 4.1.2.1), always with `iss` (RFC 9207).

use super::error::AuthorizeError;
use super::request::AuthorizeRequest;

/// The address that takes a code to the client.
pub(crate) fn code(request: &AuthorizeRequest, issuer: &str, code: &str) -> String {
    address(
        &request.redirect_uri,
        &[
            ("code", Some(code)),
            ("state", request.state.as_deref()),
            ("iss", Some(issuer)),
        ],
    )
}

/// The address that takes an error to the client.
pub(crate) fn error(redirect_uri: &str, issuer: &str, state: Option<&str>, error: AuthorizeError) -> String {
    let description = error.to_string();
    let parameters = [
        ("error", Some(error.code())),
        ("error_description", Some(description.as_str())),
        ("state", state),
        ("iss", Some(issuer)),
    ];
    address(redirect_uri, &parameters)
}

/// Adds to the query and leaves the registered address as it is, character by character.
pub(crate) fn address(uri: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() {
        return uri.to_owned();
    }
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{separator}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registered_query_is_kept_and_values_are_encoded() {
        let got = address(
            "https://rp.example.org/cb?t=1",
            &[("state", Some("a b&c#d")), ("x", None)],
        );
        assert_eq!(got, "https://rp.example.org/cb?t=1&state=a+b%26c%23d");
        assert_eq!(address("https://rp.example.org/", &[]), "https://rp.example.org/");
    }
}
