//! `signum ca relint`: reads the certificates of a time again, by the rules of today.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;

use super::opened::Opened;
use crate::layout::Layout;

/// Which certificates.
#[derive(Args)]
pub struct Relint {
    /// How far back: hours or days, as in `36h` or `7d`.
    #[arg(long, default_value = "24h", value_parser = back)]
    since: Duration,
}

/// Prints what is wrong; fails when anything is.
pub async fn relint(file: Option<&Path>, var: &Path, relint: Relint) -> Result<()> {
    let config = super::super::configuration(file)?;
    let opened = Opened::open(&config, &Layout::create(var)?).await?;
    let report = opened.ca.relint(opened.databases.ca.now().minus(relint.since)).await;
    opened.close().await;
    let report = report?;
    for finding in &report.findings {
        println!("{}: {}", finding.subject, finding.rule);
    }
    println!(
        "{} certificates read of {} stored, {} to {}: {} findings",
        report.read,
        report.stored,
        report.since,
        report.until,
        report.findings.len()
    );
    if report.findings.is_empty() {
        return Ok(());
    }
    bail!("a stored certificate is not right")
}

fn back(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text} is not a time such as 36h or 7d");
    let (number, hours) = match (text.strip_suffix('h'), text.strip_suffix('d')) {
        (Some(number), _) => (number, 1),
        (_, Some(number)) => (number, 24),
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(number.saturating_mul(hours * 3_600)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn hours_and_days_are_understood_and_nothing_else() {
        assert_eq!(back("36h").unwrap(), Duration::from_secs(36 * 3_600));
        assert_eq!(back("7d").unwrap(), Duration::from_secs(7 * 86_400));
        for wrong in ["", "h", "7", "-1d", "7 d", "1w"] {
            back(wrong).unwrap_err();
        }
    }
}
