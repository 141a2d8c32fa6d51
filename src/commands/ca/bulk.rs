//! `signum ca bulk`: what an operator types when a mass event strikes (docs/OPERATIONS.md).

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use signum_ca::{BulkPlan, BulkPredicate, BulkProgress, BulkProposal, KeyKind, PreparedBulk, Service};
use signum_core::Id;
use signum_core::contract::StatusAction;

use super::approval::{gesture, options};
use super::change::{open, time};

#[derive(Subcommand)]
pub enum BulkCommand {
    /// Count what matches, show a sample, keep the plan. Changes no certificate.
    Prepare(Prepare),
    /// Show a plan again, with what it matches now.
    Show { id: String },
    /// Use the approval that one officer asked for and another gave (`signum ca approval`).
    Approve { id: String },
    /// Take back an action that has not begun, as one officer: prints what the authenticator signs; with --assertion does it.
    Withdraw {
        id: String,
        /// The officer's id; revocation officers and administrators may.
        #[arg(long)]
        officer: String,
        /// What the browser returned (`PublicKeyCredential.toJSON()`).
        #[arg(long)]
        assertion: Option<PathBuf>,
    },
    /// Have the running Signum begin.
    Run { id: String },
    /// Have it stop before its next batch.
    Pause { id: String },
    /// Go on after a pause.
    Resume { id: String },
    /// How far one action is, or every one.
    Status { id: Option<String> },
}

#[derive(Args)]
pub struct Prepare {
    #[command(flatten)]
    what: What,
    /// Authority that issued them, such as qsig.
    #[arg(long)]
    issuer: Option<String>,
    /// Profile, such as citizen-signature.
    #[arg(long)]
    profile: Option<String>,
    #[arg(long)]
    key: Option<Key>,
    /// Registration desk that asked for them.
    #[arg(long)]
    desk: Option<String>,
    /// Issued at this time or later (RFC 3339).
    #[arg(long)]
    from: Option<String>,
    /// Issued before this time; without it before now. A time to come takes in what is issued until then.
    #[arg(long)]
    until: Option<String>,
    /// Certificates a minute.
    #[arg(long)]
    pace: u32,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Revoke, with this CRLReason; 1 (keyCompromise) blocks the keys.
    #[arg(long, value_name = "REASON")]
    revoke: Option<u8>,
    #[arg(long)]
    suspend: bool,
    #[arg(long)]
    reinstate: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Key {
    Rsa,
    P256,
    P384,
}

pub async fn run(file: Option<&Path>, var: &Path, command: BulkCommand) -> Result<()> {
    let ca = open(file, var).await?;
    match command {
        BulkCommand::Prepare(prepare) => show(&ca.prepare_bulk(prepare.plan()?).await?),
        BulkCommand::Show { id } => show(&ca.bulk_proposal(parse(&id)?).await?),
        BulkCommand::Approve { id } => {
            ca.approve_bulk(parse(&id)?).await?;
            println!("approved; to begin: signum ca bulk run {id}");
        }
        BulkCommand::Withdraw { id, officer, assertion } => match assertion {
            Some(assertion) => {
                ca.withdraw_bulk(parse(&id)?, &officer, &gesture(&assertion)?).await?;
                say(&ca, &id).await?;
            }
            None => {
                let prepared = ca.bulk_proposal(parse(&id)?).await?.prepared;
                eprintln!("withdraw: {}", prepared.summary());
                options(&ca, &officer, &prepared.withdrawn()).await?;
            }
        },
        BulkCommand::Run { id } | BulkCommand::Resume { id } => {
            ca.run_bulk(parse(&id)?).await?;
            say(&ca, &id).await?;
        }
        BulkCommand::Pause { id } => {
            ca.pause_bulk(parse(&id)?).await?;
            say(&ca, &id).await?;
        }
        BulkCommand::Status { id: Some(id) } => say(&ca, &id).await?,
        BulkCommand::Status { id: None } => ca.bulk_actions().await?.iter().for_each(report),
    }
    Ok(())
}

impl Prepare {
    fn plan(self) -> Result<BulkPlan> {
        let action = match (self.what.revoke, self.what.suspend) {
            (Some(reason), _) => StatusAction::Revoke { reason },
            (None, true) => StatusAction::Suspend,
            (None, false) => StatusAction::Reinstate,
        };
        let key = self.key.map(|key| match key {
            Key::Rsa => KeyKind::Rsa,
            Key::P256 => KeyKind::P256,
            Key::P384 => KeyKind::P384,
        });
        Ok(BulkPlan {
            action,
            predicate: BulkPredicate {
                issuer: self.issuer,
                profile: self.profile,
                key,
                desk: self.desk,
                issued_from: self.from.as_deref().map(time).transpose()?,
                issued_until: self.until.as_deref().map(time).transpose()?,
            },
            pace: self.pace,
        })
    }
}

fn parse(id: &str) -> Result<Id<PreparedBulk>> {
    Id::parse(id).context("the id of a bulk action, as `signum ca bulk status` shows it")
}

fn show(proposal: &BulkProposal) {
    let prepared = &proposal.prepared;
    println!("{}", Id::<PreparedBulk>::from_bytes(prepared.id));
    println!("{}", prepared.summary());
    println!("SHA-256 {}", hex::encode(prepared.hash()));
    println!("among them:");
    for name in &proposal.sample {
        println!("  {name}");
    }
}

async fn say(ca: &Service, id: &str) -> Result<()> {
    report(&ca.bulk_progress(parse(id)?).await?);
    Ok(())
}

fn report(progress: &BulkProgress) {
    let done = progress.changed + progress.unchanged + progress.refused;
    println!(
        "{}  {}: {}\n  {done} done ({} changed, {} already so, {} refused), {} left",
        progress.id(),
        progress.state,
        progress.prepared.summary(),
        progress.changed,
        progress.unchanged,
        progress.refused,
        progress.left
    );
    if let (Some(requester), Some(approver)) = (&progress.requester, &progress.approver) {
        println!("  asked for by {requester}, approved by {approver}");
    }
    if let (Some(rate), Some(minutes)) = (progress.per_minute, progress.minutes_left) {
        println!("  {rate} a minute, {minutes} minutes to go");
    }
}
