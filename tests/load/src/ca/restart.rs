//! From nothing to the first OCSP answer, with many certificates stored.

use std::time::Instant;

use anyhow::Result;
use signum_ca::Algorithms;
use signum_core::contract::CertificateStatus;

use super::Engine;
use super::stand::Stand;
use super::{fill, issuance};
use crate::Options;

pub async fn run(engine: Engine, options: &Options) -> Result<()> {
    let stored = if options.short { 1_000 } else { 1_000_000 };
    let stand = Stand::open(engine, Algorithms::Ec).await?;
    fill::to(&stand, stored).await?;
    let certificate = issuance::issue(&stand.ca, issuance::requests(1)?.remove(0)).await?;
    let (stand, served) = stand.restart().await?;
    let asked = Instant::now();
    let [leaf, issuer] = [
        certificate.certificate,
        certificate.chain.first().cloned().unwrap_or_default(),
    ];
    stand.ca.ocsp(&leaf, &issuer).await?;
    println!(
        "\nrestart, {}, {stored} certificates stored: serves after {:.2} s, first OCSP answer {:.1} ms later",
        engine.name(),
        served.as_secs_f64(),
        asked.elapsed().as_secs_f64() * 1_000.0
    );
    stand.close().await;
    Ok(())
}
