//! `signum ceremony countersign | verify`: the auditor's signature, and the check that anybody can make.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use signum_ca::ListHash;
use signum_ca::ceremony::{
    Folder, Report, Transcript, verify as verify_folder, verify_countersignature, verify_note, write_renderings,
};

use crate::config::Config;

#[derive(Args)]
pub struct Countersign {
    folder: PathBuf,
    /// What `openssl cms -sign -binary -outform DER` made of the transcript.
    #[arg(long)]
    signature: PathBuf,
}

#[derive(Args)]
pub struct Verify {
    folder: PathBuf,
    /// The published hash of the first list of officers; the pinned one of the settings where it is left out.
    #[arg(long)]
    genesis: Option<ListHash>,
    /// Public key of the CA's audit checkpoints (vkey), to check the online side's note as well.
    #[arg(long)]
    key: Option<PathBuf>,
}

pub(super) fn countersign(countersign: &Countersign) -> Result<()> {
    let folder = Folder::new(&countersign.folder);
    let plan = super::plan(&folder)?;
    let text = folder.read(Folder::TRANSCRIPT)?;
    let (transcript, _) = Transcript::read(&text, &plan.hash, false)?;
    if transcript.files().is_none() {
        bail!("the ceremony was not brought to its end");
    }
    let signature = super::read_der(&countersign.signature)?;
    verify_countersignature(&text, &signature, &folder.read(Folder::AUDITOR)?, &plan.auditor)?;
    // Missing after a crash in the ceremony's last moment.
    write_renderings(&folder, &plan, &transcript)?;
    folder.write(Folder::COUNTERSIGNATURE, &signature)?;
    println!("The auditor's signature holds.");
    Ok(())
}

pub(super) fn verify(config: &Config, verify: &Verify) -> Result<()> {
    let folder = Folder::new(&verify.folder);
    let genesis = super::genesis(config, verify.genesis.as_ref())?;
    let report = verify_folder(&folder, genesis).map_err(|error| anyhow::anyhow!(error))?;
    let mut problems = report.problems.clone();
    if let Some(key) = &verify.key {
        let key = String::from_utf8(super::read(key)?)?.parse()?;
        let note = String::from_utf8(folder.read(Folder::NOTE)?)?;
        if let Err(error) = verify_note(&note, &key, &report.transcript) {
            problems.push(error.to_string());
        }
    }
    tell(&report, &problems)
}

pub(super) fn tell(report: &Report, problems: &[String]) -> Result<()> {
    for problem in problems {
        println!("- {problem}");
    }
    if !problems.is_empty() {
        bail!("{} problems: this ceremony proves nothing", problems.len());
    }
    println!(
        "{}: {} lines, file {}, last line {}; officers, approvals, keys, certificates, lists and the auditor's signature hold.",
        report.plan.file.title,
        report.transcript.entries.len(),
        hex::encode(report.plan.hash),
        hex::encode(report.transcript.head)
    );
    Ok(())
}
