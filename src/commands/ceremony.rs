//! `signum ceremony`: one file is drafted, checked, approved, rehearsed, held, countersigned, verified and imported.
//!
//! `run` is the one command of this program that loads a PKCS#11 module: the approvals are verified in the very process that
//! then opens the token ([0017](../../docs/decisions/0017-ceremonies.md)).

mod approve;
mod check;
mod drafting;
mod holding;
mod import;
mod machine;
mod verify;

use std::path::Path;

use anyhow::{Context, Result};
use clap::Subcommand;
use signum_ca::ListHash;
use signum_ca::ceremony::{Folder, Plan};

use crate::config::Config;

#[derive(Subcommand)]
pub enum CeremonyCommand {
    /// Print the hash of the first list of officers, to be published and read aloud.
    Genesis(check::Genesis),
    /// Make a token for a ceremony, with PIN files in the data folder.
    InitToken(machine::InitToken),
    /// Write a ceremony file with every line explained, into a folder of its own.
    Draft(Box<drafting::Drafting>),
    /// Say in plain words what a ceremony file asks for, and its hash. Touches no token.
    Check(check::Check),
    /// Print what an operator's authenticator is asked to sign (WebAuthn request options).
    Options(approve::Options),
    /// Add an operator's gesture.
    Approve(approve::Approve),
    /// Hold the whole ceremony with a throw-away SoftHSM token and nobody's approval.
    DryRun(holding::DryRun),
    /// Hold the ceremony, or take it up after an interruption.
    Run(holding::Run),
    /// Take the outside auditor's signature over the transcript into the folder.
    Countersign(verify::Countersign),
    /// Verify a held ceremony; needs nothing but the folder and the published genesis hash.
    Verify(verify::Verify),
    /// Verify a held ceremony and give what came of it to the service.
    Import(import::Import),
    /// The part of a dry run that opens the throw-away token.
    #[command(hide = true)]
    Rehearse(holding::Rehearse),
    /// The fresh process that proves a new key.
    #[command(hide = true)]
    Prove,
}

pub async fn run(file: Option<&Path>, var: &Path, command: CeremonyCommand) -> Result<()> {
    let config = super::configuration(file)?;
    let var = std::path::absolute(var)?;
    match command {
        CeremonyCommand::Genesis(genesis) => check::genesis(&genesis),
        CeremonyCommand::InitToken(init) => machine::init_token(&config, &var, &init),
        CeremonyCommand::Draft(wanted) => drafting::draft(&config, &var, *wanted).await,
        CeremonyCommand::Check(check) => check::check(&check),
        CeremonyCommand::Options(options) => approve::options(&options),
        CeremonyCommand::Approve(approve) => approve::approve(&approve),
        CeremonyCommand::DryRun(dry) => holding::dry_run(&config, &dry),
        CeremonyCommand::Run(run) => holding::run(&config, &var, run).await,
        CeremonyCommand::Countersign(countersign) => verify::countersign(&countersign),
        CeremonyCommand::Verify(verify) => verify::verify(&config, &verify),
        CeremonyCommand::Import(wanted) => import::import(config, &var, &wanted).await,
        CeremonyCommand::Rehearse(rehearse) => holding::rehearse(&rehearse).await,
        CeremonyCommand::Prove => holding::prove().await,
    }
}

fn plan(folder: &Folder) -> Result<Plan> {
    let text = folder.read(Folder::CEREMONY)?;
    Plan::read(&text).with_context(|| folder.path(Folder::CEREMONY).display().to_string())
}

/// As typed from the print, or as pinned in the configuration.
fn genesis(config: &Config, typed: Option<&ListHash>) -> Result<ListHash> {
    if let Some(typed) = typed {
        return Ok(*typed);
    }
    let pinned = config.ca.officers_genesis.parse().ok();
    pinned.context("--genesis is missing: the published hash of the first list of officers")
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// DER, out of PEM where it is PEM.
fn read_der(path: &Path) -> Result<Vec<u8>> {
    let octets = read(path)?;
    if !octets.starts_with(b"-----BEGIN") {
        return Ok(octets);
    }
    let (_, der) = der::pem::decode_vec(&octets).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    Ok(der)
}
