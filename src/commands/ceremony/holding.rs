//! `signum ceremony dry-run | run`, and the hidden processes that they start.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use clap::Args;
use signum_ca::ListHash;
use signum_ca::ceremony::{
    Approved, Circumstances, Desk, Entry, Folder, Proof, Prover, Transcript, differences, hold, sign_proof,
};
use signum_core::{Clock, OsRandom, Random, SystemClock};
use signum_hsm_shim::init::{NewToken, create_pin_file, init_token, softhsm_conf};
use signum_hsm_shim::token::{PinSource, Token, TokenConfig};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::machine;
use crate::config::Config;

/// Where a rehearsal's transcript is kept.
const REHEARSED: &str = "rehearsal/transcript.jsonl";

#[derive(Args)]
pub struct Run {
    folder: PathBuf,
    /// The published hash of the first list of officers, typed from the print; spaces do not matter.
    #[arg(long)]
    genesis: ListHash,
    /// Where the PIN comes from: `file:/path`, `credential:NAME` or `shares:/path,/path`. The data folder's file where it is left out.
    #[arg(long)]
    pin: Option<String>,
}

#[derive(Args)]
pub struct DryRun {
    folder: PathBuf,
    #[arg(long)]
    genesis: ListHash,
}

#[derive(Args)]
pub struct Rehearse {
    folder: PathBuf,
    #[arg(long)]
    genesis: ListHash,
    #[arg(long)]
    scratch: PathBuf,
    #[arg(long)]
    module: PathBuf,
}

pub(super) async fn run(config: &Config, var: &Path, run: Run) -> Result<()> {
    let folder = Folder::new(&run.folder);
    let plan = super::plan(&folder)?;
    let (lists, approvals) = (folder.lists()?, folder.approvals()?);
    let approved = Approved::verify(
        plan,
        &Circumstances {
            genesis: run.genesis,
            lists: &lists,
            approvals: &approvals,
            binary: machine::executable_hash(None)?,
            now: SystemClock.now(),
        },
    )?;
    // The module is not loaded yet; the process that comes of this verifies everything again.
    machine::with_softhsm(var)?;
    let token = machine::token(config, var, &approved.plan().file.token.label, run.pin.as_deref())?;
    let transcript = with(approved, &folder, token, &var.join("ceremony/spent")).await?;
    println!("\nclosed; SHA-256 of the last line: {}", hex::encode(transcript.head));
    if folder.exists(REHEARSED) {
        compare(&folder, &transcript)?;
    }
    println!("The auditor signs {}.", folder.path(Folder::TRANSCRIPT).display());
    Ok(())
}

async fn with(approved: Approved, folder: &Folder, token: TokenConfig, spent: &Path) -> Result<Transcript> {
    let prover = FreshProcess(token.clone());
    let desk = Desk {
        clock: &SystemClock,
        random: &OsRandom,
        prover: &prover,
        spent,
        heard: &|entry: &Entry| println!("{:>3}  {}  {}", entry.number, entry.at, entry.deed.name()),
    };
    Ok(hold(approved, folder, || Token::open(token), &desk).await?)
}

fn compare(folder: &Folder, transcript: &Transcript) -> Result<()> {
    let plan = super::plan(folder)?;
    let (rehearsed, _) = Transcript::read(&folder.read(REHEARSED)?, &plan.hash, false)?;
    let differences = differences(&rehearsed, transcript);
    for difference in &differences {
        println!(
            "line {}\n  rehearsed  {}\n  held       {}",
            difference.line, difference.first, difference.second
        );
    }
    if !differences.is_empty() {
        bail!("it did not go as rehearsed: everything is signed, show this to the auditor");
    }
    println!("It went as rehearsed.");
    Ok(())
}

