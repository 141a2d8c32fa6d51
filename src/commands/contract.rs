//! `signum contract certificate`: what the operators of two machines exchange before their services talk.

use std::path::Path;

use anyhow::{Context, Result};

use crate::layout::Layout;
use crate::remote::make_certificate;

/// Prints this machine's certificate (PEM), made where it is missing, for the peers' `contract.peers`.
pub fn certificate(file: Option<&Path>, var: &Path) -> Result<()> {
    let config = super::configuration(file)?;
    let (certificate, _) = make_certificate(&config.contract, &Layout::create(var)?)?;
    let text = std::fs::read_to_string(&certificate).with_context(|| certificate.display().to_string())?;
    print!("{text}");
    Ok(())
}
