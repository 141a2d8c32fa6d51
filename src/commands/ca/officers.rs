//! `signum ca officers`: lists of officers on their way from a draft to being in force.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use signum_ca::{
    Gesture, ListHash, ListSignature, ListedOfficer, OfficerList, Officers, SignedList, key_and_gesture_pages,
};
use signum_core::{OsRandom, http};

use super::change::open;
use crate::commands::asked::ask;
use crate::layout::write_private;

#[derive(Subcommand)]
pub enum OfficersCommand {
    /// Show the officers in force, after every list was verified from the pinned hash.
    Show,
    /// Verify lists from files, from a published hash, without any database.
    Verify(Verify),
    /// Write the next list, or the first one; nobody has agreed to it yet.
    Draft(Draft),
    /// Print what an administrator's browser is asked (WebAuthn request options) to agree to a list.
    Options {
        list: PathBuf,
        /// The administrator's id.
        #[arg(long)]
        officer: String,
    },
    /// Put an administrator's gesture into a list.
    Approve(Approve),
    /// Put a list in force: the first one, or one that enough administrators agreed to.
    Accept { list: PathBuf },
    /// Serve the pages where officers make keys and gestures, until Ctrl-C. It needs neither CA nor network.
    Page {
        /// On loopback; browsers come by the host that the keys are for, such as ra.localhost.
        #[arg(long, default_value = "127.0.0.1:8085")]
        listen: SocketAddr,
    },
}

#[derive(Args)]
pub struct Verify {
    /// Lists in their order, as `accept` took them.
    #[arg(required = true)]
    lists: Vec<PathBuf>,
    /// The published hash of the first list.
    #[arg(long)]
    genesis: ListHash,
}

#[derive(Args)]
pub struct Draft {
    /// The officers: a JSON array as docs/OPERATIONS.md "Officers" shows it.
    officers: PathBuf,
    /// How many administrators agree to the list after this one.
    #[arg(long, default_value_t = 2)]
    needed: u64,
    /// How many ceremony operators a ceremony takes.
    #[arg(long, default_value_t = 2)]
    operators_needed: u64,
    /// It is the first list: there is none before it.
    #[arg(long)]
    first: bool,
    #[arg(long)]
    out: PathBuf,
}

#[derive(Args)]
pub struct Approve {
    list: PathBuf,
    #[arg(long)]
    officer: String,
    /// What the browser returned (`PublicKeyCredential.toJSON()`), or `{"type": "card", "signature": ...}`.
    #[arg(long)]
    gesture: PathBuf,
}

pub async fn run(file: Option<&Path>, var: &Path, command: OfficersCommand) -> Result<()> {
    match command {
        OfficersCommand::Verify(verify) => verify_files(&verify),
        OfficersCommand::Page { listen } => page(listen).await,
        OfficersCommand::Draft(asked) => draft(file, var, asked).await,
        OfficersCommand::Show => {
            say(&open(file, var).await?.officers().await?);
            Ok(())
        }
        OfficersCommand::Options { list, officer } => {
            let officers = open(file, var).await?.officers().await?;
            let signed: SignedList = read(&list)?;
            print_options(&officers, &officer, &signed.list.challenge())
        }
        OfficersCommand::Approve(asked) => approve(&open(file, var).await?.officers().await?, &asked),
        OfficersCommand::Accept { list } => {
            let officers = open(file, var).await?.accept_officers(&read(&list)?).await?;
            println!("list {} is in force: {}", officers.list().version, officers.hash());
            println!(
                "set ca.officers_at_least = {} on every machine",
                officers.list().version
            );
            Ok(())
        }
    }
}

async fn page(listen: SocketAddr) -> Result<()> {
    let listener = http::bind(listen, false, "--listen").await?;
    let port = listener.local_addr()?.port();
    let address = format!("http://{}", listener.local_addr()?).parse()?;
    let pages = key_and_gesture_pages(address, Arc::new(OsRandom));
    println!("http://ra.localhost:{port}/key makes an officer's key; Ctrl-C ends");
    let stop = async {
        tokio::signal::ctrl_c().await.ok();
    };
    Ok(axum::serve(listener, pages).with_graceful_shutdown(stop).await?)
}

fn verify_files(verify: &Verify) -> Result<()> {
    let lists = verify.lists.iter().map(|path| read(path)).collect::<Result<Vec<_>>>()?;
    say(&Officers::verify(verify.genesis, &lists)?);
    Ok(())
}

fn say(officers: &Officers) {
    let list = officers.list();
    println!("list {}  SHA-256 {}", list.version, officers.hash());
    println!(
        "{} administrators agree to the next list, {} operators hold a ceremony",
        list.needed, list.operators_needed
    );
    for officer in &list.officers {
        let roles: Vec<&str> = officer.roles.iter().map(|role| role.name()).collect();
        let desks: Vec<&str> = officer.desks.iter().map(String::as_str).collect();
        println!("{:<24} {:<48} {}", officer.id, roles.join(" "), desks.join(" "));
    }
}

async fn draft(file: Option<&Path>, var: &Path, draft: Draft) -> Result<()> {
    let officers: Vec<ListedOfficer> = read(&draft.officers)?;
    let (version, previous) = if draft.first {
        (1, None)
    } else {
        let before = open(file, var).await?.officers().await?;
        (before.list().version + 1, Some(before.hash()))
    };
    let list = OfficerList {
        version,
        previous,
        needed: draft.needed,
        operators_needed: draft.operators_needed,
        officers,
    };
    list.check()?;
    let hash = list.hash();
    let signatures = Vec::new();
    ensure!(!draft.out.exists(), "{} is there already", draft.out.display());
    write(&draft.out, &SignedList { list, signatures })?;
    println!("{}  list {version}", draft.out.display());
    println!("SHA-256 that the officers compare: {hash}");
    if draft.first {
        println!("print and publish it, and set ca.officers_genesis to it");
    }
    Ok(())
}

fn approve(officers: &Officers, asked: &Approve) -> Result<()> {
    let mut signed: SignedList = read(&asked.list)?;
    let signature = ListSignature {
        officer: asked.officer.clone(),
        gesture: read_gesture(&asked.gesture)?,
    };
    officers.agrees(&signed.list, &signature)?;
    if signed.signatures.iter().any(|earlier| earlier.officer == asked.officer) {
        bail!("{} has agreed already", asked.officer);
    }
    signed.signatures.push(signature);
    write(&asked.list, &signed)?;
    println!(
        "{} of {} administrators",
        signed.signatures.len(),
        officers.list().needed
    );
    Ok(())
}

/// For the passkey that the list in force has for the officer.
fn print_options(officers: &Officers, id: &str, challenge: &[u8; 32]) -> Result<()> {
    let officer = officers.list().find(id);
    let officer = officer.with_context(|| format!("{id} is not in the list of officers"))?;
    ask(officer, challenge);
    Ok(())
}

fn read_gesture(path: &Path) -> Result<Gesture> {
    let answer: Value = read(path)?;
    Gesture::from_json(&answer).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| path.display().to_string())
}

fn write(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    write_private(path, &text)
}
