//! TLS on our own listeners (RFC 8446), with the client's certificate for whoever asks for it (RFC 8705, contracts between machines).
//!
//! A certificate that a client shows is proven to be its own, and nothing more: either it is one of those pinned, or the handler
//! decides what it is worth. No session is resumed, so each connection proves it anew.

mod listener;
mod pinned;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::NoServerSessionStorage;
use rustls::{ClientConfig, ServerConfig};

pub use listener::{Peer, TlsListener};
use pinned::{PinnedServer, ShownClient};

/// Why TLS cannot be set up; the message is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {path}: {problem}")]
    File { path: String, problem: pem::Error },
    #[error("{0} holds no certificate")]
    NoCertificate(String),
    #[error("TLS: {0}")]
    Rustls(#[from] rustls::Error),
}

/// A certificate with the way up, and its private key.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads two PEM files.
    pub fn read(chain: &Path, key: &Path) -> Result<Self, TlsError> {
        Ok(Self {
            chain: certificates(chain)?,
            key: PrivateKeyDer::from_pem_file(key).map_err(|problem| TlsError::File {
                path: key.display().to_string(),
                problem,
            })?,
        })
    }
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
        }
    }
}

/// The certificates of a PEM file; at least one.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let shown = || path.display().to_string();
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|problem| TlsError::File { path: shown(), problem })?;
    match found.is_empty() {
        true => Err(TlsError::NoCertificate(shown())),
        false => Ok(found),
    }
}

/// Whose certificates a listener wants.
#[derive(Clone, Debug)]
pub enum ClientCertificates {
    /// A client must show one of exactly these.
    Pinned(Vec<CertificateDer<'static>>),
    /// A client may show any; the handler finds it in [`Peer`].
    Asked,
    /// The same, but without one there is no connection; and HTTP/1.1 alone, where one connection can be kept to one request.
    Required,
}

/// What a listener answers with: TLS 1.3, and TLS 1.2 where clients are not ours.
pub fn server(identity: Identity, clients: ClientCertificates) -> Result<Arc<ServerConfig>, TlsError> {
    let versions: &[_] = match clients {
        ClientCertificates::Pinned(_) | ClientCertificates::Required => &[&rustls::version::TLS13],
        ClientCertificates::Asked => &[&rustls::version::TLS13, &rustls::version::TLS12],
    };
    let protocols: &[&[u8]] = match clients {
        ClientCertificates::Required => &[b"http/1.1"],
        _ => &[b"h2", b"http/1.1"],
    };
    let verifier = Arc::new(ShownClient::new(clients, provider()));
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain, identity.key)?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(Arc::new(config))
}

/// What a client of ours asks with: it believes one of exactly these servers, whatever its name, and shows who it is.
pub fn client(identity: Identity, servers: Vec<CertificateDer<'static>>) -> Result<ClientConfig, TlsError> {
    let verifier = Arc::new(PinnedServer::new(servers, provider()));
    Ok(ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_auth_cert(identity.chain, identity.key)?)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
