//! `signum-demo-desk`: makes the two demo officers' software keys, and vouches as them for the demo people until standard
//! input closes.

use anyhow::Result;
use clap::{Parser, Subcommand};
use signum_demo::{
    desk::{self, Desk},
    officers,
    people::People,
};
use std::{path::PathBuf, process::ExitCode};
use tokio::sync::oneshot;
use url::Url;

/// Two registration officers with software keys, for demonstrations alone.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes the officers' keys unless they exist, and writes their public side.
    Init {
        /// Folder of the private keys.
        #[arg(long, default_value = "var/demo/officers")]
        dir: PathBuf,
        /// File for the public side.
        #[arg(long, default_value = "var/officers.json")]
        out: PathBuf,
        /// RP ID the keys are for: exactly the signer's host.
        #[arg(long, default_value = "sign.localhost")]
        rp_id: String,
        /// The signer's origin.
        #[arg(long, default_value = "http://sign.localhost:8082")]
        origin: Url,
    },
    /// Vouches for the demo people's pending enrolments until standard input closes.
    Run {
        /// Address of the signer.
        #[arg(long, default_value = "http://sign.localhost:8082")]
        signer: Url,
        /// Folder of the private keys.
        #[arg(long, default_value = "var/demo/officers")]
        dir: PathBuf,
        /// File of those who are vouched for, a line each: PNOXK-1234567890. Everybody else is left to people.
        #[arg(long, default_value = "var/demo/people.txt")]
        people: PathBuf,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match act(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("signum-demo-desk: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn act(command: Command) -> Result<()> {
    match command {
        Command::Init {
            dir,
            out,
            rp_id,
            origin,
        } => officers::init(&dir, &out, &rp_id, &origin),
        Command::Run { signer, dir, people } => {
            let desks = officers::load(&dir)?
                .into_iter()
                .map(|officer| Desk::new(officer, &signer, People::at(&people)));
            desk::work(desks.collect::<Result<_>>()?, parent_gone()).await;
            Ok(())
        }
    }
}

/// Resolves when standard input closes. A plain thread reads it: such a read cannot be cancelled.
async fn parent_gone() {
    let (closed, gone) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = closed.send(());
    });
    let _ = gone.await;
}
