//! The port on which clients show certificates (RFC 8705 section 5): which certificate a request's client has proved to hold.
//!
//! It is the one of the TLS connection; or, if the other end is a proxy whose own certificate is pinned, the one that the proxy
//! saw and tells in `Client-Cert` (RFC 9440). From anybody else the header is nothing.

use std::path::Path;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::X509VerifyParam;
use openssl::x509::{X509, X509PurposeId, X509StoreContext};
use serde_json::{Map, Value as Json, json};
use signum_core::http::Problem;
use signum_core::http::tls::Peer;
use signum_core::{Clock, Timestamp};

use super::TlsCertificate;

signum_core::config! {
    /// The port on which clients show certificates (RFC 8705). Off while `public_url` is empty.
    pub struct MtlsSettings {
        /// Its address as clients see it: `https://` with host and port, no trailing slash.
        public_url: String = String::new(),
        /// PEM file: the certificate of this port, with its way up.
        certificate: String = String::new(),
        /// PEM file: its private key.
        private_key: String = String::new(),
        /// PEM file of authorities whose certificates name clients (`tls_client_auth`); empty: none do.
        client_authorities: String = String::new(),
        /// PEM file of certificates of proxies that may tell the client's certificate by `Client-Cert` (RFC 9440); empty: none.
        proxies: String = String::new(),
    }
}

/// Paths that are served on this port; people have no business there.
const SERVED: [&str; 6] = [
    "/token",
    "/par",
    "/userinfo",
    "/introspect",
    "/revoke",
    "/device_authorization",
];

/// Members of the metadata with an address of [`SERVED`].
const ALIASED: [&str; 6] = [
    "token_endpoint",
    "pushed_authorization_request_endpoint",
    "userinfo_endpoint",
    "introspection_endpoint",
    "revocation_endpoint",
    "device_authorization_endpoint",
];

/// Methods of client authentication that need the port.
const OF_THE_PORT: [&str; 2] = ["tls_client_auth", "self_signed_tls_client_auth"];

/// Whom the port believes.
pub(crate) struct Believed {
    authorities: Vec<X509>,
    proxies: Vec<Vec<u8>>,
    clock: Arc<dyn Clock>,
}

impl Believed {
    /// Reads the files; the error is for the operator.
    pub(crate) fn read(settings: &MtlsSettings, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let proxies = certificates("proxies", &settings.proxies)?;
        let proxies = proxies.iter().map(|proxy| proxy.to_der()).collect::<Result<_, _>>();
        Ok(Self {
            authorities: certificates("client_authorities", &settings.client_authorities)?,
            proxies: proxies.map_err(|e| format!("mtls.proxies: {e}"))?,
            clock,
        })
    }

    /// `Err`: the request says something about certificates that nobody can mean.
    pub(crate) fn shown(&self, peer: &Peer, headers: &HeaderMap) -> Result<Option<TlsCertificate>, &'static str> {
        let mut sent = peer.certificates.iter().map(|der| der.as_ref().to_vec());
        let Some(leaf) = sent.next() else {
            return Ok(None);
        };
        if !self.proxies.contains(&leaf) {
            return Ok(Some(self.judged(leaf, &sent.collect::<Vec<_>>())));
        }
        let Some(leaf) = one(headers, "client-cert")? else {
            return Ok(None);
        };
        let leaf = octets(leaf).ok_or("Client-Cert is no byte sequence")?;
        let chain = match one(headers, "client-cert-chain")? {
            None => Vec::new(),
            Some(list) => list
                .split(',')
                .map(|item| octets(item.trim()).ok_or("Client-Cert-Chain is no list of byte sequences"))
                .collect::<Result<_, _>>()?,
        };
        Ok(Some(self.judged(leaf, &chain)))
    }

    fn judged(&self, der: Vec<u8>, chain: &[Vec<u8>]) -> TlsCertificate {
        let chained = self.chains(&der, chain, self.clock.now()).unwrap_or(false);
        TlsCertificate { der, chained }
    }

    fn chains(&self, der: &[u8], chain: &[Vec<u8>], now: Timestamp) -> Option<bool> {
        if self.authorities.is_empty() {
            return Some(false);
        }
        let leaf = X509::from_der(der).ok()?;
        let mut between = Stack::new().ok()?;
        for der in chain {
            between.push(X509::from_der(der).ok()?).ok()?;
        }
        let mut store = X509StoreBuilder::new().ok()?;
        for authority in &self.authorities {
            store.add_cert(authority.clone()).ok()?;
        }
        let mut param = X509VerifyParam::new().ok()?;
        param.set_time(now.seconds());
        param.set_purpose(X509PurposeId::SSL_CLIENT).ok()?;
        store.set_param(&param).ok()?;
        let mut context = X509StoreContext::new().ok()?;
        context
            .init(&store.build(), &leaf, &between, |context| context.verify_cert())
            .ok()
    }
}

