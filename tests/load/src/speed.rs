//! `openssl speed` in the same run: what this machine's processor does without any module.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use signum_hsm_shim::KeyAlgorithm;

use crate::subject::Subject;

/// Signatures and verifications a second, on one core and on two.
pub struct Speed {
    pub sign: f64,
    pub verify: f64,
    pub sign_two: f64,
}

pub fn measure(subject: Subject, each: Duration) -> Result<Speed> {
    let (sign, verify) = openssl(subject, each, &[])?;
    let (sign_two, _) = openssl(subject, each, &["-multi", "2"])?;
    Ok(Speed { sign, verify, sign_two })
}

fn openssl(subject: Subject, each: Duration, multi: &[&str]) -> Result<(f64, f64)> {
    let (name, mark) = match subject.key {
        KeyAlgorithm::EcP256 => ("ecdsap256", "+F4:"),
        KeyAlgorithm::EcP384 => ("ecdsap384", "+F4:"),
        KeyAlgorithm::Rsa3072 => ("rsa3072", "+F2:"),
        KeyAlgorithm::Ed25519 => ("ed25519", "+F6:"),
    };
    let seconds = each.as_secs().max(1).to_string();
    let output = Command::new("openssl")
        .args(["speed", "-mr", "-elapsed", "-seconds", &seconds])
        .args(multi)
        .arg(name)
        .output()
        .context("openssl speed")?;
    ensure!(output.status.success(), "openssl speed {name}");
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said
        .lines()
        .rfind(|line| line.starts_with(mark))
        .context("openssl speed said nothing")?;
    let mut last = line.rsplit(':');
    let verify = last.next().context("no figure")?.parse()?;
    let sign = last.next().context("no figure")?.parse()?;
    Ok((sign, verify))
}
