//! `signum ceremony import`: from the removable folder into the service, then the online side's own word on the transcript.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use signum_ca::ListHash;
use signum_ca::ceremony::{Folder, Transcript, note, note_message};
use signum_core::OsRandom;
use signum_hsm_shim::{Hsm, KeyUri, SignatureAlgorithm};

use crate::app::Tokens;
use crate::commands::ca::opened::Opened;
use crate::config::Config;
use crate::layout::Layout;

#[derive(Args)]
pub struct Import {
    folder: PathBuf,
    /// The published hash of the first list of officers; the pinned one of the settings where it is left out.
    #[arg(long)]
    genesis: Option<ListHash>,
}

pub(super) async fn import(config: Config, var: &Path, wanted: &Import) -> Result<()> {
    let folder = Folder::new(&wanted.folder);
    let genesis = super::genesis(&config, wanted.genesis.as_ref())?;
    let layout = Layout::create(var)?;
    let opened = Opened::open(&config, &layout).await?;
    let imported = opened.ca.import_ceremony(&folder, genesis).await;
    opened.close().await;
    let imported = imported?;
    for authority in &imported.authorities {
        println!("{authority}: its certificate is here");
    }
    if let Some((number, until)) = imported.list {
        println!("the root's list number {number} is published; it ends at {until}");
    }
    sign_note(&config, &layout, &folder, &imported.report.transcript).await
}

/// With the key of the CA's audit checkpoints, once the first start has made it.
async fn sign_note(config: &Config, layout: &Layout, folder: &Folder, transcript: &Transcript) -> Result<()> {
    let file = layout.audit_key("ca");
    if !file.exists() {
        println!("no key of audit checkpoints here yet: import again after the first start for its note");
        return Ok(());
    }
    let key = crate::commands::audit::read_key(&file)?;
    let sockets = layout.path(&format!("run/command-{}", std::process::id()));
    let workers = Tokens::start_audit(config, layout, &OsRandom, &sockets).await?;
    let uri = KeyUri::new(&config.audit.token, "checkpoint-ca");
    let message = note_message(&key, transcript).into_bytes();
    let signed = workers.sign(&uri, SignatureAlgorithm::Ed25519, &[message]).await;
    workers.stop().await;
    std::fs::remove_dir_all(&sockets).ok();
    let signatures = signed?;
    let signature: [u8; 64] = match signatures.as_slice() {
        [one] => one.as_slice().try_into().ok(),
        _ => None,
    }
    .context("a signature of another length")?;
    folder.write(Folder::NOTE, note(&key, transcript, &signature).as_bytes())?;
    println!("{}", folder.path(Folder::NOTE).display());
    Ok(())
}
