//! `signum person ...`: adds people and says how they stand. Who they are is sealed under a key that only the token can derive, so
//! the command asks the token with workers of its own, beside an identity provider that runs or not.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use signum_core::{Cx, Id, OsRandom, SystemClock, telemetry};
use signum_hsm_shim::Hsm;
use signum_hsm_shim::workers::Workers;
use signum_idp::clients;
use signum_idp::people::{self, NewPerson, Person, Register, Standing};

use crate::app::{Databases, Surroundings, Tokens};
use crate::config::Config;
use crate::first_start;
use crate::layout::Layout;

/// A person as the civil registry names them.
#[derive(Args)]
pub struct Add {
    #[arg(long)]
    given_name: String,
    #[arg(long)]
    family_name: String,
    /// Ten digits.
    #[arg(long)]
    personal_number: String,
    /// YYYY-MM-DD
    #[arg(long)]
    birthdate: String,
    /// An invented person of the demonstration: its software officers vouch for them when they enrol, and clients of the sandbox
    /// may meet them.
    #[arg(long)]
    demo: bool,
}

/// Whom it is about, and how they stand from now on.
#[derive(Args)]
pub struct SetStanding {
    /// Ten digits.
    #[arg(long, required_unless_present = "id", conflicts_with = "id")]
    personal_number: Option<String>,
    /// As the audit log names them.
    #[arg(long)]
    id: Option<String>,
    /// active, suspended, deceased or ended
    standing: String,
}

/// Adds the person and prints the address where they activate their account once.
pub async fn add(file: Option<&Path>, var: &Path, add: Add) -> Result<()> {
    let config = super::configuration(file)?;
    if add.demo && !config.demo.enabled {
        bail!("--demo: there is no demonstration here (demo.enabled = false)");
    }
    let layout = Layout::create(var)?;
    let opened = Opened::open(&config, &layout).await?;
    let added = opened.add(&config, &layout, add).await;
    opened.close().await;
    println!("{}", added?);
    Ok(())
}

/// Changes how a person stands.
pub async fn standing(file: Option<&Path>, var: &Path, set: SetStanding) -> Result<()> {
    let config = super::configuration(file)?;
    let standing = Standing::parse(&set.standing).context("active, suspended, deceased or ended")?;
    let opened = Opened::open(&config, &Layout::create(var)?).await?;
    let done = opened.set(&set, standing).await;
    opened.close().await;
    println!("{} is {} from now on.", done?, standing.name());
    Ok(())
}

/// The register for one command.
struct Opened {
    cx: Cx,
    register: Register,
    workers: Arc<Workers>,
    sockets: PathBuf,
}

impl Opened {
    async fn open(config: &Config, layout: &Layout) -> Result<Self> {
        let surroundings = Surroundings {
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            metrics: telemetry::install(&config.logging)?,
        };
        let cx = Databases::migrated(crate::app::Service::Idp, config, layout, &surroundings).await?;
        let sockets = layout.path(&format!("run/command-{}", std::process::id()));
        let workers = Tokens::start_idp(config, layout, &OsRandom, &sockets).await?;
        let register = Register::open(&cx, workers.clone() as Arc<dyn Hsm>, &config.idp.hsm_token).await;
        match register {
            Ok(register) => Ok(Self {
                cx,
                register,
                workers,
                sockets,
            }),
            Err(error) => {
                workers.stop().await;
                std::fs::remove_dir_all(&sockets).ok();
                Err(error.into())
            }
        }
    }

    async fn add(&self, config: &Config, layout: &Layout, add: Add) -> Result<String> {
        let new = NewPerson {
            given_name: add.given_name,
            family_name: add.family_name,
            personal_number: add.personal_number,
            birthdate: add.birthdate,
        };
        let person = self.register.add(new).await?;
        if add.demo {
            clients::let_into_sandbox(&self.cx, person.id).await?;
            first_start::vouch_for(config, layout, &[&person.personal_number])?;
        }
        let code = people::activation_code(&self.cx, person.id).await?;
        Ok(format!("{}/activate/{code}", config.idp.public_url))
    }

    async fn set(&self, set: &SetStanding, standing: Standing) -> Result<Id<Person>> {
        let person = match (&set.id, &set.personal_number) {
            (Some(id), _) => Id::parse(id).context("--id: not an id")?,
            (None, Some(number)) => {
                let found = self.register.find_by_number(number).await?;
                found.context("nobody with this personal number is here")?.id
            }
            (None, None) => bail!("--id or --personal-number"),
        };
        people::set_standing(&self.cx, person, standing).await?;
        Ok(person)
    }

    /// To be called whatever the command's outcome is.
    async fn close(self) {
        self.workers.stop().await;
        std::fs::remove_dir_all(&self.sockets).ok();
        self.cx.db.close().await;
    }
}
