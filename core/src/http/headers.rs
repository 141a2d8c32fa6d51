//! Security headers of every answer (CSP Level 3, Referrer Policy, Permissions Policy, HSTS RFC 6797).

use axum::response::Response;
use http::{HeaderValue, header};

/// Response extension: a further origin (`https://rp.example.org`) that this page's form may lead to, or the private-use scheme
/// of an application (`com.example.app:`, RFC 8252 section 7.1). Chromium applies `form-action` to the redirect after a form's
/// POST as well.
#[derive(Clone, Debug)]
pub struct FormAction(pub String);

const FIXED: [(&str, &str); 5] = [
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "publickey-credentials-get=(self), publickey-credentials-create=(self)",
    ),
];

/// Adds what the handler has not set itself.
pub(super) fn secure(response: &mut Response, https: bool) {
    let form_action = response.extensions_mut().remove::<FormAction>();
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy(form_action.as_ref()));
    if https {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}

fn policy(form_action: Option<&FormAction>) -> HeaderValue {
    let extra = form_action
        .and_then(|FormAction(origin)| only_origin(origin))
        .unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'{extra}"
    );
    HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// The origin of what was given, or an application's scheme (with a dot, so no scheme that browsers know), with a space before;
/// nothing else can get into the policy.
fn only_origin(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    let origin = url.origin();
    if origin.is_tuple() {
        return Some(format!(" {}", origin.ascii_serialization()));
    }
    url.scheme().contains('.').then(|| format!(" {}:", url.scheme()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use axum::response::IntoResponse;

    fn csp(form_action: Option<&str>) -> String {
        let mut response = "x".into_response();
        if let Some(origin) = form_action {
            response.extensions_mut().insert(FormAction(origin.to_owned()));
        }
        secure(&mut response, false);
        response.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn a_form_may_lead_to_the_named_origin_only() {
        assert!(csp(None).ends_with("form-action 'self'"));
        assert!(
            csp(Some("http://demo.localhost:8083/callback")).ends_with("form-action 'self' http://demo.localhost:8083")
        );
    }

    #[test]
    fn a_form_may_lead_to_an_applications_own_scheme() {
        assert!(csp(Some("com.example.app:/cb?x=; script-src *")).ends_with("form-action 'self' com.example.app:"));
    }

    #[test]
    fn nothing_but_an_origin_gets_into_the_policy() {
        for bad in ["*", "javascript:alert(1)", "; script-src *", "data:x", "https:"] {
            assert!(csp(Some(bad)).ends_with("form-action 'self'"), "{bad}");
        }
    }

    #[test]
    fn answers_are_not_stored_unless_the_handler_says_so() {
        let mut response = "x".into_response();
        secure(&mut response, false);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let mut response = ([(header::CACHE_CONTROL, "max-age=60")], "x").into_response();
        secure(&mut response, false);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "max-age=60");
    }

    #[test]
    fn transport_security_is_promised_on_https_alone() {
        let mut response = "x".into_response();
        secure(&mut response, false);
        assert!(!response.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
        secure(&mut response, true);
        assert!(response.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
    }
}
