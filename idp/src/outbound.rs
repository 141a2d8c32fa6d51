//! HTTPS to addresses that somebody else chose: logout tokens to services, key sets of clients (OpenID Connect Back-Channel Logout
//! 1.0 section 4; RFC 7591 section 5). Such an address must not lead into our own networks (server-side request forgery): only
//! public addresses are connected to, what was looked up is what is connected to, and nothing is followed anywhere else.

mod public;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use url::{Host, Url};

use public::is_public;

signum_core::config! {
    /// Connections to addresses that clients registered.
    pub struct OutboundSettings {
        /// Hosts (`rp.example.org`) in our own networks that may be connected to all the same. `*.localhost` in this list is this
        /// machine, and may be spoken to without TLS.
        allowed_hosts: Vec<String> = Vec::new(),
        /// PEM file of further root certificates for these connections; empty: the public ones alone.
        root_certificates: String = String::new(),
        /// How long one request may take, in seconds.
        timeout_seconds: u32 = 5,
    }
}

/// The guarded client.
#[derive(Clone)]
pub(crate) struct Outbound {
    client: reqwest::Client,
    allowed: Arc<[String]>,
    /// Allowed hosts may be spoken to without TLS.
    plain: bool,
}

/// Why there is no answer. Addresses are left out: they may say whom it is about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutboundError {
    #[error("this address may not be connected to: {0}")]
    Forbidden(&'static str),
    #[error("no answer: {0}")]
    Failed(String),
    #[error("the answer is too long")]
    TooLong,
}

impl Outbound {
    /// The error is for the operator.
    pub(crate) fn new(settings: &OutboundSettings) -> Result<Self, String> {
        let allowed = settings.allowed_hosts.iter().map(|host| host.to_ascii_lowercase());
        Self::build(settings, allowed.collect(), false)
    }

    /// For addresses that the operator named himself: their hosts may lie in our own networks, and since what comes from there is
    /// signed, plain http will do (OCSP: RFC 6960 appendix A).
    pub(crate) fn to_the_operators(settings: &OutboundSettings, addresses: &[Url]) -> Result<Self, String> {
        let hosts = addresses.iter().filter_map(Url::host_str).map(str::to_owned);
        Self::build(settings, hosts.collect(), true)
    }

    fn build(settings: &OutboundSettings, allowed: Arc<[String]>, plain: bool) -> Result<Self, String> {
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(settings.timeout_seconds.max(1).into()))
            .dns_resolver(Arc::new(Guard(Arc::clone(&allowed))));
        if !settings.root_certificates.is_empty() {
            let problem = |e: &dyn std::fmt::Display| format!("outbound.root_certificates: {e}");
            let pem = std::fs::read(&settings.root_certificates).map_err(|e| problem(&e))?;
            for root in reqwest::Certificate::from_pem_bundle(&pem).map_err(|e| problem(&e))? {
                builder = builder.add_root_certificate(root);
            }
        }
        let client = builder.build().map_err(|e| format!("outbound: {e}"))?;
        Ok(Self { client, allowed, plain })
    }

    /// Posts a form; the status is the answer. Redirects are not followed.
    pub(crate) async fn post_form(&self, address: &str, form: &[(&str, &str)]) -> Result<u16, OutboundError> {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = self
            .client
            .post(self.check(address)?)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        Ok(request.send().await.map_err(failed)?.status().as_u16())
    }

    /// Fetches at most `most` octets; anything but 200 is a failure.
    pub(crate) async fn get(&self, address: &str, most: usize) -> Result<Vec<u8>, OutboundError> {
        answered(self.client.get(self.check(address)?), most).await
    }

    /// Posts octets of this media type; at most `most` octets come back, and anything but 200 is a failure.
    pub(crate) async fn post_octets(
        &self,
        address: &str,
        kind: &str,
        body: Vec<u8>,
        most: usize,
    ) -> Result<Vec<u8>, OutboundError> {
        let request = self.client.post(self.check(address)?);
        answered(request.header("content-type", kind).body(body), most).await
    }

    /// What can be judged without looking a name up; the rest is the resolver's.
    fn check(&self, address: &str) -> Result<Url, OutboundError> {
        let forbid = |why| Err(OutboundError::Forbidden(why));
        let Ok(url) = Url::parse(address) else {
            return forbid("not an absolute address");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return forbid("it has a user name");
        }
        let host = url.host_str().unwrap_or_default();
        let allowed = is_allowed(&self.allowed, host);
        let here = allowed && host.ends_with(".localhost");
        if url.scheme() != "https" && !(url.scheme() == "http" && (here || (allowed && self.plain))) {
            return forbid("https is needed");
        }
        let literal = match url.host() {
            Some(Host::Ipv4(four)) => Some(IpAddr::V4(four)),
            Some(Host::Ipv6(six)) => Some(IpAddr::V6(six)),
            Some(Host::Domain(_)) => None,
            None => return forbid("it has no host"),
        };
        match literal {
            Some(ip) if !is_public(ip) && !allowed => forbid("it lies in a network of our own"),
            _ => Ok(url),
        }
    }
}