fn certificates(setting: &str, file: &str) -> Result<Vec<X509>, String> {
    if file.is_empty() {
        return Ok(Vec::new());
    }
    let problem = |e: &dyn std::fmt::Display| format!("mtls.{setting}: {e}");
    let pem = std::fs::read(Path::new(file)).map_err(|e| problem(&e))?;
    match X509::stack_from_pem(&pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(problem(&"the file holds no certificate")),
        Err(e) => Err(problem(&e)),
    }
}

fn one<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, &'static str> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| "a certificate header is no text"),
        (Some(_), Some(_)) => Err("a certificate header comes twice"),
    }
}

/// A byte sequence of RFC 9651 section 3.3.5: base64 between colons.
fn octets(item: &str) -> Option<Vec<u8>> {
    let text = item.strip_prefix(':')?.strip_suffix(':')?;
    STANDARD.decode(text).ok()
}

/// Gives [`TlsCertificate`] to the handlers as an extension of the request.
pub(crate) async fn layer(State(believed): State<Arc<Believed>>, mut request: Request, next: Next) -> Response {
    if !SERVED.contains(&request.uri().path()) {
        return Problem::of_status(StatusCode::NOT_FOUND).into_response();
    }
    let peer = request
        .extensions()
        .get::<ConnectInfo<Peer>>()
        .map(|ConnectInfo(peer)| peer.clone());
    let shown = peer.map_or(Ok(None), |peer| believed.shown(&peer, request.headers()));
    match shown {
        Ok(Some(certificate)) => {
            request.extensions_mut().insert(certificate);
        }
        Ok(None) => {}
        Err(problem) => {
            tracing::warn!(problem, "request refused");
            return Problem::of_status(StatusCode::BAD_REQUEST).into_response();
        }
    }
    next.run(request).await
}

/// The same endpoint on the port where clients show certificates, if there is one and it serves it.
pub(crate) fn alias(issuer: &str, settings: &MtlsSettings, address: &str) -> Option<String> {
    let path = address.strip_prefix(issuer)?;
    let served = !settings.public_url.is_empty() && SERVED.contains(&path);
    served.then(|| format!("{}{path}", settings.public_url))
}

/// Says in the metadata what there is of RFC 8705: `mtls_endpoint_aliases` (section 5) and bound tokens (section 3.3) with the
/// port; without it no client can show a certificate, so its methods are not offered.
pub(crate) fn tell(metadata: &mut Json, issuer: &str, settings: &MtlsSettings) {
    let Some(members) = metadata.as_object_mut() else {
        return;
    };
    if settings.public_url.is_empty() {
        let methods = members
            .iter_mut()
            .filter(|(name, _)| name.ends_with("_auth_methods_supported"));
        for method in methods.filter_map(|(_, methods)| methods.as_array_mut()) {
            method.retain(|name| !OF_THE_PORT.contains(&name.as_str().unwrap_or_default()));
        }
        return;
    }
    let named = |name: &str| {
        let alias = alias(issuer, settings, members.get(name)?.as_str()?)?;
        Some((name.to_owned(), json!(alias)))
    };
    let aliases: Map<String, Json> = ALIASED.into_iter().filter_map(named).collect();
    members.insert("mtls_endpoint_aliases".to_owned(), aliases.into());
    members.insert("tls_client_certificate_bound_access_tokens".to_owned(), json!(true));
}

#[cfg(test)]
#[path = "shown/tests.rs"]
mod tests;
