//! The way to the audit logs' witnesses: C2SP tlog-witness over HTTP.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use async_trait::async_trait;
use signum_core::audit::{VerifierKey, Witness, WitnessAnswer};
use url::Url;

use crate::config::Config;

/// A witness that takes longer counts as away.
const PATIENCE: Duration = Duration::from_secs(10);
/// A few signature lines.
const LONGEST_ANSWER: usize = 16 * 1024;

struct HttpWitness {
    key: VerifierKey,
    address: Url,
    client: reqwest::Client,
}

#[async_trait]
impl Witness for HttpWitness {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    async fn add_checkpoint(&self, body: String) -> Result<WitnessAnswer, String> {
        let mut response = self
            .client
            .post(self.address.clone())
            .body(body)
            .send()
            .await
            .map_err(away)?;
        let status = response.status().as_u16();
        let mut octets = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(away)? {
            octets.extend_from_slice(&chunk);
            if octets.len() > LONGEST_ANSWER {
                return Err("its answer is too long".to_owned());
            }
        }
        let body = String::from_utf8(octets).map_err(|_| "its answer is not text".to_owned())?;
        Ok(WitnessAnswer { status, body })
    }
}

/// The error with what caused it: a refused connection, a certificate, a name that does not resolve.
fn away(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(one) = cause {
        text = format!("{text}: {one}");
        cause = one.source();
    }
    text
}

/// Key and address out of `audit.witnesses`.
fn parse(text: &str) -> Result<(VerifierKey, Url)> {
    let (key, address) = text.trim().split_once(' ').context("not a vkey and an address")?;
    let mut address: Url = address.trim().parse()?;
    anyhow::ensure!(matches!(address.scheme(), "http" | "https"), "not an http address");
    let path = format!("{}/add-checkpoint", address.path().trim_end_matches('/'));
    address.set_path(&path);
    Ok((key.parse()?, address))
}

/// The keys of the configured witnesses.
pub fn keys(config: &Config) -> Result<Vec<VerifierKey>> {
    let one = |text: &String| {
        parse(text)
            .map(|(key, _)| key)
            .with_context(|| format!("audit.witnesses: {text}"))
    };
    config.audit.witnesses.iter().map(one).collect()
}

/// The configured witnesses.
pub(super) fn all(config: &Config) -> Result<Vec<Arc<dyn Witness>>> {
    let client = reqwest::Client::builder()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()?;
    let one = |text: &String| -> Result<Arc<dyn Witness>> {
        let (key, address) = parse(text).with_context(|| format!("audit.witnesses: {text}"))?;
        let client = client.clone();
        Ok(Arc::new(HttpWitness { key, address, client }))
    };
    config.audit.witnesses.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_witness_is_a_key_and_an_address() {
        let key = VerifierKey::new("witness.example/w1", [1; 32]).unwrap();
        let (read, address) = parse(&format!("{key} https://witness.example/w1/")).unwrap();
        assert_eq!(read, key);
        assert_eq!(address.as_str(), "https://witness.example/w1/add-checkpoint");
        for wrong in [
            key.to_string(),
            format!("{key} ftp://x"),
            "https://witness.example".to_owned(),
            String::new(),
        ] {
            assert!(parse(&wrong).is_err(), "{wrong}");
        }
    }
}
