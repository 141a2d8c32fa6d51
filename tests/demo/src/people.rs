//! Whom the demo officers vouch for: a list that `signum up` and `signum person add --demo` write, and nobody else.

use anyhow::{Context, Result};
use std::path::PathBuf;

/// A file of semantics identifiers (`PNOXK-1234567890`), one a line; read anew each time, because people are added.
#[derive(Clone, Debug)]
pub struct People(PathBuf);

impl People {
    pub fn at(file: impl Into<PathBuf>) -> Self {
        Self(file.into())
    }

    /// Those on the list now.
    pub fn read(&self) -> Result<Vec<String>> {
        let text = std::fs::read_to_string(&self.0).with_context(|| format!("cannot read {}", self.0.display()))?;
        Ok(text.lines().map(|line| line.trim().to_owned()).collect())
    }
}
