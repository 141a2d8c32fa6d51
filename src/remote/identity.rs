//! This machine's certificate between machines: made once, signed by itself, pinned by its peers. It protects the way, it
//! signs nothing, so its key is a file; an operator may put another certificate in its place.

use std::path::PathBuf;

use anyhow::{Context, Result};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};

use crate::config;
use crate::layout::{Layout, write_private};

/// The files with this machine's certificate and its key (PEM), made where both are missing.
pub fn make_certificate(config: &config::Contract, layout: &Layout) -> Result<(PathBuf, PathBuf)> {
    let [certificate, key] = [&config.certificate, &config.key].map(|path| layout.root().join(path));
    if certificate.exists() || key.exists() {
        return Ok((certificate, key));
    }
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("contract.key")?;
    let mut asked = CertificateParams::new(Vec::new()).context("contract.certificate")?;
    asked
        .distinguished_name
        .push(DnType::CommonName, "Signum, between machines");
    let made = asked.self_signed(&pair).context("contract.certificate")?;
    // The key first: a certificate without it would be found by the next start and believed.
    write_private(&key, pair.serialize_pem().as_bytes())?;
    write_private(&certificate, made.pem().as_bytes())?;
    Ok((certificate, key))
}
