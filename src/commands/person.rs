//! `signum person add`.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use clap::Args;
use signum_core::{OsRandom, SystemClock, telemetry};
use signum_idp::clients;
use signum_idp::people::{self, NewPerson};

use crate::app::{Databases, Surroundings};
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

/// Adds the person and prints the address where they activate their account once.
pub async fn add(file: Option<&Path>, var: &Path, add: Add) -> Result<()> {
    let config = super::configuration(file)?;
    let metrics = telemetry::install(&config.logging)?;
    let surroundings = Surroundings {
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
        metrics,
    };
    if add.demo && !config.demo.enabled {
        bail!("--demo: there is no demonstration here (demo.enabled = false)");
    }
    let layout = Layout::create(var)?;
    let databases = Databases::open(&config, &layout, &surroundings).await?;
    let new = NewPerson {
        given_name: add.given_name,
        family_name: add.family_name,
        personal_number: add.personal_number,
        birthdate: add.birthdate,
    };
    let person = people::add(&databases.idp, new).await?;
    if add.demo {
        clients::let_into_sandbox(&databases.idp, person.id).await?;
        first_start::vouch_for(&config, &layout, &[&person.personal_number])?;
    }
    let code = people::activation_code(&databases.idp, person.id).await?;
    println!("{}/activate/{code}", config.idp.public_url);
    databases.close().await;
    Ok(())
}
