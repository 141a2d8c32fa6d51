//! `signum ca revoke|suspend|reinstate|history`: one certificate's status. These commands use no token.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use clap::{Args, Subcommand};
use signum_ca::{AuthorityRevocation, Deps, Service};
use signum_core::contract::{AskedBy, CertificateState, StatusAction, StatusChange};
use signum_core::{Clock, Cx, OsRandom, SystemClock, Timestamp};
use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri, PublicKey, SignatureAlgorithm};

use crate::app::Databases;
use crate::layout::Layout;

/// What is done with one certificate.
#[derive(Subcommand)]
pub enum ChangeCommand {
    /// Revoke a certificate for good. One of the CA's own needs the approval of two officers.
    Revoke {
        #[command(flatten)]
        which: Which,
        /// CRLReason: 0 unspecified, 1 keyCompromise, 3 affiliationChanged, 4 superseded, 5 cessationOfOperation, 9 privilegeWithdrawn.
        #[arg(long, default_value_t = 0)]
        reason: u8,
        /// Since when the key or what it says is doubtful (RFC 3339).
        #[arg(long)]
        invalid_since: Option<String>,
    },
    /// Suspend the certificate of a person or an organisation until it is reinstated or revoked.
    Suspend(Which),
    /// End a suspension.
    Reinstate(Which),
    /// The status of a certificate now, or at a time before, with its whole history.
    History {
        /// In hexadecimal.
        serial: String,
        /// RFC 3339, such as 2026-11-23T12:00:00Z.
        #[arg(long)]
        at: Option<String>,
    },
}

#[derive(Args)]
pub struct Which {
    /// In hexadecimal.
    serial: String,
    /// Id of the officer who asked; without it the operator did.
    #[arg(long)]
    officer: Option<String>,
}

/// The CA on its database alone.
pub(super) async fn open(file: Option<&Path>, var: &Path) -> Result<Arc<Service>> {
    let config = crate::commands::configuration(file)?;
    let layout = Layout::create(var)?;
    let cx = Cx {
        db: Databases::one(&config, &layout, "ca").await?,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
    };
    let hsm = Arc::new(NoToken);
    Ok(Service::new(crate::app::ca_config(&config, &layout), Deps { cx, hsm })?)
}

/// Changes, and says what is so now.
pub async fn change(file: Option<&Path>, var: &Path, command: ChangeCommand) -> Result<()> {
    let ca = open(file, var).await?;
    let (which, action, invalid_since) = match command {
        ChangeCommand::History { serial, at } => return history(&ca, &serial, at.as_deref()).await,
        ChangeCommand::Revoke {
            which,
            reason,
            invalid_since,
        } => (which, StatusAction::Revoke { reason }, invalid_since),
        ChangeCommand::Suspend(which) => (which, StatusAction::Suspend, None),
        ChangeCommand::Reinstate(which) => (which, StatusAction::Reinstate, None),
    };
    let serial = octets(&which.serial)?;
    let asked_by = which.officer.map_or(AskedBy::Operator, AskedBy::Officer);
    let mut change = StatusChange::new(&serial, action, asked_by);
    change.invalid_since = invalid_since.as_deref().map(time).transpose()?;
    if !ca.is_authority(&serial).await? {
        ca.change(&change).await?;
    } else if let AuthorityRevocation::Ceremony { authority, reason } = ca.revoke_authority(&change).await? {
        next_steps(&authority, reason);
        return Ok(());
    }
    let now = SystemClock.now();
    println!("{}", described(&ca.state_at(None, &serial, now).await?.state));
    Ok(())
}

/// Words, since the offline root's key is not here: what is done, and what people do next.
fn next_steps(authority: &str, reason: &str) {
    println!(
        "{authority} certifies nobody any more. It is NOT revoked yet: the offline root signs the list that says so."
    );
    println!("Next (docs/OPERATIONS.md, \"Key ceremonies and the offline root\"):");
    println!(
        "1. signum ceremony draft revoke --from-service --authority {authority} --reason {reason} --folder FOLDER \\\n     \
         --officers officers.json --auditor auditor.pem --title \"Revocation of {authority}\""
    );
    println!("2. signum ceremony approve FOLDER ...   as many operators as a ceremony takes");
    println!("3. signum ceremony run FOLDER           on the offline machine, with the root's token");
    println!("4. signum ceremony import FOLDER        here: publishes the list; `signum ca status` alarms until then");
}

async fn history(ca: &Service, serial: &str, at: Option<&str>) -> Result<()> {
    let (serial, now) = (octets(serial)?, SystemClock.now());
    let at = at.map(time).transpose()?.unwrap_or(now);
    if at > now {
        bail!("--at: a status is known of the past alone");
    }
    let known = ca.state_at(None, &serial, at).await?;
    let over = if known.expired { ", its validity is over" } else { "" };
    println!("at {at}: {}{over}", described(&known.state));
    for entry in ca.entries(&serial).await? {
        let doubtful = entry.invalid_since.map(|since| format!(", doubtful since {since}"));
        let asked_by = entry.asked_by.map(|who| format!(", asked by {who}"));
        let action = entry.action.map(|id| format!(", bulk action {id}"));
        println!(
            "{}  {}{}{}{}",
            entry.at,
            described_change(entry.change),
            asked_by.unwrap_or_default(),
            doubtful.unwrap_or_default(),
            action.unwrap_or_default()
        );
    }
    Ok(())
}

fn described_change(action: StatusAction) -> String {
    match action {
        StatusAction::Revoke { reason } => format!("revoked (reason {reason})"),
        StatusAction::Suspend => "suspended".to_owned(),
        StatusAction::Reinstate => "reinstated".to_owned(),
    }
}

fn described(state: &CertificateState) -> String {
    match state {
        CertificateState::NotIssued => "not issued".to_owned(),
        CertificateState::Good => "good".to_owned(),
        CertificateState::Suspended { since } => format!("suspended since {since}"),
        CertificateState::Revoked { since, reason, .. } => format!("revoked since {since} (reason {reason})"),
    }
}

fn octets(serial: &str) -> Result<Vec<u8>> {
    hex::decode(serial.replace(':', "")).context("the serial number is not in hexadecimal")
}

pub(super) fn time(text: &str) -> Result<Timestamp> {
    Timestamp::parse(text).with_context(|| format!("{text} is not a time such as 2026-11-23T12:00:00Z"))
}

/// These commands sign nothing.
struct NoToken;

fn none() -> HsmError {
    HsmError::down("this command uses no token")
}

#[async_trait]
impl Hsm for NoToken {
    async fn sign(&self, _: &KeyUri, _: SignatureAlgorithm, _: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, HsmError> {
        Err(none())
    }
    async fn public_key(&self, _: &KeyUri) -> Result<PublicKey, HsmError> {
        Err(none())
    }
    async fn generate(&self, _: &KeyUri, _: KeyAlgorithm) -> Result<PublicKey, HsmError> {
        Err(none())
    }
    async fn health(&self) -> Result<(), HsmError> {
        Err(none())
    }
}
