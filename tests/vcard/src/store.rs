//! The card's memory on disk: one file, replaced whole and synced, so that a power cut gives back no try.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::state::State;

const FILE: &str = "card.json";

/// The memory could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{0} is a card already")]
    Exists(PathBuf),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{path} is not a card's memory: {source}")]
    Form { path: PathBuf, source: serde_json::Error },
}

/// The folder that is one card.
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// Makes a blank card in `folder`, which must not be one yet.
    pub fn create(folder: &Path) -> Result<Self, StoreError> {
        let store = Self {
            folder: folder.to_owned(),
        };
        std::fs::create_dir_all(folder).map_err(|source| store.failed(source))?;
        if store.path().exists() {
            return Err(StoreError::Exists(store.path()));
        }
        store.write(&State::default())?;
        Ok(store)
    }

    /// The card in `folder`.
    pub fn open(folder: &Path) -> Result<(Self, State), StoreError> {
        let store = Self {
            folder: folder.to_owned(),
        };
        let text = std::fs::read(store.path()).map_err(|source| store.failed(source))?;
        let state = serde_json::from_slice(&text).map_err(|source| StoreError::Form {
            path: store.path(),
            source,
        })?;
        Ok((store, state))
    }

    /// Replaces the memory; when it returns, the new one outlives a power cut.
    pub fn write(&self, state: &State) -> Result<(), StoreError> {
        let text = serde_json::to_vec_pretty(state).map_err(|source| StoreError::Form {
            path: self.path(),
            source,
        })?;
        let next = self.folder.join("card.next");
        let replace = || {
            let mut options = OpenOptions::new();
            let mut file = options
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&next)?;
            file.write_all(&text)?;
            file.sync_all()?;
            std::fs::rename(&next, self.path())?;
            File::open(&self.folder)?.sync_all()
        };
        replace().map_err(|source| self.failed(source))
    }

    fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    fn failed(&self, source: std::io::Error) -> StoreError {
        StoreError::File {
            path: self.path(),
            source,
        }
    }
}
