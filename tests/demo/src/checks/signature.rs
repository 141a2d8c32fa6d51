//! The CMS signature (RFC 5652) and its timestamp (RFC 3161) as OpenSSL sees them.

use crate::program::must_run;
use anyhow::Result;
use std::path::Path;

/// `openssl cms -verify` over the octets of the ByteRange.
pub(super) async fn cms(out: &Path) -> Result<((), String)> {
    let arguments = [
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "signature.p7s",
        "-content",
        "signed-bytes.bin",
        "-CAfile",
        "root.pem",
        "-certfile",
        "chain.pem",
        "-purpose",
        "any",
        "-x509_strict",
        "-out",
        "/dev/null",
    ];
    must_run(out, "openssl", &arguments)
        .await?
        .expect("openssl cms -verify", &["erification successful"])?;
    Ok((
        (),
        "valid over the octets of the ByteRange, path to root.pem with -x509_strict".to_owned(),
    ))
}

/// `openssl ts -verify` of the token over the signature value.
pub(super) async fn timestamp(out: &Path) -> Result<((), String)> {
    let arguments = [
        "ts",
        "-verify",
        "-data",
        "signature-value.bin",
        "-in",
        "timestamp.tst",
        "-token_in",
        "-CAfile",
        "root.pem",
        "-untrusted",
        "chain.pem",
    ];
    must_run(out, "openssl", &arguments)
        .await?
        .expect("openssl ts -verify", &["Verification: OK"])?;
    let said = must_run(
        out,
        "openssl",
        &["ts", "-reply", "-in", "timestamp.tst", "-token_in", "-text"],
    )
    .await?;
    let time = said
        .text
        .lines()
        .find_map(|line| line.strip_prefix("Time stamp: "))
        .unwrap_or("unknown")
        .to_owned();
    Ok((
        (),
        format!("\"Verification: OK\" over the signature value, path to root.pem; time {time}"),
    ))
}
