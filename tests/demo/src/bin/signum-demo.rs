//! `signum-demo`: the whole trip without a person.

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use signum_demo::{
    Outcome,
    trip::{self, Commands, Plan, Services},
};
use std::{path::PathBuf, process::ExitCode, time::Duration};
use url::Url;

/// Makes the whole trip without a person against running services, and has the result judged.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Activate, log in at a relying party, enrol for signing, sign a PDF, log out, and check everything.
    Trip(Trip),
}

#[derive(Args)]
struct Trip {
    /// Data folder of the running `signum up`.
    #[arg(long, default_value = "./var")]
    var: PathBuf,
    /// Folder for the result [default: demo/ in the data folder].
    #[arg(long)]
    out: Option<PathBuf>,
    /// Address of the IdP; this and the next three are by default those of the Signum that runs on the data folder.
    #[arg(long)]
    idp: Option<Url>,
    /// Address of the signer.
    #[arg(long)]
    signer: Option<Url>,
    /// Address of the demo relying party.
    #[arg(long)]
    rp: Option<Url>,
    /// Address of the PKI (certificates, status).
    #[arg(long)]
    pki: Option<Url>,
    /// Activation code or address; without one a fresh demo person is made with `signum`.
    #[arg(long, conflicts_with = "activation_file")]
    activation_code: Option<String>,
    /// File that holds the activation code or address.
    #[arg(long)]
    activation_file: Option<PathBuf>,
    /// The executable `signum` [default: the one beside this].
    #[arg(long)]
    signum: Option<PathBuf>,
    /// Configuration file for `signum`.
    #[arg(long)]
    config: Option<PathBuf>,
    /// PDF to sign [default: a decision of a municipality that does not exist].
    #[arg(long)]
    document: Option<PathBuf>,
    /// Python environment with pyHanko [default: venv/ of the build folder, where ./test puts it].
    #[arg(long)]
    pyhanko: Option<PathBuf>,
    /// Seconds any single step may take.
    #[arg(long, default_value_t = 60)]
    step_timeout: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Command::Trip(arguments) = Arguments::parse().command;
    match make(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("signum-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn make(arguments: Trip) -> Result<()> {
    let plan = plan(arguments)?;
    let out = std::path::absolute(&plan.out)?;
    let result = trip::travel(&plan).await;
    let logs = "Where to look: the log of `signum up` (under `./run demo`: demo/up.log in the data folder)";
    let report = result.with_context(|| format!("{logs}, and {}", out.join("report.txt").display()))?;
    println!("\n{}", report.verdict());
    println!("Signed document, certificates and report: {}", out.display());
    anyhow::ensure!(report.outcome() == Outcome::Held, "not every step held");
    Ok(())
}

fn plan(arguments: Trip) -> Result<Plan> {
    let own = std::env::current_exe().context("cannot tell where signum-demo itself lies")?;
    let folder = own.parent().context("signum-demo lies nowhere")?;
    let activation = match (arguments.activation_code, &arguments.activation_file) {
        (Some(code), _) => Some(code),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            Some(
                text.lines()
                    .map(str::trim)
                    .find(|line| !line.is_empty())
                    .context("the activation file is empty")?
                    .into(),
            )
        }
        (None, None) => None,
    };
    let services = match (arguments.idp, arguments.signer, arguments.rp, arguments.pki) {
        (Some(idp), Some(signer), Some(rp), Some(pki)) => Services { idp, signer, rp, pki },
        (idp, signer, rp, pki) => {
            let running = Services::running(&arguments.var)?;
            Services {
                idp: idp.unwrap_or(running.idp),
                signer: signer.unwrap_or(running.signer),
                rp: rp.unwrap_or(running.rp),
                pki: pki.unwrap_or(running.pki),
            }
        }
    };
    let signum = arguments
        .signum
        .or_else(|| Some(folder.join("signum")).filter(|signum| signum.is_file()));
    let venv = || {
        folder
            .parent()
            .map(|build| build.join("venv"))
            .filter(|venv| venv.is_dir())
    };
    Ok(Plan {
        services,
        out: arguments.out.unwrap_or_else(|| arguments.var.join("demo")),
        activation,
        commands: signum.map(|signum| Commands {
            signum,
            var: arguments.var,
            config: arguments.config,
        }),
        document: arguments.document,
        pyhanko: arguments.pyhanko.or_else(venv),
        step_timeout: Duration::from_secs(arguments.step_timeout),
    })
}
