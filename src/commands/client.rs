//! `signum client`: services that use the identity provider. Every change is in force with the next request, on every replica.

mod keys;
mod promote;
mod register;
mod show;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use signum_core::{Cx, OsRandom, SystemClock, telemetry};
use signum_idp::clients;

use crate::app::{Databases, Service, Surroundings};
use crate::config::Config;
use crate::layout::Layout;

#[derive(Subcommand)]
pub enum ClientCommand {
    /// Every client: id, realm, whether it is stopped, profile, name.
    List,
    /// What is registered of one client, with the thumbprints of its keys, as JSON.
    Show { id: String },
    /// Register a client for production from a JSON file with the members of RFC 7591. You answer for it: where officers are
    /// configured, let it register itself and promote it.
    Register(register::Register),
    /// From the sandbox to production, or a change there: one officer asks, another one agrees.
    #[command(subcommand)]
    Promote(promote::PromoteCommand),
    /// The kill switch: from now on nothing is done for the client, and what was issued to it is worth nothing.
    Stop(Switch),
    /// Let a stopped client begin anew; what was issued before stays worthless.
    Start(Switch),
    /// A client's public keys.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// A client's secret.
    #[command(subcommand)]
    Secret(keys::SecretCommand),
    /// Register a resource server: access tokens for RESOURCE are its own, and it introspects them as the client ID. Services
    /// may ask for it whose registration lists it in `resources`.
    Resource { resource: String, id: String },
}

#[derive(Args)]
pub struct Switch {
    /// The client's id, from `signum client list`.
    id: String,
    /// Who decided; the audit log keeps it.
    #[arg(long, value_parser = said)]
    officer: String,
    /// Why, in a few words; the audit log keeps it.
    #[arg(long, value_parser = said)]
    reason: String,
}

pub async fn run(file: Option<&Path>, var: &Path, command: ClientCommand) -> Result<()> {
    let opened = Opened::open(file, var).await?;
    let cx = &opened.cx;
    let done = match command {
        ClientCommand::List => show::list(cx).await,
        ClientCommand::Show { id } => show::show(cx, &id).await,
        ClientCommand::Register(wanted) => wanted.run(cx).await,
        ClientCommand::Promote(command) => command.run(&opened).await,
        ClientCommand::Stop(switch) => switch.stop(cx).await,
        ClientCommand::Start(switch) => switch.start(cx).await,
        ClientCommand::Keys(command) => command.run(cx).await,
        ClientCommand::Secret(command) => command.run(cx).await,
        ClientCommand::Resource { resource, id } => serve(cx, &resource, &id).await,
    };
    opened.cx.db.close().await;
    done
}

/// The identity provider's database and what is configured.
struct Opened {
    cx: Cx,
    config: Config,
    layout: Layout,
}

impl Opened {
    /// A data folder without an identity provider is a slip of the pen: nothing is made in it.
    async fn open(file: Option<&Path>, var: &Path) -> Result<Self> {
        let config = super::configuration(file)?;
        if config.database.idp.expose().is_empty() && !var.join("db/idp.sqlite").exists() {
            bail!(
                "{}: there is no identity provider's database in this data folder; name the folder with --var",
                var.display()
            );
        }
        let surroundings = Surroundings {
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            metrics: telemetry::install(&config.logging)?,
        };
        let layout = Layout::create(var)?;
        let cx = Databases::migrated(Service::Idp, &config, &layout, &surroundings).await?;
        Ok(Self { cx, config, layout })
    }
}

async fn serve(cx: &Cx, resource: &str, id: &str) -> Result<()> {
    if clients::look::one(cx, id).await?.is_none() {
        bail!("{id}: there is no such client (`signum client list`)");
    }
    signum_idp::register_resource(cx, resource, id).await?;
    println!("{resource} is served by {id}. A service may ask for it once its registration lists it in `resources`.");
    Ok(())
}

impl Switch {
    async fn stop(self, cx: &Cx) -> Result<()> {
        if !clients::stop(cx, &self.id, &self.officer, &self.reason).await? {
            return self.unchanged(cx, "is stopped already").await;
        }
        println!(
            "{} is stopped: nothing is done for it, and what was issued to it is worth nothing.",
            self.id
        );
        println!(
            "To let it begin anew: signum client start {} --officer ... --reason ...",
            self.id
        );
        Ok(())
    }

    async fn start(self, cx: &Cx) -> Result<()> {
        if !clients::start(cx, &self.id, &self.officer, &self.reason).await? {
            return self.unchanged(cx, "is not stopped").await;
        }
        println!(
            "{} may begin anew; what was issued before it was stopped stays worthless.",
            self.id
        );
        Ok(())
    }

    /// Whoever gave a reason must know that nobody wrote it down.
    async fn unchanged(&self, cx: &Cx, why: &str) -> Result<()> {
        if clients::look::one(cx, &self.id).await?.is_none() {
            bail!("{}: there is no such client (`signum client list`)", self.id);
        }
        bail!("{} {why}: nothing was changed, and nothing recorded", self.id)
    }
}

/// A line of words, as the audit log keeps it.
fn said(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("say it in words".to_owned()),
        1..=200 if !text.chars().any(char::is_control) => Ok(text.to_owned()),
        _ => Err("one line of at most 200 characters".to_owned()),
    }
}