async fn answered(request: reqwest::RequestBuilder, most: usize) -> Result<Vec<u8>, OutboundError> {
    let mut answer = request.send().await.map_err(failed)?;
    if answer.status().as_u16() != 200 {
        return Err(OutboundError::Failed(format!("status {}", answer.status().as_u16())));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > most {
            return Err(OutboundError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn is_allowed(allowed: &[String], host: &str) -> bool {
    allowed.iter().any(|known| known == host)
}

/// Without the address that reqwest would name.
fn failed(error: reqwest::Error) -> OutboundError {
    OutboundError::Failed(error.without_url().to_string())
}

/// Looks names up and leaves out every address that is not public; what is left is what is connected to.
struct Guard(Arc<[String]>);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_ascii_lowercase();
        let allowed = is_allowed(&self.0, &host);
        Box::pin(async move {
            if allowed && host.ends_with(".localhost") {
                let here: Vec<SocketAddr> = vec![([127, 0, 0, 1], 0).into()];
                return Ok(Box::new(here.into_iter()) as Addrs);
            }
            let found = tokio::net::lookup_host((host, 0)).await?;
            let usable: Vec<SocketAddr> = found.filter(|address| allowed || is_public(address.ip())).collect();
            if usable.is_empty() {
                return Err(OutboundError::Forbidden("its name leads to no public address").into());
            }
            Ok(Box::new(usable.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn outbound(allowed: &[&str]) -> Outbound {
        Outbound::new(&OutboundSettings {
            allowed_hosts: allowed.iter().map(|host| (*host).to_owned()).collect(),
            ..OutboundSettings::default()
        })
        .unwrap()
    }

    #[tokio::test]
    async fn an_address_inside_our_networks_is_not_connected_to_however_it_is_written() {
        let outbound = outbound(&[]);
        for bad in [
            "https://127.0.0.1/x",
            "https://127.1/x",
            "https://2130706433/x",
            "https://0x7f.0.0.1/x",
            "https://[::1]/x",
            "https://[::ffff:10.0.0.1]/x",
            "https://169.254.169.254/latest/meta-data",
            "https://10.1.2.3:8443/",
            "https://192.168.0.1",
            "https://localhost:8081/x",
            "http://rp.example.org/x",
            "ftp://rp.example.org/x",
            "https://user@rp.example.org/x",
            "file:///etc/passwd",
            "/x",
        ] {
            let refused = outbound.post_form(bad, &[]).await;
            assert!(refused.is_err(), "{bad}");
            let before_any_connection = outbound.check(bad).is_err() || bad.contains("localhost");
            assert!(before_any_connection, "{bad}");
        }
        let named = outbound.post_form("https://localhost:1/x", &[]).await;
        assert!(
            matches!(named, Err(OutboundError::Failed(_))),
            "its name leads here, so it is not connected to"
        );
    }

    #[test]
    fn only_hosts_that_the_operator_named_answer_without_tls() {
        let responder: Url = "http://ocsp.example.org/auth".parse().unwrap();
        let outbound = Outbound::to_the_operators(&OutboundSettings::default(), &[responder]).unwrap();
        assert!(outbound.check("http://ocsp.example.org/auth").is_ok());
        assert!(outbound.check("http://other.example.org/auth").is_err());
        assert!(outbound.check("http://127.0.0.1/auth").is_err());
        assert!(outbound.check("https://10.0.0.1/auth").is_err());
    }

    #[test]
    fn only_a_named_host_of_this_machine_goes_without_tls() {
        let outbound = outbound(&["demo.localhost", "rp.internal.example"]);
        assert!(outbound.check("http://demo.localhost:8083/backchannel").is_ok());
        assert!(outbound.check("http://other.localhost:8083/backchannel").is_err());
        assert!(outbound.check("https://rp.internal.example/x").is_ok());
        assert!(outbound.check("http://rp.internal.example/x").is_err());
    }
}
