//! What a killed process leaves in files: requests made, answers had, digests sent to the HSM and its signatures.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// One JSON value a line; SIGKILL takes nothing of what write(2) has taken, except a line under way.
pub struct Ledger(PathBuf);

impl Ledger {
    pub fn open(directory: &Path, name: &str) -> Self {
        Self(directory.join(name))
    }

    pub fn add<T: Serialize>(&self, entry: &T) {
        let line = serde_json::to_string(entry).unwrap() + "\n";
        let mut file = OpenOptions::new().create(true).append(true).open(&self.0).unwrap();
        file.write_all(line.as_bytes()).unwrap();
    }

    pub fn read<T: DeserializeOwned>(&self) -> Vec<T> {
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
