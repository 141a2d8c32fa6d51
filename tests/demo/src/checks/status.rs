//! Certificate status over the live OCSP responder (RFC 6960), at the address the certificate itself names.

use crate::program::must_run;
use anyhow::{Context, Result, ensure};
use openssl::x509::X509;
use std::path::Path;

/// `openssl ocsp` finds the certificate good and the response well signed.
pub(super) async fn live(out: &Path, certificate: &str, issuer: &str, parsed: &X509) -> Result<((), String)> {
    let addresses = parsed
        .ocsp_responders()
        .context("the certificate names no OCSP responder")?;
    let url = addresses
        .iter()
        .next()
        .context("the certificate names no OCSP responder")?
        .to_string();
    let arguments = [
        "ocsp",
        "-issuer",
        issuer,
        "-cert",
        certificate,
        "-url",
        &url,
        "-CAfile",
        "root.pem",
        "-verify_other",
        "chain.pem",
        "-timeout",
        "10",
    ];
    let said = must_run(out, "openssl", &arguments).await?;
    said.expect("openssl ocsp", &["Response verify OK", &format!("{certificate}: good")])?;
    ensure!(
        !said.text.contains("WARNING: no nonce"),
        "the responder did not repeat the nonce"
    );
    Ok(((), format!("{certificate} is good, the response of {url} verifies")))
}
