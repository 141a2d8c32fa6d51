//! Contracts between services on different machines: `core::contract` over HTTPS, where each end shows a certificate that the
//! other has pinned. Bodies are the contract's own data as JSON; a refusal is a [`ContractError`] as JSON.
//!
//! `POST /contract/v1/{issue,change-status,ocsp,status-at,time-stamp}`

mod client;
mod identity;
mod server;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use signum_core::Timestamp;
use signum_core::contract::{CertificateAuthority, CertificateStatus, ContractError, TimeStamping};
use signum_core::http::tls::{self, ClientCertificates, TlsListener};
use tokio::net::TcpListener;

use crate::config;
use crate::layout::Layout;

pub use client::RemoteAuthority;
pub use identity::make_certificate;
pub use server::router;

/// The CA as another service sees it, wherever it runs.
#[derive(Clone)]
pub struct Authority {
    pub ca: Arc<dyn CertificateAuthority>,
    pub status: Arc<dyn CertificateStatus>,
    pub tsa: Arc<dyn TimeStamping>,
}

impl Authority {
    /// One that is all three.
    pub fn of<A: CertificateAuthority + CertificateStatus + TimeStamping>(authority: Arc<A>) -> Self {
        Self {
            ca: authority.clone(),
            status: authority.clone(),
            tsa: authority,
        }
    }
}

/// Octets go as base64, a third as long as a list of numbers.
#[derive(Serialize, Deserialize)]
struct Octets {
    #[serde(with = "base64")]
    octets: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct OcspAsked {
    #[serde(with = "base64")]
    certificate: Vec<u8>,
    #[serde(with = "base64")]
    issuer: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct StatusAsked {
    #[serde(with = "base64")]
    serial: Vec<u8>,
    at: Timestamp,
}

mod base64 {
    use ::base64::{Engine, engine::general_purpose::STANDARD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(octets: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(octets))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// What `contract.*` says about this machine and those it knows.
pub struct Machine {
    identity: tls::Identity,
    peers: Vec<rustls::pki_types::CertificateDer<'static>>,
}

impl Machine {
    /// Reads this machine's certificate, which [`make_certificate`] makes, and those of its peers.
    pub fn read(config: &config::Contract, layout: &Layout) -> Result<Self> {
        let at = |path: &PathBuf| layout.root().join(path);
        let (certificate, key) = make_certificate(config, layout)?;
        Ok(Self {
            identity: tls::Identity::read(&certificate, &key)?,
            peers: tls::certificates(&at(&config.peers)).context(
                "contract.peers: put the certificates of the machines that this one talks with into that file; each prints its \
                 own with `signum contract certificate`",
            )?,
        })
    }

    /// Only the peers are served.
    pub fn listen(&self, listener: TcpListener) -> Result<TlsListener> {
        let pinned = ClientCertificates::Pinned(self.peers.clone());
        Ok(TlsListener::new(listener, tls::server(self.identity.clone(), pinned)?)?)
    }

    /// The CA at `address`, if it is one of the peers.
    pub fn authority(&self, address: &url::Url) -> Result<RemoteAuthority> {
        RemoteAuthority::new(address, tls::client(self.identity.clone(), self.peers.clone())?)
    }
}

/// The status that carries an error.
fn status_of(error: &ContractError) -> axum::http::StatusCode {
    use axum::http::StatusCode;
    match error {
        ContractError::Refused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        ContractError::NotFound => StatusCode::NOT_FOUND,
        ContractError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        ContractError::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
