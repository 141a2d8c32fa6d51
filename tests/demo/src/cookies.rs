//! A browser's cookies (RFC 6265): host-only, path-bound, and `Secure` on loopback hosts as browsers have it.

use reqwest::{cookie::CookieStore, header::HeaderValue};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};
use url::Url;

type Key = (String, String, String);

/// Cookies by host, path and name.
#[derive(Default)]
pub(crate) struct Jar(Mutex<BTreeMap<Key, String>>);

impl CookieStore for Jar {
    fn set_cookies(&self, headers: &mut dyn Iterator<Item = &HeaderValue>, url: &Url) {
        let mut jar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let host = url.host_str().unwrap_or_default();
        for line in headers.filter_map(|header| header.to_str().ok()) {
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let attributes: Vec<(String, &str)> = parts
                .map(|part| part.split_once('=').unwrap_or((part, "")))
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect();
            let of = |wanted: &str| {
                attributes
                    .iter()
                    .find(|(name, _)| name == wanted)
                    .map(|(_, value)| *value)
            };
            let path = of("path").filter(|path| path.starts_with('/')).unwrap_or("/");
            let key = (host.to_owned(), path.to_owned(), name.to_owned());
            let gone = of("max-age")
                .and_then(|age| age.parse::<i64>().ok())
                .is_some_and(|age| age <= 0)
                || of("expires").is_some_and(|date| date.contains(" 1970 ") || date.contains("-1970 "));
            if gone {
                jar.remove(&key);
            } else {
                jar.insert(key, value.to_owned());
            }
        }
    }

    fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        let jar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (host, asked) = (url.host_str()?, url.path());
        let fits = |path: &str| {
            asked == path
                || asked
                    .strip_prefix(path)
                    .is_some_and(|rest| path.ends_with('/') || rest.starts_with('/'))
        };
        let pairs: Vec<String> = jar
            .iter()
            .filter(|((of, path, _), _)| of == host && fits(path))
            .map(|((_, _, name), value)| format!("{name}={value}"))
            .collect();
        HeaderValue::from_str(&pairs.join("; "))
            .ok()
            .filter(|_| !pairs.is_empty())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    fn set(jar: &Jar, line: &'static str, url: &str) {
        jar.set_cookies(&mut [HeaderValue::from_static(line)].iter(), &url.parse().unwrap());
    }

    fn sent(jar: &Jar, url: &str) -> Option<String> {
        Some(jar.cookies(&url.parse().unwrap())?.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_cookie_goes_back_to_its_host_and_path_alone_and_can_be_removed() {
        let jar = Jar::default();
        set(
            &jar,
            "sid=one; Path=/; HttpOnly; Secure; SameSite=Lax",
            "http://idp.localhost:8081/login",
        );
        set(&jar, "tx=two; Path=/login", "http://idp.localhost:8081/login");
        assert_eq!(
            sent(&jar, "http://idp.localhost:8081/login/passkey").unwrap(),
            "sid=one; tx=two"
        );
        assert_eq!(sent(&jar, "http://idp.localhost:8081/loginx").unwrap(), "sid=one");
        assert_eq!(sent(&jar, "http://sign.localhost:8082/"), None);
        set(&jar, "sid=; Path=/; Max-Age=0", "http://idp.localhost:8081/logout");
        assert_eq!(sent(&jar, "http://idp.localhost:8081/"), None);
    }
}
