//! `signum client promote`: two officers, each with a gesture that is made elsewhere, on a page of the officers' origin; these
//! commands say over what, and take it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde_json::Value as Json;
use signum_idp::clients::promotion::{self, Officers, PromotionRequest, Terms};

use super::Opened;
use crate::layout::write_private;

#[derive(Subcommand)]
pub enum PromoteCommand {
    /// Ask: writes the request and prints what the officer's authenticator signs; with --assertion hands it in.
    Ask(Ask),
    /// Agree as another officer: prints what the authenticator signs; with --assertion the client is in production.
    Give(Give),
    /// What waits for another officer.
    List,
}

#[derive(Args)]
pub struct Ask {
    /// The client's id; look at it first with `signum client show`.
    id: String,
    /// The asking officer's id, as in idp.registration.officers.
    #[arg(long)]
    officer: String,
    /// File of the request (JSON): written first, read with --assertion.
    #[arg(long)]
    request: PathBuf,
    /// The law that lets the service have the personal number; without it the service does not get it.
    #[arg(long)]
    legal_basis: Option<String>,
    /// A network (CIDR) from which it may ask for tokens; may be repeated. Without it what was agreed to before stays.
    #[arg(long = "token-network", conflicts_with = "from_anywhere")]
    token_networks: Vec<String>,
    /// It may ask for tokens from anywhere again.
    #[arg(long)]
    from_anywhere: bool,
    /// Hours until it is worth nothing, a week at most.
    #[arg(long, default_value_t = 24)]
    hours: u64,
    /// What the browser returned (`PublicKeyCredential.toJSON()`).
    #[arg(long)]
    assertion: Option<PathBuf>,
}

#[derive(Args)]
pub struct Give {
    /// Id of the request, from `signum client promote list`.
    request: String,
    /// The agreeing officer's id; another one than who asked.
    #[arg(long)]
    officer: String,
    #[arg(long)]
    assertion: Option<PathBuf>,
}

impl PromoteCommand {
    pub(super) async fn run(self, opened: &Opened) -> Result<()> {
        let file = &opened.config.idp.registration.officers;
        let file = (!file.is_empty()).then(|| opened.layout.root().join(file));
        let officers = Officers::read(file.as_deref())?;
        match self {
            Self::Ask(ask) => ask.run(opened, &officers).await,
            Self::Give(give) => give.run(opened, &officers).await,
            Self::List => {
                for (id, request) in promotion::waiting(&opened.cx).await? {
                    println!(
                        "{}  {}, asked for by {}",
                        hex::encode(id),
                        request.client_id,
                        request.requester
                    );
                    if let Some(basis) = &request.legal_basis {
                        println!("  may have the personal number: {basis}");
                    }
                    if !request.token_networks.is_empty() {
                        println!("  asks for tokens from {} alone", request.token_networks.join(", "));
                    }
                }
                Ok(())
            }
        }
    }
}

impl Ask {
    async fn run(self, opened: &Opened, officers: &Officers) -> Result<()> {
        let cx = &opened.cx;
        let Some(assertion) = &self.assertion else {
            let said = self.from_anywhere || !self.token_networks.is_empty();
            let terms = Terms {
                legal_basis: self.legal_basis.as_deref(),
                token_networks: said.then_some(&*self.token_networks),
            };
            let request = promotion::draft(cx, &self.id, &self.officer, terms, self.hours).await?;
            let options = officers.options(&self.officer, &request.asked())?;
            write_private(&self.request, &serde_json::to_vec_pretty(&request)?)?;
            eprintln!(
                "{} goes to production as `signum client show {}` tells it",
                self.id, self.id
            );
            println!("{options}");
            return Ok(());
        };
        let request: PromotionRequest = serde_json::from_value(read(&self.request)?).context("not a request")?;
        let id = promotion::ask(cx, officers, &request, &read(assertion)?).await?;
        println!("{}", hex::encode(id));
        eprintln!(
            "another officer agrees: signum client promote give {} --officer ID",
            hex::encode(id)
        );
        Ok(())
    }
}

impl Give {
    async fn run(self, opened: &Opened, officers: &Officers) -> Result<()> {
        let mut id = [0; 32];
        hex::decode_to_slice(&self.request, &mut id)
            .context("the id of a request, as `signum client promote list` shows it")?;
        if let Some(assertion) = &self.assertion {
            let made = promotion::approve(&opened.cx, officers, &id, &self.officer, &read(assertion)?).await?;
            println!("{} is in production", made.client_id);
            return Ok(());
        }
        let waiting = promotion::waiting(&opened.cx).await?;
        let found = waiting.into_iter().find(|(known, _)| *known == id);
        let (_, request) = found.context("no such request waits: see `signum client promote list`")?;
        eprintln!("{}, asked for by {}", request.client_id, request.requester);
        println!("{}", officers.options(&self.officer, &request.approved())?);
        Ok(())
    }
}

fn read(path: &Path) -> Result<Json> {
    let octets = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&octets).with_context(|| format!("{} is no JSON", path.display()))
}
