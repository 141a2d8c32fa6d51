//! `signum backup`: what a machine needs to go on elsewhere, in one folder, while Signum runs.
//!
//! Databases come first: what their rows name (keys, certificates, files) was there before them, so what is copied after them
//! has it. The module's journal of spent commitments is copied after its database for the same reason: none is forgotten.

mod manifest;
mod restore;

use std::collections::BTreeMap;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use signum_core::{Clock, SystemClock};

use super::audit;
use crate::app::{Databases, Service};
use crate::layout::{Layout, write_private};
use manifest::{FILES, Manifest, database_file, files_below, sha256_of};

pub use restore::run as restore;

/// SoftHSM writes an object's file anew where it stands: a file is taken once it is found the same twice, and not empty.
const PAUSE: Duration = Duration::from_millis(50);
const ATTEMPTS: u32 = 200;

/// Writes the backup; the last file of it is the one that makes it one.
pub async fn run(file: Option<&Path>, var: &Path, out: &Path) -> Result<()> {
    let config = super::configuration(file)?;
    let layout = Layout::create(var)?;
    let out = std::path::absolute(out)?;
    if out.exists() {
        bail!("{} is there already: a backup is a new folder", out.display());
    }
    if out.starts_with(layout.root()) {
        bail!("a backup lies outside the data folder");
    }
    let mut manifest = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: SystemClock.now().to_string(),
        root: layout.root().to_owned(),
        checkpoints: BTreeMap::new(),
        files: BTreeMap::new(),
    };
    private_folder(&out)?;
    // Step 1. How far each log was signed: a restored one that says less is not this one.
    // Step 2. The databases, each at one moment.
    private_folder(&out.join("db"))?;
    for (service, log) in Service::ALL.into_iter().zip(audit::ALL) {
        let url = Databases::address(&config, &layout, service)?;
        if !Databases::is_there(&config, &layout, service) {
            continue; // Another machine's.
        }
        let log = audit::open(&config, &layout, log).await?;
        if let Some(note) = log.newest_note().await? {
            manifest.checkpoints.insert(service.name().to_owned(), note);
        }
        log.cx().db.close().await;
        let name = database_file(service);
        url.copy_to(&out.join(&name))
            .await
            .with_context(|| format!("database of {}", service.name()))?;
        manifest.files.insert(name.clone(), sha256_of(&out.join(&name))?);
    }
    // Step 3. The data folder.
    for name in files_below(layout.root(), &["db", "run", "softhsm2.conf"])? {
        let copy = format!("{FILES}/{name}");
        let octets = settled(&layout.path(&name)).await?;
        if let Some(folder) = out.join(&copy).parent() {
            private_folder(folder)?;
        }
        write_private(&out.join(&copy), &octets)?;
        manifest.files.insert(copy.clone(), sha256_of(&out.join(&copy))?);
    }
    // Step 4. From here on it is a backup.
    let hash = manifest.write(&out)?;
    println!(
        "{} files in {}: whoever has the folder has the PINs and tokens in it",
        manifest.files.len(),
        out.display()
    );
    println!("{hash}  {}", manifest::NAME);
    Ok(())
}

fn private_folder(path: &Path) -> Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make the folder {}", path.display()))
}

async fn settled(path: &PathBuf) -> Result<Vec<u8>> {
    let read = || std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let is_object = path.extension().is_some_and(|extension| extension == "object");
    for _ in 0..ATTEMPTS {
        let octets = read()?;
        if octets == read()? && !(is_object && octets.is_empty()) {
            return Ok(octets);
        }
        tokio::time::sleep(PAUSE).await;
    }
    bail!("{} is empty, or written all the time", path.display())
}

/// Nobody else reads what a backup has.
fn is_private(path: &Path) -> Result<bool> {
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o077 == 0)
}
