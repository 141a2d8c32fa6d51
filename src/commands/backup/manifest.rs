//! What a backup has in it, and the hash of each file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::app::Service;
use crate::layout::write_private;

pub(super) const NAME: &str = "backup.json";
/// The data folder's files lie below.
pub(super) const FILES: &str = "files";

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// Of the Signum that wrote it.
    pub version: String,
    pub made_at: String,
    /// The data folder as its own files name it.
    pub root: PathBuf,
    /// The newest signed checkpoint of each service's log when the copy began.
    pub checkpoints: BTreeMap<String, String>,
    /// SHA-256 of every file by its path in the backup.
    pub files: BTreeMap<String, String>,
}

/// Where the copy of a service's database lies.
pub(super) fn database_file(service: Service) -> String {
    format!("db/{}.copy", service.name())
}

impl Manifest {
    /// Returns its own hash.
    pub fn write(&self, folder: &Path) -> Result<String> {
        let text = serde_json::to_vec_pretty(self)?;
        write_private(&folder.join(NAME), &text)?;
        Ok(hex::encode(Sha256::digest(&text)))
    }

    /// Reads it and holds every file against it: one octet that differs, and nothing of the backup is used.
    pub fn verified(folder: &Path) -> Result<Self> {
        let path = folder.join(NAME);
        let text = std::fs::read(&path)
            .with_context(|| format!("cannot read {}: this is no backup, or a broken-off one", path.display()))?;
        let manifest: Self = serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
        for (name, hash) in &manifest.files {
            let inside = Path::new(name)
                .components()
                .all(|part| matches!(part, Component::Normal(_)));
            ensure!(inside, "{name:?} is no path inside a backup");
            if sha256_of(&folder.join(name))? != *hash {
                bail!("{name} is not what was written");
            }
        }
        Ok(manifest)
    }
}

/// Of a file of any length.
pub(super) fn sha256_of(path: &Path) -> Result<String> {
    let read = || -> std::io::Result<String> {
        let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
        let mut digest = Sha256::new();
        loop {
            let octets = file.fill_buf()?;
            if octets.is_empty() {
                return Ok(hex::encode(digest.finalize()));
            }
            digest.update(octets);
            let read = octets.len();
            file.consume(read);
        }
    };
    read().with_context(|| format!("cannot read {}", path.display()))
}

/// Paths below `root` of every regular file, but for those at the top that are left out.
pub(super) fn files_below(root: &Path, left_out: &[&str]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder))? {
            let name = folder.join(entry?.file_name());
            if left_out.iter().any(|left_out| name == Path::new(left_out)) {
                continue;
            }
            let kind = std::fs::metadata(root.join(&name))?.file_type();
            if kind.is_dir() {
                folders.push(name);
            } else if kind.is_file() {
                let text = name
                    .to_str()
                    .with_context(|| format!("{} is not UTF-8", name.display()))?;
                found.push(text.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn backup(name: &str) -> (tempfile::TempDir, Manifest) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), "a").unwrap();
        let manifest = Manifest {
            version: "1".to_owned(),
            made_at: String::new(),
            root: "/var/lib/signum".into(),
            checkpoints: BTreeMap::new(),
            files: BTreeMap::from([(name.to_owned(), hex::encode(Sha256::digest("a")))]),
        };
        manifest.write(folder.path()).unwrap();
        (folder, manifest)
    }

    #[test]
    fn a_changed_or_missing_file_and_a_folder_that_was_not_finished_are_refused() {
        let (folder, _) = backup("a");
        Manifest::verified(folder.path()).unwrap();
        std::fs::write(folder.path().join("a"), "b").unwrap();
        let refused = Manifest::verified(folder.path()).unwrap_err().to_string();
        assert_eq!(refused, "a is not what was written");
        std::fs::remove_file(folder.path().join("a")).unwrap();
        assert!(Manifest::verified(folder.path()).is_err());
        std::fs::remove_file(folder.path().join(NAME)).unwrap();
        let refused = Manifest::verified(folder.path()).unwrap_err().to_string();
        assert!(refused.contains("no backup"), "{refused}");
    }

    #[test]
    fn a_backup_names_no_file_outside_itself() {
        for name in ["../a", "/etc/passwd", "files/../../a", ""] {
            let (folder, _) = backup(name);
            assert!(Manifest::verified(folder.path()).is_err(), "{name}");
        }
    }
}