pub(super) fn dry_run(config: &Config, dry: &DryRun) -> Result<()> {
    let folder = Folder::new(&std::path::absolute(&dry.folder)?);
    let plan = super::plan(&folder)?;
    let scratch = tempfile::tempdir().context("no folder for the throw-away token")?;
    let conf = softhsm_conf(scratch.path()).context("cannot write softhsm2.conf")?;
    let status = std::process::Command::new(std::env::current_exe()?)
        .args(["ceremony", "rehearse"])
        .arg(folder.path(""))
        .args(["--genesis", &dry.genesis.to_string(), "--scratch"])
        .arg(scratch.path())
        .arg("--module")
        .arg(&config.hsm.module)
        .env("SOFTHSM2_CONF", conf)
        .stdin(Stdio::null())
        .status()
        .context("the rehearsal cannot be started")?;
    if !status.success() {
        bail!("the rehearsal failed");
    }
    let transcript = Folder::new(&scratch.path().join("folder")).read(Folder::TRANSCRIPT)?;
    Transcript::read(&transcript, &plan.hash, false)?;
    folder.write(REHEARSED, &transcript)?;
    println!(
        "\nrehearsed; the throw-away token is destroyed. {}",
        folder.path(REHEARSED).display()
    );
    Ok(())
}

/// In a process whose SoftHSM knows no token but the one that it makes now.
pub(super) async fn rehearse(rehearse: &Rehearse) -> Result<()> {
    let (folder, scratch) = (Folder::new(&rehearse.folder), &rehearse.scratch);
    let plan = super::plan(&folder)?;
    let (lists, label) = (folder.lists()?, plan.file.token.label.clone());
    let copy = Folder::new(&scratch.join("folder"));
    let inputs: Vec<String> = ["auth", "qsig", "seal", "tsa", "tls"]
        .iter()
        .flat_map(|name| [format!("in/{name}.p10"), format!("in/{name}-rsa.p10")])
        .chain(["in/root.der".to_owned(), Folder::CEREMONY.to_owned()])
        .filter(|input| folder.exists(input))
        .collect();
    for input in inputs {
        copy.write(&input, &folder.read(&input)?)?;
    }
    let pin =
        |name: &str| -> Result<PinSource> { Ok(create_pin_file(&scratch.join(name), |buffer| OsRandom.fill(buffer))?) };
    let user_pin = pin("user.pin")?;
    init_token(&NewToken {
        module: rehearse.module.clone(),
        label: label.clone(),
        so_pin: pin("so.pin")?,
        user_pin: user_pin.clone(),
    })?;
    let token = TokenConfig {
        module: rehearse.module.clone(),
        token: label,
        pin: user_pin,
        sessions: 2,
    };
    let approved = Approved::rehearsal(plan, rehearse.genesis, &lists)?;
    with(approved, &copy, token, &scratch.join("spent")).await.map(drop)
}

/// This executable again.
struct FreshProcess(TokenConfig);

#[async_trait]
impl Prover for FreshProcess {
    async fn prove(&self, label: &str, message: &[u8]) -> Result<Proof, String> {
        let prove = async || -> Result<Proof> {
            let mut child = Command::new("/proc/self/exe")
                .args(["ceremony", "prove"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()?;
            let order = serde_json::to_vec(&(&self.0, label, message))?;
            let mut input = child.stdin.take().context("no pipe")?;
            input.write_all(&order).await?;
            drop(input);
            let output = child.wait_with_output().await?;
            if !output.status.success() {
                bail!("it ended with {}", output.status);
            }
            Ok(serde_json::from_slice(&output.stdout)?)
        };
        prove().await.map_err(|error| format!("{error:#}"))
    }
}

pub(super) async fn prove() -> Result<()> {
    let mut order = Vec::new();
    std::io::stdin().lock().read_to_end(&mut order)?;
    let (token, label, message): (TokenConfig, String, Vec<u8>) = serde_json::from_slice(&order)?;
    let proof = sign_proof(token, &label, &message).await?;
    println!("{}", serde_json::to_string(&proof)?);
    Ok(())
}
