//! What was checked, by which program, and how it came out: printed while it happens, then written to `report.txt` and
//! `report.json`.

use anyhow::{Context, Result};
use serde::Serialize;
use std::{
    fmt::Write as _,
    future::Future,
    path::Path,
    time::{Duration, Instant},
};

/// How a step came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Held,
    Skipped,
    Failed,
}

#[derive(Debug, Serialize)]
struct Entry {
    step: String,
    outcome: Outcome,
    /// What was checked, or why it failed.
    checked: String,
    program: String,
    milliseconds: u64,
}

/// The steps so far.
#[derive(Debug)]
pub struct Report {
    entries: Vec<Entry>,
    step_timeout: Duration,
}

/// A check that could not be made because its program is not there.
#[derive(Debug, thiserror::Error)]
#[error("skipped: not installed ({0})")]
pub struct NotInstalled(pub String);

impl Report {
    /// An empty report; no step may take longer than `step_timeout`.
    pub fn new(step_timeout: Duration) -> Self {
        Self {
            entries: Vec::new(),
            step_timeout,
        }
    }

    /// Makes a step whose future gives a value and what was checked; prints one line.
    pub async fn step<T>(
        &mut self,
        step: &str,
        program: &str,
        work: impl Future<Output = Result<(T, String)>>,
    ) -> Result<T> {
        let begun = Instant::now();
        let ended = match tokio::time::timeout(self.step_timeout, work).await {
            Ok(ended) => ended,
            Err(_) => Err(anyhow::anyhow!("took longer than {} s", self.step_timeout.as_secs())),
        };
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (outcome, checked) = match &ended {
            Ok((_, checked)) => (Outcome::Held, checked.clone()),
            Err(error) if error.is::<NotInstalled>() => (Outcome::Skipped, error.to_string()),
            Err(error) => (Outcome::Failed, format!("{error:#}")),
        };
        let entry = Entry {
            step: step.to_owned(),
            outcome,
            checked,
            program: program.to_owned(),
            milliseconds,
        };
        println!("{}", line(&entry));
        self.entries.push(entry);
        ended.map(|(value, _)| value)
    }

    /// The worst that happened.
    pub fn outcome(&self) -> Outcome {
        if self.entries.iter().any(|entry| entry.outcome == Outcome::Failed) {
            Outcome::Failed
        } else {
            Outcome::Held
        }
    }

    /// Steps with this outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.entries.iter().filter(|entry| entry.outcome == outcome).count()
    }

    /// Writes both forms into a folder.
    pub fn write(&self, folder: &Path, summary: &[(&str, String)]) -> Result<()> {
        let mut text = String::from("Signum: validation report of the demo\n\n");
        for (name, value) in summary {
            writeln!(text, "{name}: {value}")?;
        }
        text.push('\n');
        for entry in &self.entries {
            writeln!(
                text,
                "{}\n    by {}, {} ms",
                line(entry),
                entry.program,
                entry.milliseconds
            )?;
        }
        writeln!(text, "\n{}", self.verdict())?;
        let facts: serde_json::Map<String, serde_json::Value> = summary
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone().into()))
            .collect();
        let json = serde_json::json!({ "outcome": self.outcome(), "facts": facts, "steps": self.entries });
        std::fs::write(folder.join("report.txt"), text).context("report.txt")?;
        std::fs::write(folder.join("report.json"), serde_json::to_vec_pretty(&json)?).context("report.json")
    }

    /// One sentence over all.
    pub fn verdict(&self) -> String {
        let (held, skipped, failed) = (
            self.count(Outcome::Held),
            self.count(Outcome::Skipped),
            self.count(Outcome::Failed),
        );
        match failed {
            0 => format!("All {held} steps held, {skipped} skipped."),
            _ => format!(
                "{failed} of {} steps FAILED, {held} held, {skipped} skipped.",
                self.entries.len()
            ),
        }
    }
}

fn line(entry: &Entry) -> String {
    let mark = match entry.outcome {
        Outcome::Held => '✓',
        Outcome::Skipped => '–',
        Outcome::Failed => '✗',
    };
    format!("{mark} {}: {}", entry.step, entry.checked)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[tokio::test]
    async fn a_missing_program_is_skipped_and_a_failure_decides() {
        let mut report = Report::new(Duration::from_secs(5));
        report
            .step("one", "us", async { Ok(((), "seen".to_owned())) })
            .await
            .unwrap();
        assert!(
            report
                .step::<()>("two", "pdfsig", async { Err(NotInstalled("pdfsig".to_owned()).into()) })
                .await
                .is_err()
        );
        assert_eq!(report.outcome(), Outcome::Held);
        assert_eq!(report.verdict(), "All 1 steps held, 1 skipped.");
        assert!(
            report
                .step::<()>("three", "us", async { anyhow::bail!("no") })
                .await
                .is_err()
        );
        assert_eq!(report.outcome(), Outcome::Failed);
        let folder = tempfile::tempdir().unwrap();
        report.write(folder.path(), &[("Root", "x".to_owned())]).unwrap();
        let text = std::fs::read_to_string(folder.path().join("report.txt")).unwrap();
        assert!(text.contains("✓ one: seen") && text.contains("– two") && text.contains("✗ three: no"));
    }
}
