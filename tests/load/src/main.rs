//! How fast the HSM layer is beside what the module can do at all, and whether it stays the same for ever (issue 3).
//!
//! `signum-load hsm [--short] [--kryoptic MODULE] [--only P-256]`: rates and latencies. `signum-load soak [--short]`: memory, descriptors
//! and objects over many signatures. `signum-load ca [--short] [--only NAME]`: the certification authority (issue 4).
//! `signum-load idp [--short] [--only NAME] [--one-cpu] [--provider FOLDER]`: the identity provider beside npm oidc-provider (issue 5).
//! Tables go to standard output; the exit status says only whether all was right, never whether it was fast.

mod asker;
mod ca;
mod callers;
mod census;
mod child;
mod idp;
mod module;
mod rates;
mod raw;
mod soak;
mod speed;
mod subject;
mod token;
mod wrapped;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// What the command line asks for.
pub struct Options {
    /// A quick look at one module, for the ordinary tests.
    pub short: bool,
    pub modules: Vec<module::Module>,
    /// This algorithm, or this part of `ca`, alone.
    pub only: Option<String>,
    /// How long each figure is measured.
    pub each: Duration,
    /// Server and clients have a processor of their own (`idp`).
    pub one_cpu: bool,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    if what == "child" {
        return child::run();
    }
    let mut options = Options {
        short: false,
        modules: vec![module::Module::softhsm()],
        only: None,
        each: Duration::from_secs(2),
        one_cpu: false,
    };
    let mut provider = None;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--only" => options.only = arguments.next(),
            "--one-cpu" => options.one_cpu = true,
            "--short" => options.short = true,
            "--provider" => provider = arguments.next().map(PathBuf::from),
            "--kryoptic" => {
                let path = arguments.next().context("--kryoptic MODULE")?;
                options.modules.push(module::Module::kryoptic(PathBuf::from(path)));
            }
            other => bail!("{other} is not understood"),
        }
    }
    if options.short {
        options.each = Duration::from_millis(250);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    match what.as_str() {
        "hsm" => runtime.block_on(rates::run(&options)),
        "ca" => runtime.block_on(ca::run(&options)),
        "idp" => runtime.block_on(idp::run(&options, provider)),
        "soak" => runtime.block_on(soak::run(&options)),
        _ => bail!("signum-load hsm | ca | idp | soak [--short] [--kryoptic MODULE]"),
    }
}
