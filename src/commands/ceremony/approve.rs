//! `signum ceremony options | approve`: operators agree to the SHA-256 of the file, each with a gesture.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use signum_ca::ceremony::{Approval, Folder, challenge, officers, verify_one};
use signum_ca::{Gesture, ListHash};

use crate::commands::asked::ask;

#[derive(Args)]
pub struct Options {
    folder: PathBuf,
    /// The operator's id in the list.
    #[arg(long)]
    officer: String,
    /// The published hash of the first list of officers; spaces do not matter.
    #[arg(long)]
    genesis: ListHash,
}

#[derive(Args)]
pub struct Approve {
    folder: PathBuf,
    #[arg(long)]
    officer: String,
    #[arg(long)]
    genesis: ListHash,
    /// What the browser returned (`PublicKeyCredential.toJSON()`), or a card's signature `{"type": "card", "signature": "..."}`.
    #[arg(long)]
    assertion: PathBuf,
}

pub(super) fn options(options: &Options) -> Result<()> {
    let folder = Folder::new(&options.folder);
    let plan = super::plan(&folder)?;
    let officers = officers(&plan, options.genesis, &folder.lists()?)?;
    let listed = officers.list().find(&options.officer);
    let listed = listed.with_context(|| format!("{} is not in the list of officers", options.officer))?;
    ask(listed, &challenge(&plan.hash));
    Ok(())
}

pub(super) fn approve(approve: &Approve) -> Result<()> {
    let folder = Folder::new(&approve.folder);
    let plan = super::plan(&folder)?;
    let officers = officers(&plan, approve.genesis, &folder.lists()?)?;
    let answer = serde_json::from_slice(&super::read(&approve.assertion)?)?;
    let approval = Approval {
        officer: approve.officer.clone(),
        gesture: Gesture::from_json(&answer)?,
    };
    verify_one(&plan, &officers, &approval)?;
    let mut approvals = folder.approvals()?;
    if approvals.iter().any(|earlier| earlier.officer == approval.officer) {
        bail!("{} has approved it already", approval.officer);
    }
    approvals.push(approval);
    folder.write_approvals(&approvals)?;
    println!("{} of {} approvals", approvals.len(), officers.list().operators_needed);
    Ok(())
}
