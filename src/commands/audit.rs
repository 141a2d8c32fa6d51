//! `signum audit verify|checkpoint`: whether anybody changed what the services wrote about themselves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use signum_core::audit::{Log, Report, VerifierKey};
use signum_core::{Cx, OsRandom, SystemClock};

use crate::app::Databases;
use crate::config::Config;
use crate::layout::Layout;

/// A service with an audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Audited {
    Ca,
    Idp,
    Signer,
}

const ALL: [Audited; 3] = [Audited::Ca, Audited::Idp, Audited::Signer];

impl Audited {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ca => "ca",
            Self::Idp => "idp",
            Self::Signer => "signer",
        }
    }
}

/// What to look at.
#[derive(Args)]
pub struct Verify {
    /// One service's log instead of all three.
    #[arg(long)]
    service: Option<Audited>,
    /// The log's public key (a C2SP vkey in a file), kept away from this machine; needs --service. Without it the file that
    /// the first start wrote is believed.
    #[arg(long, requires = "service")]
    key: Option<PathBuf>,
    /// A checkpoint that was kept elsewhere (`signum audit checkpoint`); may be given often. It shows that the end of a log
    /// was cut off.
    #[arg(long)]
    kept: Vec<PathBuf>,
}

/// Looks at the logs and says what does not hold; fails when anything does not.
pub async fn verify(file: Option<&Path>, var: &Path, verify: Verify) -> Result<()> {
    let config = super::configuration(file)?;
    let layout = Layout::create(var)?;
    let kept = read_kept(&verify.kept)?;
    let mut used = 0;
    let mut problems = 0;
    for service in ALL
        .into_iter()
        .filter(|one| verify.service.is_none_or(|only| only == *one))
    {
        let key = read_key(&verify.key.clone().unwrap_or_else(|| layout.audit_key(service.name())))?;
        let own: Vec<String> = kept.iter().filter(|note| is_of(note, &key)).cloned().collect();
        used += own.len();
        let log = open(&config, &layout, service).await?;
        let report = log.verify(&key, &own).await?;
        say(service, &report);
        problems += report.problems.len();
    }
    if used < kept.len() {
        bail!("{} kept checkpoints are of none of these logs", kept.len() - used);
    }
    if problems > 0 {
        bail!("the audit log does not hold: {problems} findings");
    }
    Ok(())
}

/// Prints the newest checkpoint of a log, for somebody else to keep.
pub async fn checkpoint(file: Option<&Path>, var: &Path, service: Audited) -> Result<()> {
    let config = super::configuration(file)?;
    let db = Databases::one(&config, &Layout::create(var)?, service.name()).await?;
    let newest = "SELECT note FROM audit_checkpoint ORDER BY tree_size DESC LIMIT 1";
    let row = db.opt(newest, vec![]).await?.context("nothing was signed yet")?;
    print!("{}", row.get::<String>("note")?);
    Ok(())
}

fn say(service: Audited, report: &Report) {
    println!(
        "{}: {} events, {} checkpoints hold; {} events wait for their index",
        service.name(),
        report.head.size,
        report.checkpoints,
        report.waiting
    );
    if let Some(newest) = &report.newest {
        println!("  signed up to event {} at {}", newest.head.size, newest.at);
    }
    for problem in &report.problems {
        println!("  DOES NOT HOLD  {problem}");
    }
}

async fn open(config: &Config, layout: &Layout, service: Audited) -> Result<Log> {
    let cx = Cx {
        db: Databases::one(config, layout, service.name()).await?,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
    };
    Ok(Log::new(cx, service.name()))
}

/// The first line of a note is the name of its log's key.
fn is_of(note: &str, key: &VerifierKey) -> bool {
    note.lines().next() == Some(key.name())
}

fn read_kept(files: &[PathBuf]) -> Result<Vec<String>> {
    let read =
        |file: &PathBuf| std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()));
    files.iter().map(read).collect()
}

/// A verifier key from its file.
pub(crate) fn read_key(file: &Path) -> Result<VerifierKey> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    text.parse().with_context(|| file.display().to_string())
}
