//! Comparing `htu` with the address that was asked (RFC 9449 section 4.3: after RFC 3986 section 6.2.2 and 6.2.3, without query
//! and fragment).

use url::Url;

/// Whether the proof's address is `ours`. Case of scheme and host, the scheme's own port, needless percent-encoding, query and
/// fragment do not matter.
pub(super) fn same(htu: &str, ours: &str) -> bool {
    match (normal(htu), normal(ours)) {
        (Some(shown), Some(ours)) => shown == ours,
        _ => false,
    }
}

fn normal(address: &str) -> Option<(String, String)> {
    // The parser trims what it was not given: spaces and control characters belong to no address.
    if !address.bytes().all(|octet| octet.is_ascii_graphic()) || address.contains('\\') {
        return None;
    }
    let url = Url::parse(address).ok()?;
    if !url.username().is_empty() || url.password().is_some() || !url.has_host() {
        return None;
    }
    // Scheme and host in small letters, a port only where it is not the scheme's own, dot segments resolved.
    Some((url.origin().ascii_serialization(), unescaped(url.path())))
}

/// `%7E` is `~`: unreserved characters need no percent-encoding, and whether they have it means nothing.
fn unescaped(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let decoded = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (decoded, after.get(2..)) {
            (Some(octet), Some(tail)) if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) => {
                out.push(char::from(octet));
                rest = tail;
            }
            (Some(octet), Some(tail)) => {
                out.push_str(&format!("%{octet:02X}"));
                rest = tail;
            }
            _ => {
                out.push('%');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::same;

    const TOKEN: &str = "https://idp.example.org/token";

    #[test]
    fn what_means_the_same_address_is_the_same() {
        for htu in [
            TOKEN,
            "HTTPS://IDP.example.ORG/token",
            "https://idp.example.org:443/token",
            "https://idp.example.org/token?a=b",
            "https://idp.example.org/token#c",
            "https://idp.example.org/%74oken",
            "https://idp.example.org/./token",
            "https://idp.example.org/x/../token",
        ] {
            assert!(same(htu, TOKEN), "{htu}");
        }
        assert!(same(
            "http://idp.localhost:8081/token",
            "http://idp.localhost:8081/token"
        ));
    }

    #[test]
    fn another_address_is_another() {
        for htu in [
            "",
            "token",
            "/token",
            "http://idp.example.org/token",
            "https://idp.example.org/Token",
            "https://idp.example.org/token/",
            "https://idp.example.org:8443/token",
            "https://idp.example.org/par",
            "https://evil.example/token",
            "https://idp.example.org@evil.example/token",
            "https://user@idp.example.org/token",
            "https://idp.example.org\\token",
            " https://idp.example.org/token",
            "https://idp.example.org/token ",
            "https://idp.example.org/tok\u{65}\u{301}n",
            "https://idp.example.org/token%2F",
            "urn:token",
        ] {
            assert!(!same(htu, TOKEN), "{htu}");
        }
    }
}
