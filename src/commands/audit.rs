//! `signum audit ...`: whether anybody changed what the services wrote about themselves, and proofs of it for others.

mod bundle;
mod proof;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use signum_core::audit::{Log, Report, VerifierKey, erase as erase_events};
use signum_core::{Cx, DbError, OsRandom, SystemClock};

use crate::app::{Databases, Service};
use crate::config::Config;
use crate::layout::Layout;

/// What to do with the logs.
#[derive(Subcommand)]
pub enum AuditCommand {
    /// Compute every leaf and root again and check every signed checkpoint; say exactly what does not hold.
    Verify(Verify),
    /// Print the newest signed checkpoint of a log, to be kept where nobody here can change it.
    Checkpoint {
        #[arg(long)]
        service: Audited,
    },
    /// Print the public key of a log as auditors (type 0x04) and witnesses (type 0x01) pin it.
    Key {
        #[arg(long)]
        service: Audited,
    },
    /// Prove that an entry lies under a signed checkpoint.
    Prove(proof::Prove),
    /// Prove that the log of one size goes on from that of another.
    Consistency(proof::Consistency),
    /// Prove to a subscriber that the issuance of their certificate stands in the log.
    Receipt(proof::Receipt),
    /// Check a receipt with nothing but the log's key.
    CheckReceipt(proof::CheckReceipt),
    /// Forget a record of a person: erase what the log says about it with the salt that hid it, and show that the log still holds.
    Erase(Erase),
    /// Write whole logs into a folder, for `signum audit verify --bundle` on a machine without a network.
    Export(bundle::Export),
}

/// Runs one of them.
pub async fn run(file: Option<&Path>, var: &Path, command: AuditCommand) -> Result<()> {
    match command {
        AuditCommand::Verify(verify) => self::verify(file, var, verify).await,
        AuditCommand::Checkpoint { service } => checkpoint(file, var, service).await,
        AuditCommand::Key { service } => key(var, service),
        AuditCommand::Prove(prove) => proof::prove(file, var, prove).await,
        AuditCommand::Consistency(consistency) => proof::consistency(file, var, consistency).await,
        AuditCommand::Receipt(receipt) => proof::receipt(file, var, receipt).await,
        AuditCommand::CheckReceipt(check) => proof::check(var, &check),
        AuditCommand::Erase(erase) => self::erase(file, var, erase).await,
        AuditCommand::Export(export) => bundle::export(file, var, export).await,
    }
}

/// A service with an audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Audited {
    Ca,
    Idp,
    Signer,
}

pub(super) const ALL: [Audited; 3] = [Audited::Ca, Audited::Idp, Audited::Signer];

impl Audited {
    pub(super) fn of(service: Service) -> Self {
        match service {
            Service::Ca => Self::Ca,
            Service::Idp => Self::Idp,
            Service::Signer => Self::Signer,
        }
    }

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
    /// A folder that `signum audit export` wrote: only it is looked at, without database, network or data folder.
    #[arg(long)]
    bundle: Option<PathBuf>,
    /// A witness's public key (vkey in a file); may be given often. Says up to where the witness saw the log, and whether what
    /// bears its name is signed by it. With --bundle.
    #[arg(long, requires = "bundle")]
    witness: Vec<PathBuf>,
}

/// Whose record, in which log.
#[derive(Args)]
pub struct Erase {
    #[arg(long)]
    service: Audited,
    /// What the events call the person or the record; never typed from memory: `signum audit` cannot bring it back.
    #[arg(long)]
    subject: String,
    /// The log's public key, as for `verify`.
    #[arg(long)]
    key: Option<PathBuf>,
}

/// Erases, then verifies the whole log: tree and checkpoints cover salted hashes alone.
async fn erase(file: Option<&Path>, var: &Path, wanted: Erase) -> Result<()> {
    let config = super::configuration(file)?;
    let layout = Layout::create(var)?;
    let key = read_key(&wanted.key.unwrap_or_else(|| layout.audit_key(wanted.service.name())))?;
    let log = open(&config, &layout, wanted.service).await?;
    let (report, erased) = forget(&log, &key, &wanted.subject).await?;
    println!("{erased} events forgotten, and their salts with them");
    say(wanted.service, &report);
    match report.problems.len() {
        0 => Ok(()),
        problems => bail!("the audit log does not hold: {problems} findings"),
    }
}

/// Refuses where there is nothing to forget, or where the log did not hold before: nothing is erased then.
async fn forget(log: &Log, key: &VerifierKey, subject: &str) -> Result<(Report, u64)> {
    let before = log.verify(key, &[]).await?;
    if !before.problems.is_empty() {
        bail!("the audit log does not hold: look at it with `signum audit verify` before anything is erased");
    }
    let cx = log.cx();
    let erased = cx
        .db
        .run("audit.erase", |tx| async move { erase_events(&tx, cx, subject).await })
        .await;
    let erased = match erased {
        Ok(0) => bail!("no event of this log is about that"),
        Err(DbError::NotFound) => bail!("an event about it waits for its place: try again in a second"),
        erased => erased?,
    };
    let after = log.verify(key, &[]).await?;
    if after.erased != before.erased + erased || after.head.size < before.head.size {
        bail!(
            "{} events lack their texts, not {}",
            after.erased,
            before.erased + erased
        );
    }
    Ok((after, erased))
}

/// Looks at the logs and says what does not hold; fails when anything does not.
async fn verify(file: Option<&Path>, var: &Path, verify: Verify) -> Result<()> {
    if let Some(folder) = &verify.bundle {
        return bundle::verify(folder, &verify);
    }
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

/// Prints the newest checkpoint of a log with its cosignatures, for somebody else to keep.
async fn checkpoint(file: Option<&Path>, var: &Path, service: Audited) -> Result<()> {
    let config = super::configuration(file)?;
    let log = open(&config, &Layout::create(var)?, service).await?;
    print!("{}", log.newest_note().await?.context("nothing was signed yet")?);
    Ok(())
}

fn key(var: &Path, service: Audited) -> Result<()> {
    let key = read_key(&Layout::create(var)?.audit_key(service.name()))?;
    println!("{key}\n{}", key.plain());
    Ok(())
}

pub(super) fn say(service: Audited, report: &Report) {
    println!(
        "{}: {} events, {} checkpoints hold; {} events wait for their index",
        service.name(),
        report.head.size,
        report.checkpoints,
        report.waiting
    );
    if report.erased > 0 {
        println!(
            "  {} events had their texts erased; their leaves are there",
            report.erased
        );
    }
    for (name, seen) in &report.witnessed {
        println!("  {name} saw the log up to event {} at {}", seen.head.size, seen.at);
    }
    if let Some(newest) = &report.newest {
        println!("  signed up to event {} at {}", newest.head.size, newest.at);
    }
    for problem in &report.problems {
        println!("  DOES NOT HOLD  {problem}");
    }
}

pub(super) async fn open(config: &Config, layout: &Layout, service: Audited) -> Result<Log> {
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
