//! The folder that travels between the machines: the ceremony file, who approved it, what goes in and what came out.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::approval::Approval;
use crate::officer::SignedList;

/// Longest file read.
const LONGEST: u64 = 16 * 1024 * 1024;

/// A file of the folder that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}")]
pub struct FolderError {
    pub path: String,
    pub why: String,
}

#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    pub const CEREMONY: &str = "ceremony.yaml";
    pub const APPROVALS: &str = "approvals.json";
    pub const OFFICERS: &str = "officers.json";
    pub const AUDITOR: &str = "auditor.der";
    pub const TRANSCRIPT: &str = "out/transcript.jsonl";
    /// The auditor's detached CMS over the transcript.
    pub const COUNTERSIGNATURE: &str = "out/transcript.p7s";
    /// The online side's signed note over the transcript.
    pub const NOTE: &str = "out/transcript.note";

    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.0.join(relative)
    }

    pub fn exists(&self, relative: &str) -> bool {
        self.path(relative).exists()
    }

    pub fn read(&self, relative: &str) -> Result<Vec<u8>, FolderError> {
        use io::Read;
        let wrong = |error: io::Error| self.wrong(relative, error.kind());
        let mut octets = Vec::new();
        let file = std::fs::File::open(self.path(relative)).map_err(wrong)?;
        file.take(LONGEST).read_to_end(&mut octets).map_err(wrong)?;
        Ok(octets)
    }

    /// Whole or not at all, and on the disk.
    pub fn write(&self, relative: &str, octets: &[u8]) -> Result<(), FolderError> {
        let path = self.path(relative);
        let write = || {
            let folder = path.parent().unwrap_or(Path::new("."));
            std::fs::create_dir_all(folder)?;
            let mut file = tempfile_in(folder, relative)?;
            file.1.write_all(octets)?;
            file.1.sync_all()?;
            std::fs::rename(&file.0, &path)?;
            std::fs::File::open(folder)?.sync_all()
        };
        write().map_err(|error: io::Error| self.wrong(relative, error.kind()))
    }

    /// Every list of officers, the first one first.
    pub fn lists(&self) -> Result<Vec<SignedList>, FolderError> {
        self.json(Self::OFFICERS)
    }

    /// None where nobody has approved yet.
    pub fn approvals(&self) -> Result<Vec<Approval>, FolderError> {
        if !self.exists(Self::APPROVALS) {
            return Ok(Vec::new());
        }
        self.json(Self::APPROVALS)
    }

    pub fn write_approvals(&self, approvals: &[Approval]) -> Result<(), FolderError> {
        let text = serde_json::to_vec_pretty(approvals).map_err(|error| self.wrong(Self::APPROVALS, error))?;
        self.write(Self::APPROVALS, &text)
    }

    fn json<T: serde::de::DeserializeOwned>(&self, relative: &str) -> Result<T, FolderError> {
        serde_json::from_slice(&self.read(relative)?).map_err(|error| self.wrong(relative, error))
    }

    fn wrong(&self, relative: &str, why: impl std::fmt::Display) -> FolderError {
        FolderError {
            path: self.path(relative).display().to_string(),
            why: why.to_string(),
        }
    }
}

fn tempfile_in(folder: &Path, relative: &str) -> io::Result<(PathBuf, std::fs::File)> {
    let name = Path::new(relative).file_name().unwrap_or_default();
    let mut partial = name.to_owned();
    partial.push(".partial");
    let path = folder.join(partial);
    let file = std::fs::File::create(&path)?;
    Ok((path, file))
}

pub(super) fn sha256(octets: &[u8]) -> String {
    hex::encode(Sha256::digest(octets))
}
