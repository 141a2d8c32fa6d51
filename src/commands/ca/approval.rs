//! `signum ca approval`: what two officers must agree to, where no registration desk is at hand. Gestures are made elsewhere, on a
//! page of the officer's origin; these commands say over what, and take them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use signum_ca::{ApprovalKind, ApprovalRequest, Gesture, Manner, Service};
use signum_core::contract::{AskedBy, StatusAction, StatusChange};
use signum_core::{Clock, Id, OsRandom, SystemClock};

use super::change::open;
use crate::commands::asked::ask;
use crate::layout::write_private;

#[derive(Subcommand)]
pub enum ApprovalCommand {
    /// Ask: writes the request and prints what the officer's authenticator signs; with --assertion hands it in.
    Ask(Ask),
    /// Agree as another officer: prints what the authenticator signs; with --assertion hands it in.
    Give(Give),
    /// What waits for another officer.
    List,
}

#[derive(Args)]
pub struct Ask {
    #[command(flatten)]
    what: What,
    /// The asking officer's id.
    #[arg(long)]
    officer: String,
    /// File of the request (JSON): written first, read with --assertion.
    #[arg(long)]
    request: PathBuf,
    /// Hours until it is worth nothing, a week at most.
    #[arg(long, default_value_t = 24)]
    hours: u64,
    /// What the browser returned (`PublicKeyCredential.toJSON()`).
    #[arg(long)]
    assertion: Option<PathBuf>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Id of a prepared bulk action.
    #[arg(long)]
    bulk: Option<String>,
    /// Serial number of a certificate of the CA's own, and the reason: SERIAL:REASON.
    #[arg(long, value_name = "SERIAL:REASON")]
    ca_revocation: Option<String>,
    /// An authority whose end is meant, and what becomes of its certificates: AUTHORITY:revoke or AUTHORITY:expire.
    #[arg(long, value_name = "AUTHORITY:MANNER")]
    ca_termination: Option<String>,
    /// A certificate by command: what `signum ca issue ... --subject` printed. Whoever agrees prints it anew from the papers.
    #[arg(long, value_name = "SHA-256")]
    ca_key_use: Option<String>,
    /// The settings of this configuration that shape certificates.
    #[arg(long)]
    profile_change: bool,
}

#[derive(Args)]
pub struct Give {
    /// Id of the request, from `signum ca approval list`.
    id: String,
    #[arg(long)]
    officer: String,
    #[arg(long)]
    assertion: Option<PathBuf>,
}

pub async fn run(file: Option<&Path>, var: &Path, command: ApprovalCommand) -> Result<()> {
    let ca = open(file, var).await?;
    match command {
        ApprovalCommand::List => {
            for waiting in ca.waiting_approvals().await? {
                let (id, request) = (hex::encode(waiting.request.hash()), &waiting.request);
                let given = match waiting.approved_by.as_slice() {
                    [] => "not approved".to_owned(),
                    officers => format!("approved by {}", officers.join(", ")),
                };
                println!("{id}  {}: {}", request.kind, request.summary);
                println!("  asked for by {}, {given}", request.requester);
            }
            Ok(())
        }
        ApprovalCommand::Ask(ask) => ask.run(&ca).await,
        ApprovalCommand::Give(give) => give.run(&ca).await,
    }
}

impl Ask {
    async fn run(self, ca: &Service) -> Result<()> {
        let Some(assertion) = &self.assertion else {
            let (kind, subject, summary) = self.what.subject(ca).await?;
            let lives = std::time::Duration::from_secs(self.hours * 3_600);
            let times = (SystemClock.now(), lives);
            let request = ApprovalRequest::new(kind, subject, &summary, &self.officer, times, &OsRandom);
            write_private(&self.request, &serde_json::to_vec_pretty(&request)?)?;
            eprintln!("{}: {summary}", request.kind);
            return options(ca, &self.officer, &request.asked()).await;
        };
        let text = std::fs::read(&self.request).with_context(|| format!("{}", self.request.display()))?;
        let request: ApprovalRequest = serde_json::from_slice(&text).context("not a request")?;
        let id = ca.ask_approval(&request, &gesture(assertion)?).await?;
        println!("{}", hex::encode(id));
        if let Some(officer) = ca.officers().await?.list().find(&request.requester) {
            eprintln!("{}/agree/{}", officer.relying_party.origin, hex::encode(id));
        }
        Ok(())
    }
}

