//! `signum ca terminate`: the end of an authority that two officers agreed to, up to its last lists.

use std::path::Path;

use anyhow::Result;
use clap::Args;
use signum_ca::{Manner, Service, TerminationError, TerminationState};

use super::opened::Opened;
use crate::layout::Layout;

/// Which authority.
#[derive(Args)]
pub struct Terminate {
    /// Such as qsig.
    authority: String,
    #[command(flatten)]
    manner: How,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct How {
    /// Revoke its certificates now.
    #[arg(long)]
    revoke: bool,
    /// Let its certificates live to their end.
    #[arg(long)]
    expire: bool,
    /// Go on with what was decided.
    #[arg(long)]
    resume: bool,
}

/// Decides, and goes as far as it goes now; the running Signum does the rest.
pub async fn terminate(file: Option<&Path>, var: &Path, wanted: Terminate) -> Result<()> {
    let config = super::super::configuration(file)?;
    let opened = Opened::open(&config, &Layout::create(var)?).await?;
    let state = go(&opened.ca, &wanted).await;
    opened.close().await;
    match state? {
        TerminationState::Waiting { living, until } => {
            println!(
                "{} certifies nobody any more; {living} of its certificates are in force",
                wanted.authority
            );
            if let Some(until) = until {
                println!("the last one ends at {until}; then the running Signum publishes the last lists");
            }
        }
        TerminationState::Ended => {
            println!(
                "{} has ended: its last lists are published and have no end",
                wanted.authority
            );
            println!("next: destroy its key in a ceremony (docs/OPERATIONS.md, \"The end of an authority\")");
        }
    }
    Ok(())
}

async fn go(ca: &Service, wanted: &Terminate) -> Result<TerminationState> {
    let manner = match (wanted.manner.revoke, wanted.manner.expire) {
        (true, _) => Some(Manner::Revoke),
        (false, true) => Some(Manner::Expire),
        (false, false) => None,
    };
    if let Some(manner) = manner {
        let termination = ca.termination(&wanted.authority, manner).await?;
        match ca.decide_termination(&termination).await {
            Ok(()) | Err(TerminationError::Decided) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(ca.terminate(&wanted.authority).await?)
}
