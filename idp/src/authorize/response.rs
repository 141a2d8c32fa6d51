//! Authorization responses (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207, Form Post Response Mode, JARM): one place makes them,
//! so `iss` and `state` are in every one.

use super::error::{AuthorizeError, Unanswered};
use super::jarm;
use super::mode::ResponseMode;
use super::request::AuthorizeRequest;
use crate::service::Idp;

/// Whom an answer is for, and how it goes there.
#[derive(Clone, Copy)]
pub(crate) struct Back<'a> {
    pub client_id: &'a str,
    pub redirect_uri: &'a str,
    pub mode: ResponseMode,
    pub state: Option<&'a str>,
}

impl<'a> From<&'a AuthorizeRequest> for Back<'a> {
    fn from(request: &'a AuthorizeRequest) -> Self {
        Self {
            client_id: &request.client_id,
            redirect_uri: &request.redirect_uri,
            mode: request.mode,
            state: request.state.as_deref(),
        }
    }
}

/// What takes an answer to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ToClient {
    /// The browser goes there.
    Redirect(String),
    /// The browser posts a form there.
    FormPost {
        action: String,
        fields: Vec<(&'static str, String)>,
    },
}

/// The answer with a code.
pub(crate) async fn code(idp: &Idp, request: &AuthorizeRequest, code: &str) -> Result<ToClient, Unanswered> {
    answer(idp, request.into(), vec![("code", code.to_owned())]).await
}

/// The answer with an error.
pub(crate) async fn error(idp: &Idp, back: Back<'_>, error: AuthorizeError) -> Result<ToClient, Unanswered> {
    let parameters = vec![
        ("error", error.code().to_owned()),
        ("error_description", error.to_string()),
    ];
    answer(idp, back, parameters).await
}

async fn answer(idp: &Idp, back: Back<'_>, mut fields: Vec<(&'static str, String)>) -> Result<ToClient, Unanswered> {
    fields.extend(back.state.map(|state| ("state", state.to_owned())));
    if back.mode.signed() {
        fields = vec![("response", jarm::signed(idp, back.client_id, &fields).await?)];
    } else {
        fields.push(("iss", idp.issuer().to_owned()));
    }
    Ok(if back.mode.posted() {
        ToClient::FormPost {
            action: back.redirect_uri.to_owned(),
            fields,
        }
    } else {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, Some(value.as_str())))
            .collect();
        ToClient::Redirect(address(back.redirect_uri, &fields))
    })
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
