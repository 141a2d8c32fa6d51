//! The PDF as qpdf and poppler see it.

use crate::program::{must_run, run};
use anyhow::{Result, ensure};
use std::path::Path;

/// `qpdf --check` finds nothing to complain of.
pub(super) async fn structure(out: &Path) -> Result<((), String)> {
    let said = must_run(out, "qpdf", &["--check", "signed.pdf"]).await?;
    said.expect("qpdf", &["No syntax or stream encoding errors found"])?;
    ensure!(!said.text.contains("WARNING"), "qpdf warns: {}", said.text);
    Ok(((), "qpdf --check finds no errors".to_owned()))
}

/// `pdfsig` finds the signature valid and covering the whole file.
pub(super) async fn signature(out: &Path) -> Result<((), String)> {
    let said = run(out, "pdfsig", &["-nocert", "signed.pdf"]).await?;
    said.expect("pdfsig", &["Signature is Valid.", "Total document signed"])?;
    Ok(((), "\"Signature is Valid.\", total document signed".to_owned()))
}
