//! `signum audit prove|consistency|receipt|check-receipt`: RFC 6962 proofs as JSON or C2SP tlog-proof.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use der::{Decode, Encode};
use sha2::{Digest, Sha256};
use signum_core::audit;

use super::{Audited, open, read_key};
use crate::layout::Layout;

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Json,
    C2sp,
}

/// Which entry.
#[derive(Args)]
pub struct Prove {
    #[arg(long)]
    service: Audited,
    /// The first entry is 0.
    #[arg(long)]
    entry: u64,
    /// Under the checkpoint of this size; otherwise the newest that a witness signed, or the newest of all.
    #[arg(long)]
    size: Option<u64>,
    #[arg(long, default_value = "json")]
    form: Form,
}

/// From which size to which.
#[derive(Args)]
pub struct Consistency {
    #[arg(long)]
    service: Audited,
    #[arg(long)]
    from: u64,
    #[arg(long)]
    to: u64,
}

/// Whose receipt.
#[derive(Args)]
pub struct Receipt {
    /// The certificate, PEM or DER.
    #[arg(long)]
    certificate: PathBuf,
}

/// Which receipt.
#[derive(Args)]
pub struct CheckReceipt {
    /// What `signum audit receipt` printed.
    #[arg(long)]
    receipt: PathBuf,
    /// The certificate that it shall be about, PEM or DER.
    #[arg(long)]
    certificate: PathBuf,
    /// The key of the CA's log (vkey in a file); without it the data folder's.
    #[arg(long)]
    key: Option<PathBuf>,
}

pub(super) async fn prove(file: Option<&Path>, var: &Path, prove: Prove) -> Result<()> {
    let config = crate::commands::configuration(file)?;
    let log = open(&config, &Layout::create(var)?, prove.service).await?;
    let proof = log.prove(prove.entry, prove.size).await?;
    match prove.form {
        Form::Json => println!("{:#}", proof.to_json()),
        Form::C2sp => print!("{}", proof.to_c2sp()),
    }
    Ok(())
}

pub(super) async fn consistency(file: Option<&Path>, var: &Path, consistency: Consistency) -> Result<()> {
    let config = crate::commands::configuration(file)?;
    let log = open(&config, &Layout::create(var)?, consistency.service).await?;
    let proof = log.prove_consistency(consistency.from, consistency.to).await?;
    println!("{:#}", proof.to_json());
    Ok(())
}

pub(super) async fn receipt(file: Option<&Path>, var: &Path, receipt: Receipt) -> Result<()> {
    let config = crate::commands::configuration(file)?;
    let certificate = read_certificate(&receipt.certificate)?;
    let log = open(&config, &Layout::create(var)?, Audited::Ca).await?;
    let receipt = signum_ca::issuance_receipt(&log, &certificate)
        .await?
        .context("this certificate was not issued here")?;
    println!("{:#}", receipt.to_json());
    Ok(())
}

pub(super) fn check(var: &Path, check: &CheckReceipt) -> Result<()> {
    let key = match &check.key {
        Some(file) => read_key(file)?,
        None => read_key(&Layout::create(var)?.audit_key("ca"))?,
    };
    let json = std::fs::read(&check.receipt).with_context(|| format!("cannot read {}", check.receipt.display()))?;
    let receipt = audit::Receipt::from_json(&serde_json::from_slice(&json)?)?;
    let checkpoint = receipt.verify(&key)?;
    let hash = hex::encode(Sha256::digest(read_certificate(&check.certificate)?));
    let detail: serde_json::Value = serde_json::from_str(&receipt.detail)?;
    let named = detail.get("certificate_sha256").and_then(|value| value.as_str());
    if receipt.kind != "certificate.issued" || named != Some(&hash) {
        bail!("the receipt is about another certificate");
    }
    println!(
        "Issued at {} as {}: entry {} of {}, signed by {} at {}",
        receipt.at, receipt.subject, receipt.proof.entry, checkpoint.head.size, checkpoint.origin, checkpoint.at
    );
    Ok(())
}

/// The octets that the CA signed, whether the file is PEM or DER.
fn read_certificate(file: &Path) -> Result<Vec<u8>> {
    let octets = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    // The first of a chain: the leaf.
    let text = octets
        .starts_with(b"-----")
        .then(|| String::from_utf8_lossy(&octets).into_owned());
    let der = match text {
        None => octets,
        Some(text) => {
            let end = "-----END CERTIFICATE-----";
            let first = text.split_inclusive(end).next().unwrap_or_default();
            let (label, document) =
                der::Document::from_pem(first).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
            if label != "CERTIFICATE" {
                bail!("{} is no certificate", file.display());
            }
            document.to_der()?
        }
    };
    der::asn1::AnyRef::from_der(&der).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    Ok(der)
}
