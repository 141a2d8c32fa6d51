//! `signum audit export` and `signum audit verify --bundle`: a log in a folder, looked at without network or database.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use signum_core::audit::{Pinned, verify_bundle};

use super::{ALL, Audited, Verify, is_of, open, read_kept, read_key, say};
use crate::app::witness;
use crate::layout::Layout;

/// What to write, and where.
#[derive(Args)]
pub struct Export {
    /// A new folder; each service's log gets a folder of its own in it.
    #[arg(long)]
    out: PathBuf,
    /// One service's log instead of all three.
    #[arg(long)]
    service: Option<Audited>,
}

pub(super) async fn export(file: Option<&Path>, var: &Path, export: Export) -> Result<()> {
    let config = crate::commands::configuration(file)?;
    let layout = Layout::create(var)?;
    let witnesses = witness::keys(&config)?;
    for service in ALL
        .into_iter()
        .filter(|one| export.service.is_none_or(|only| only == *one))
    {
        let folder = export.out.join(service.name());
        if folder.exists() {
            bail!("{} is there already", folder.display());
        }
        let log = open(&config, &layout, service).await?;
        let key = read_key(&layout.audit_key(service.name()))?;
        let exported = log
            .export(&folder, &key, &witnesses)
            .await
            .with_context(|| format!("log of {}", service.name()))?;
        println!(
            "{}: {} entries, {} checkpoints in {}; {} newer events wait for a checkpoint",
            service.name(),
            exported.entries,
            exported.checkpoints,
            folder.display(),
            exported.left
        );
    }
    Ok(())
}

pub(super) fn verify(bundle: &Path, verify: &Verify) -> Result<()> {
    let kept = read_kept(&verify.kept)?;
    let witnesses: Vec<_> = verify
        .witness
        .iter()
        .map(|file| read_key(file))
        .collect::<Result<_>>()?;
    let (mut used, mut problems, mut logs) = (0, 0, 0);
    for service in ALL
        .into_iter()
        .filter(|one| verify.service.is_none_or(|only| only == *one))
    {
        let folder = bundle.join(service.name());
        if !folder.is_dir() {
            continue;
        }
        logs += 1;
        let log = match &verify.key {
            Some(file) => read_key(file)?,
            None => {
                println!(
                    "{}: the key in the bundle is believed; --key pins another",
                    service.name()
                );
                read_key(&folder.join("log.vkey"))?
            }
        };
        let kept: Vec<String> = kept.iter().filter(|note| is_of(note, &log)).cloned().collect();
        used += kept.len();
        let pinned = Pinned {
            log,
            witnesses: witnesses.clone(),
            kept,
        };
        let report = verify_bundle(&folder, &pinned).with_context(|| folder.display().to_string())?;
        say(service, &report);
        problems += report.problems.len();
    }
    if logs == 0 {
        bail!("{} has no log in it", bundle.display());
    }
    if used < kept.len() {
        bail!("{} kept checkpoints are of none of these logs", kept.len() - used);
    }
    if problems > 0 {
        bail!("the audit log does not hold: {problems} findings");
    }
    Ok(())
}
