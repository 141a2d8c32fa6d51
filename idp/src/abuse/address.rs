//! The client's address: the peer's own, or what a configured proxy says (X-Forwarded-For), never what anybody else says.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use http::{HeaderMap, HeaderName, HeaderValue};
use signum_core::http::tls;

/// Inside this process alone: the guard takes away what came under this name and puts the address there for the handlers.
const INSIDE: HeaderName = HeaderName::from_static("signum-client-address");
const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Addresses and networks in CIDR notation (RFC 4632, RFC 4291), as somebody listed them.
#[derive(Clone, Debug)]
pub(crate) struct Networks(Vec<(IpAddr, u8)>);

impl Networks {
    /// The error is the text that is no address or network.
    pub(crate) fn parse<'t>(texts: impl Iterator<Item = &'t str>) -> Result<Self, &'t str> {
        let read = |text: &str| {
            let (address, bits) = match text.split_once('/') {
                Some((address, bits)) => (address, Some(bits)),
                None => (text, None),
            };
            let address: IpAddr = address.parse().ok()?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let plain = |bits: &str| bits.bytes().all(|b| b.is_ascii_digit()).then(|| bits.parse().ok())?;
            let bits = bits.map_or(Some(most), plain)?;
            (bits <= most).then_some((address, bits))
        };
        let networks = texts.map(|text| read(text).ok_or(text));
        networks.collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn contain(&self, address: IpAddr) -> bool {
        self.0
            .iter()
            .any(|(network, bits)| same_network(*network, address, *bits))
    }
}

/// Networks whose word about the client's address is taken.
#[derive(Debug)]
pub(crate) struct TrustedProxies(Networks);

impl TrustedProxies {
    pub(crate) fn parse(texts: &[String]) -> Result<Self, String> {
        let networks = Networks::parse(texts.iter().map(String::as_str));
        networks
            .map(Self)
            .map_err(|text| format!("limits.trusted_proxies: {text} is no address or network"))
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.contain(address)
    }

    /// The last address that a trusted proxy saw and that is no trusted proxy itself. `None` when the address says nothing: a
    /// peer on this very machine that names nobody.
    pub(crate) fn client(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let mut address = peer.map(|peer| peer.to_canonical())?;
        let lines = headers.get_all(FORWARDED).iter().filter_map(|line| line.to_str().ok());
        let mut said: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        while self.trusts(address) {
            let Some(next) = said.pop() else { break };
            // What a trusted proxy did not write as an address is nobody's; the proxy itself is counted then.
            let Ok(next) = next.parse::<IpAddr>() else { break };
            address = next.to_canonical();
        }
        (!address.is_loopback()).then_some(address)
    }
}

fn same_network(network: IpAddr, address: IpAddr, bits: u8) -> bool {
    let same = |a: u128, b: u128, width: u32| {
        let rest = width.saturating_sub(u32::from(bits));
        rest >= width || (a ^ b) >> rest == 0
    };
    match (network, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
        _ => false,
    }
}

/// Who holds the other end of the connection.
pub(crate) fn peer(request: &Request) -> Option<IpAddr> {
    let extensions = request.extensions();
    let plain = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| peer.ip());
    plain.or_else(|| {
        let peer = extensions.get::<ConnectInfo<tls::Peer>>();
        peer.map(|ConnectInfo(peer)| peer.address.ip())
    })
}

/// Replaces whatever the request says under our own name.
pub(crate) fn note(headers: &mut HeaderMap, address: Option<IpAddr>) {
    headers.remove(INSIDE);
    if let Some(value) = address.and_then(|address| HeaderValue::from_str(&address.to_string()).ok()) {
        headers.insert(INSIDE, value);
    }
}

/// What [`note`] noted.
pub(crate) fn noted(headers: &HeaderMap) -> Option<IpAddr> {
    headers.get(INSIDE)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> Option<String> {
        let trusted: Vec<_> = trusted.iter().map(|text| (*text).to_owned()).collect();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED, line.parse().unwrap());
        }
        let proxies = TrustedProxies::parse(&trusted).unwrap();
        proxies
            .client(Some(peer.parse().unwrap()), &headers)
            .map(|a| a.to_string())
    }

    #[test]
    fn nobody_but_a_configured_proxy_is_believed_about_the_clients_address() {
        assert_eq!(
            client(&[], "203.0.113.9", &["198.51.100.1"]).as_deref(),
            Some("203.0.113.9")
        );
        let behind = ["10.0.0.0/8", "127.0.0.1", "::1"];
        assert_eq!(
            client(&behind, "10.1.2.3", &["198.51.100.1"]).as_deref(),
            Some("198.51.100.1")
        );
        // The client's own claims stand to the left of what the proxies saw.
        let spoofed = ["192.0.2.66, 198.51.100.1, 10.9.9.9"];
        assert_eq!(client(&behind, "10.1.2.3", &spoofed).as_deref(), Some("198.51.100.1"));
        let lines = ["192.0.2.66", "198.51.100.1"];
        assert_eq!(client(&behind, "::1", &lines).as_deref(), Some("198.51.100.1"));
        assert_eq!(
            client(&behind, "::ffff:10.1.2.3", &["2001:db8::7"]).as_deref(),
            Some("2001:db8::7")
        );
        assert_eq!(client(&behind, "10.1.2.3", &["nonsense"]).as_deref(), Some("10.1.2.3"));
    }

    #[test]
    fn a_peer_on_this_machine_that_names_nobody_says_nothing() {
        assert_eq!(client(&[], "127.0.0.1", &["198.51.100.1"]), None);
        assert_eq!(client(&["127.0.0.1"], "127.0.0.1", &[]), None);
    }

    #[test]
    fn what_is_no_network_is_refused_by_name() {
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "example.org", "10.0.0.0/-1"] {
            assert!(TrustedProxies::parse(&[bad.to_owned()]).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_inner_header_cannot_be_brought_along() {
        let mut headers = HeaderMap::new();
        headers.insert(INSIDE, "198.51.100.1".parse().unwrap());
        note(&mut headers, None);
        assert_eq!(noted(&headers), None);
        note(&mut headers, Some("203.0.113.9".parse().unwrap()));
        assert_eq!(noted(&headers), Some("203.0.113.9".parse().unwrap()));
    }
}
