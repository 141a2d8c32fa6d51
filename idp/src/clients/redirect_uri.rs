//! Redirect URIs: which may be registered, and which of a request are registered (RFC 9700 section 2.1, RFC 8252 section 7).

use url::{Host, Url};

use super::Profile;

/// Names of response parameters: in a redirect URI's query they would be mistaken for ours.
const RESPONSE: [&str; 9] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "response",
    "id_token",
    "access_token",
];

/// Whether a response may be sent there. The host tells the sector; a private-use scheme and a loopback address have none.
pub(super) fn check(profile: Profile, uri: &str) -> Result<Option<String>, &'static str> {
    let forbidden = |c: char| !c.is_ascii_graphic() || "*\\<>\"`{}|^".contains(c);
    if uri.chars().any(forbidden) || uri.contains("..") || uri.len() > 2000 {
        return Err("wildcards, dot segments, backslashes and control characters are not allowed");
    }
    let lower = uri.to_ascii_lowercase();
    if ["%2e", "%2f", "%5c", "%00", "%0d", "%0a", "%09"]
        .iter()
        .any(|coded| lower.contains(coded))
    {
        return Err("no dot, slash, backslash or control character in percent-encoding");
    }
    let Ok(url) = Url::parse(uri) else {
        return Err("not an absolute URI");
    };
    if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() || uri.contains('@') {
        return Err("no fragment and no user name");
    }
    if url.query_pairs().any(|(name, _)| RESPONSE.contains(&&*name)) {
        return Err("its query has the name of a response parameter");
    }
    match url.scheme() {
        "https" => match url.host() {
            Some(Host::Domain(host)) => Ok(Some(host.to_owned())),
            _ => Err("a host name is needed"),
        },
        "http" => match url.host() {
            Some(Host::Domain(host)) if host == "localhost" || host.ends_with(".localhost") => {
                Ok(Some(host.to_owned()))
            }
            Some(Host::Ipv4(address)) if profile == Profile::Native && address.is_loopback() => Ok(None),
            Some(Host::Ipv6(address)) if profile == Profile::Native && address.is_loopback() => Ok(None),
            _ => Err("https, or http on localhost"),
        },
        // RFC 8252 section 7.1: a reversed domain name, so with a dot; this keeps out javascript:, data: and their like.
        scheme if profile == Profile::Native && scheme.contains('.') && url.host().is_none() => Ok(None),
        _ => Err("https, or http on localhost"),
    }
}

/// Whether `asked` is the registered `uri`: the same octets. Of a native application's loopback address the port may be any.
pub(super) fn is_registered(profile: Profile, uri: &str, asked: &str) -> bool {
    if uri == asked {
        return true;
    }
    if !profile.allows_loopback_port() {
        return false;
    }
    match (loopback_without_port(uri), loopback_without_port(asked)) {
        (Some(registered), Some(asked)) => registered == asked,
        _ => false,
    }
}

/// `http://127.0.0.1:PORT/path` in its two parts round the port.
fn loopback_without_port(uri: &str) -> Option<(&str, &str)> {
    for start in ["http://127.0.0.1", "http://[::1]"] {
        let Some(rest) = uri.strip_prefix(start) else { continue };
        let path = match rest.strip_prefix(':') {
            None => rest,
            Some(after) => {
                let end = after.find(|c: char| !c.is_ascii_digit())?;
                let (port, path) = after.split_at_checked(end)?;
                port.parse::<u16>().ok().filter(|port| *port > 0)?;
                path
            }
        };
        return path.starts_with('/').then_some((start, path));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_uris_that_could_leak_a_code_are_refused() {
        for bad in [
            "https://*.example.org/cb",
            "https://rp.example.org/cb#x",
            "https://user@rp.example.org/cb",
            "https://rp.example.org@evil.example@/cb",
            "https://rp.example.org/a/../cb",
            "https://rp.example.org/a/..;/cb",
            "https://rp.example.org/a/%2e%2e/cb",
            "https://rp.example.org/%5Ccb",
            "https://rp.example.org\\@evil.example/cb",
            "https://rp.example.org/cb?code=1",
            "https://rp.example.org/cb?iss=1",
            "https://rp.example.org/cb?a=1&response=1",
            "http://rp.example.org/cb",
            "http://127.0.0.1/cb",
            "https://192.0.2.1/cb",
            "https://rp.example.org/\tcb",
            "https://rp.example.org/ëb",
            "/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "com.example.app:/cb",
        ] {
            assert!(check(Profile::GovBasic, bad).is_err(), "{bad}");
        }
        for good in [
            "https://rp.example.org/cb?tenant=1",
            "http://demo.localhost:8083/callback",
        ] {
            assert!(check(Profile::GovBasic, good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_native_application_has_loopback_addresses_and_schemes_of_its_own() {
        for good in [
            "http://127.0.0.1/cb",
            "http://[::1]/cb",
            "com.example.app:/cb",
            "https://app.example.org/cb",
        ] {
            assert!(check(Profile::Native, good).is_ok(), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "myapp:/cb",
            "http://192.0.2.1/cb",
            "http://rp.example.org/cb",
        ] {
            assert!(check(Profile::Native, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_port_of_a_native_loopback_address_may_differ() {
        let registered = "http://127.0.0.1/cb";
        assert!(is_registered(Profile::Native, registered, "http://127.0.0.1:49152/cb"));
        for other in [
            "http://127.0.0.1:49152/cb2",
            "http://127.0.0.1:49152/cb?x=1",
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:80@evil.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://127.0.0.2/cb",
            "http://localhost/cb",
            "https://127.0.0.1/cb",
        ] {
            assert!(!is_registered(Profile::Native, registered, other), "{other}");
        }
        assert!(!is_registered(
            Profile::GovBasic,
            registered,
            "http://127.0.0.1:49152/cb"
        ));
    }

    #[test]
    fn a_registered_redirect_uri_is_not_a_pattern() {
        // authentik CVE-2024-52289: the registered address was used as a regular expression.
        let registered = "https://rp.example.org/cb";
        for other in [
            "https://rpxexample.org/cb",
            "https://rp.example.org/cb/",
            "https://rp.example.org/cb?x",
            "https://RP.example.org/cb",
            "https://rp.example.org:443/cb",
            "https://rp.example.org/CB",
        ] {
            assert!(!is_registered(Profile::GovBasic, registered, other), "{other}");
        }
    }
}
