//! Cookies with the strongest attributes the address allows (RFC 6265bis sections 4.1.2 and 4.1.3.2).

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

/// Makes and reads the cookies of one service.
///
/// On https `__Host-NAME; Path=/; Secure; HttpOnly; SameSite=Lax`, so that no other host can plant one. In development
/// (http) browsers refuse the prefix, and the name goes without.
/// ```
/// # use signum_core::http::CookieKit;
/// let cookies = CookieKit::new(&"https://idp.example.org".parse().unwrap());
/// let header = cookies.set("sid", "abc", None);
/// assert_eq!(header, "__Host-sid=abc; Path=/; HttpOnly; SameSite=Lax; Secure");
/// // response.headers_mut().append(header::SET_COOKIE, header); later: cookies.get(&headers, "sid")
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CookieKit {
    https: bool,
}

impl CookieKit {
    pub fn new(public_url: &url::Url) -> Self {
        Self {
            https: public_url.scheme() == "https",
        }
    }

    /// The value of a `Set-Cookie` header; without `max_age` it lives as long as the browser's session.
    pub fn set(&self, name: &str, value: &str, max_age: Option<Duration>) -> HeaderValue {
        let age = max_age
            .map(|age| format!("; Max-Age={}", age.as_secs()))
            .unwrap_or_default();
        self.build(format!(
            "{}={}; Path=/{age}; HttpOnly; SameSite=Lax",
            self.name(name),
            safe(value)
        ))
    }

    /// The `Set-Cookie` that removes a cookie.
    pub fn clear(&self, name: &str) -> HeaderValue {
        self.set(name, "", Some(Duration::ZERO))
    }

    /// The request's cookie of this name.
    pub fn get(&self, headers: &HeaderMap, name: &str) -> Option<String> {
        cookie_value(headers, &self.name(name))
    }

    /// A cookie without prefix for a year, readable by scripts: a preference, never a secret.
    pub fn plain(&self, name: &str, value: &str) -> HeaderValue {
        self.build(format!(
            "{name}={}; Path=/; Max-Age=31536000; SameSite=Lax",
            safe(value)
        ))
    }

    fn name(&self, name: &str) -> String {
        if self.https {
            format!("__Host-{name}")
        } else {
            name.to_owned()
        }
    }

    fn build(&self, mut cookie: String) -> HeaderValue {
        if self.https {
            cookie.push_str("; Secure");
        }
        HeaderValue::from_str(&cookie).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

/// The first cookie of exactly this name.
pub fn cookie_value(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE);
    let mut pairs = all
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|line| line.split(';'));
    pairs.find_map(|pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name).then(|| value.trim_matches('"').to_owned())
    })
}

/// A value that cannot end the cookie or add an attribute; ours are base64url and never need more.
fn safe(value: &str) -> &str {
    let octet = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b',' | b';' | b'\\');
    if value.bytes().all(octet) {
        return value;
    }
    tracing::error!("a cookie's value has characters that no cookie may have; it is left empty");
    ""
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn kit(url: &str) -> CookieKit {
        CookieKit::new(&url.parse().unwrap())
    }

    #[test]
    fn the_host_prefix_is_used_on_https_alone() {
        let cookie = kit("https://idp.example.org").set("sid", "v", Some(Duration::from_secs(60)));
        assert_eq!(
            cookie,
            "__Host-sid=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            kit("http://idp.localhost:8081").set("sid", "v", None),
            "sid=v; Path=/; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn what_is_set_is_found_again_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("sid=planted; __Host-sid=real"));
        headers.append(header::COOKIE, HeaderValue::from_static("lang=sq"));
        assert_eq!(
            kit("https://idp.example.org").get(&headers, "sid").as_deref(),
            Some("real")
        );
        assert_eq!(cookie_value(&headers, "lang").as_deref(), Some("sq"));
        assert_eq!(cookie_value(&headers, "si"), None);
    }

    #[test]
    fn a_value_cannot_add_an_attribute() {
        assert_eq!(
            kit("http://x").set("a", "v; Domain=evil", None),
            "a=; Path=/; HttpOnly; SameSite=Lax"
        );
    }
}