impl What {
    async fn subject(&self, ca: &Service) -> Result<(ApprovalKind, [u8; 32], String)> {
        if let Some(id) = &self.bulk {
            let id = Id::parse(id).context("--bulk: the id of a bulk action")?;
            let prepared = ca.bulk_proposal(id).await?.prepared;
            return Ok((ApprovalKind::BulkAction, prepared.hash(), prepared.summary()));
        }
        if let Some(text) = &self.ca_key_use {
            let mut subject = [0; 32];
            hex::decode_to_slice(text, &mut subject).context("--ca-key-use: 64 hexadecimal digits")?;
            return Ok((
                ApprovalKind::CaKeyUse,
                subject,
                format!("issue one certificate by command: {text}"),
            ));
        }
        if self.profile_change {
            let subject = ca.settings_subject();
            let summary = format!("settings that shape certificates: {}", hex::encode(subject));
            return Ok((ApprovalKind::ProfileChange, subject, summary));
        }
        if let Some(text) = &self.ca_termination {
            let (authority, manner) = text.rsplit_once(':').context("--ca-termination AUTHORITY:MANNER")?;
            let manner = Manner::parse(manner).filter(|manner| *manner != Manner::Ceremony);
            let manner = manner.context("--ca-termination: revoke or expire")?;
            let termination = ca.termination(authority, manner).await?;
            return Ok((ApprovalKind::CaRevocation, termination.hash(), termination.summary()));
        }
        let text = self.ca_revocation.as_deref().unwrap_or_default();
        let (serial, reason) = text.rsplit_once(':').context("--ca-revocation SERIAL:REASON")?;
        let serial = hex::decode(serial).context("--ca-revocation: the serial number in hexadecimal")?;
        if !ca.is_authority(&serial).await? {
            bail!("this is no certificate of the CA's own: one officer revokes it");
        }
        let action = StatusAction::Revoke {
            reason: reason.parse()?,
        };
        let subject = signum_ca::authority_revocation(&StatusChange::new(&serial, action, AskedBy::Operator));
        let summary = format!("revoke the CA certificate {} (reason {reason})", hex::encode(serial));
        Ok((ApprovalKind::CaRevocation, subject, summary))
    }
}

impl Give {
    async fn run(self, ca: &Service) -> Result<()> {
        let id: [u8; 32] = hex::decode(&self.id)
            .ok()
            .and_then(|id| id.try_into().ok())
            .context("the id of a request, as `signum ca approval list` shows it")?;
        if let Some(assertion) = &self.assertion {
            ca.approve(&id, &self.officer, &gesture(assertion)?).await?;
            println!("approved");
            return Ok(());
        }
        let waiting = ca.waiting_approvals().await?;
        let request = waiting
            .into_iter()
            .map(|waiting| waiting.request)
            .find(|r| r.hash() == id);
        let request = request.context("no such request waits")?;
        eprintln!("{}: {}", request.kind, request.summary);
        options(ca, &self.officer, &request.approved()).await
    }
}

/// WebAuthn request options for a page of the officer's origin.
pub(super) async fn options(ca: &Service, officer: &str, challenge: &[u8; 32]) -> Result<()> {
    let officers = ca.officers().await?;
    let listed = officers.list().find(officer).context("no such officer")?;
    ask(listed, challenge);
    Ok(())
}

pub(super) fn gesture(path: &Path) -> Result<Gesture> {
    let text = std::fs::read(path).with_context(|| format!("{}", path.display()))?;
    Ok(Gesture::from_json(&serde_json::from_slice(&text)?)?)
}
