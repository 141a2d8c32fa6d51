//! `signum restore`: a new data folder and databases out of a backup, on this machine or another one.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use signum_activation::config::ModuleConfig;

use super::manifest::{FILES, Manifest, database_file, files_below};
use crate::app::{Databases, Service};
use crate::commands::audit::{self, Audited};
use crate::config::Config;
use crate::layout::{Layout, write_private};

/// Restores what is whole into what is empty, and says whether the audit logs hold up to where they were signed.
pub async fn run(file: Option<&Path>, var: &Path, from: &Path) -> Result<()> {
    let config = crate::commands::configuration(file)?;
    // Step 1. Everything of the backup is there as it was written; nothing of ours is in its way.
    let manifest = Manifest::verified(from)?;
    if var.exists() && !files_below(var, &[])?.is_empty() {
        bail!("{} has files in it: a backup makes a new data folder", var.display());
    }
    let layout = Layout::create(var)?;
    // Step 2. The databases.
    for (service, name) in databases(&manifest) {
        let url = Databases::address(&config, &layout, service)?;
        url.restore_from(&from.join(name))
            .await
            .with_context(|| format!("database of {}", service.name()))?;
    }
    // Step 3. The data folder; the replica's name and what belonged to its processes stay behind.
    let below = format!("{FILES}/");
    for (copy, name) in manifest
        .files
        .keys()
        .filter_map(|copy| Some((copy, copy.strip_prefix(&below)?)))
    {
        let (octets, path) = (std::fs::read(from.join(copy))?, layout.path(name));
        if let Some(folder) = path.parent() {
            super::private_folder(folder)?;
        }
        let octets = match path == layout.module_config() {
            true => moved(&octets, &manifest.root, layout.root())?,
            false => octets,
        };
        write_private(&path, &octets)?;
    }
    // Step 4. The logs go on from where they were.
    let problems = logs(&config, &layout, &manifest).await?;
    if !super::is_private(layout.root())? {
        bail!("{} can be read by others", layout.root().display());
    }
    if problems > 0 {
        bail!("restored, and the audit log does not hold: {problems} findings");
    }
    println!("{} is as it was at {}", layout.root().display(), manifest.made_at);
    Ok(())
}

fn databases(manifest: &Manifest) -> impl Iterator<Item = (Service, String)> {
    let there = |service| Some((service, database_file(service))).filter(|(_, name)| manifest.files.contains_key(name));
    Service::ALL.into_iter().filter_map(there)
}

async fn logs(config: &Config, layout: &Layout, manifest: &Manifest) -> Result<usize> {
    let mut problems = 0;
    for (service, _) in databases(manifest) {
        let kept: Vec<String> = manifest.checkpoints.get(service.name()).cloned().into_iter().collect();
        if kept.is_empty() {
            continue; // Nothing was signed yet.
        }
        let one = Audited::of(service);
        let log = audit::open(config, layout, one).await?;
        let report = log
            .verify(&audit::read_key(&layout.audit_key(service.name()))?, &kept)
            .await?;
        log.cx().db.close().await;
        audit::say(one, &report);
        problems += report.problems.len();
    }
    Ok(problems)
}

/// The module's configuration with the paths of the data folder that is now.
fn moved(text: &[u8], before: &Path, now: &Path) -> Result<Vec<u8>> {
    if before == now {
        return Ok(text.to_owned());
    }
    let mut module: ModuleConfig = toml::from_str(std::str::from_utf8(text)?).context("module.toml")?;
    let own = [&mut module.pin_file, &mut module.socket, &mut module.journal];
    for path in own.into_iter().chain(&mut module.pinned_issuers) {
        move_path(path, before, now);
    }
    Ok(toml::to_string(&module)?.into_bytes())
}

fn move_path(path: &mut PathBuf, before: &Path, now: &Path) {
    if let Ok(rest) = path.strip_prefix(before) {
        *path = now.join(rest);
    }
}
