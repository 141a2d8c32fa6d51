//! The other services' end. Whatever keeps an answer from coming is `Unavailable`: the caller repeats, and its idempotency key
//! brings the first answer.

use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use rustls::ClientConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;
use signum_core::Timestamp;
use signum_core::contract::{
    CertificateAuthority, CertificateRequest, CertificateStatus, ContractError, IssuedCertificate, StatusAt,
    StatusChange, TimeStamping,
};
use url::Url;

use super::{OcspAsked, Octets, StatusAsked, status_of};

/// An issuance waits for the CA's HSM and its database.
const PATIENCE: Duration = Duration::from_secs(20);
/// A certificate with its way up, as JSON, many times over.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// A CA on another machine.
pub struct RemoteAuthority {
    base: Url,
    client: reqwest::Client,
}

impl RemoteAuthority {
    pub(super) fn new(address: &Url, tls: ClientConfig) -> Result<Self> {
        anyhow::ensure!(address.scheme() == "https", "contract.ca: https alone");
        Ok(Self {
            base: address.join("/contract/v1/")?,
            client: reqwest::Client::builder()
                .use_preconfigured_tls(tls)
                .timeout(PATIENCE)
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()?,
        })
    }

    async fn ask<T: DeserializeOwned>(&self, method: &str, asked: &impl Serialize) -> Result<T, ContractError> {
        let address = self.base.join(method).map_err(|_| ContractError::Internal)?;
        let mut response = self.client.post(address).json(asked).send().await.map_err(away)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(away)? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_ANSWER {
                return Err(ContractError::Unavailable("its answer is too long".to_owned()));
            }
        }
        if response.status().is_success() {
            return serde_json::from_slice(&body).map_err(strange);
        }
        let error: ContractError = serde_json::from_slice(&body).map_err(strange)?;
        // A proxy's error page is no refusal of the CA's.
        match status_of(&error) == response.status() {
            true => Err(error),
            false => Err(ContractError::Unavailable(format!("status {}", response.status()))),
        }
    }
}

fn away(error: reqwest::Error) -> ContractError {
    let error = error.without_url();
    let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
    ContractError::Unavailable(format!("{error}{cause}"))
}

fn strange(error: serde_json::Error) -> ContractError {
    ContractError::Unavailable(format!("not an answer of the contract: {error}"))
}

#[async_trait]
impl CertificateAuthority for RemoteAuthority {
    async fn issue(&self, request: CertificateRequest) -> Result<IssuedCertificate, ContractError> {
        self.ask("issue", &request).await
    }

    async fn change_status(&self, change: StatusChange) -> Result<(), ContractError> {
        self.ask("change-status", &change).await
    }
}

#[async_trait]
impl CertificateStatus for RemoteAuthority {
    async fn ocsp(&self, certificate: &[u8], issuer: &[u8]) -> Result<Vec<u8>, ContractError> {
        let (certificate, issuer) = (certificate.to_vec(), issuer.to_vec());
        let answer: Octets = self.ask("ocsp", &OcspAsked { certificate, issuer }).await?;
        Ok(answer.octets)
    }

    async fn status_at(&self, serial: &[u8], at: Timestamp) -> Result<StatusAt, ContractError> {
        let serial = serial.to_vec();
        self.ask("status-at", &StatusAsked { serial, at }).await
    }
}

#[async_trait]
impl TimeStamping for RemoteAuthority {
    async fn time_stamp(&self, request: &[u8]) -> Result<Vec<u8>, ContractError> {
        let octets = request.to_vec();
        let answer: Octets = self.ask("time-stamp", &Octets { octets }).await?;
        Ok(answer.octets)
    }
}
