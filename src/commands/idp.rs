//! `signum idp ...`: the keys that sign tokens, and the key of people's data. The command never opens their token: the service makes keys, and only rows
//! are read or changed here, beside an identity provider that runs or not.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use signum_core::{Cx, OsRandom, SystemClock, Timestamp};
use signum_idp::keys::{self, Listed, Withdrawn};
use signum_idp::people;

use crate::app::{Databases, Service};
use crate::layout::Layout;

/// What to do at the identity provider.
#[derive(Subcommand)]
pub enum IdpCommand {
    /// Keys that sign ID tokens, access tokens and answers.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// The key under which people's names, numbers and dates of birth are sealed.
    #[command(subcommand)]
    PeopleKey(PeopleKeyCommand),
}

/// What to do with the key of people's data.
#[derive(Subcommand)]
pub enum PeopleKeyCommand {
    /// Every generation: label in the token, rows that open with nothing else.
    List,
    /// Have the service make the next one and seal every row anew.
    Replace {
        /// Label of a key that a ceremony has made with its backups (`signum hsm backup-kek`), idp-people-...
        #[arg(long)]
        object: Option<String>,
    },
}

/// What to do with the keys.
#[derive(Subcommand)]
pub enum KeysCommand {
    /// Every key: kid, algorithm, status, since when.
    List,
    /// Have the service make the next key. It is published now and signs when relying parties have had time to read it.
    Rotate(Rotate),
    /// Publish and use a key no more, at once: somebody else may know it. Its successor signs in its place.
    Withdraw {
        /// As `list` shows it.
        kid: String,
    },
}

/// Which key.
#[derive(Args)]
pub struct Rotate {
    /// ES256 or PS256.
    #[arg(long, default_value = "ES256")]
    algorithm: String,
    /// It signs as soon as it is made: relying parties that keep a copy of the key set refuse tokens until they read it again.
    #[arg(long)]
    at_once: bool,
}

/// Runs one of them.
pub async fn run(file: Option<&Path>, var: &Path, command: IdpCommand) -> Result<()> {
    let config = super::configuration(file)?;
    let layout = Layout::create(var)?;
    let cx = Cx {
        db: Databases::one(&config, &layout, Service::Idp.name()).await?,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
    };
    let done = match command {
        IdpCommand::Keys(KeysCommand::List) => list(&cx).await,
        IdpCommand::Keys(KeysCommand::Rotate(wanted)) => rotate(&cx, &wanted).await,
        IdpCommand::Keys(KeysCommand::Withdraw { kid }) => withdraw(&cx, &kid).await,
        IdpCommand::PeopleKey(PeopleKeyCommand::List) => list_people_keys(&cx).await,
        IdpCommand::PeopleKey(PeopleKeyCommand::Replace { object }) => replace_people_key(&cx, object.as_deref()).await,
    };
    cx.db.close().await;
    done
}

async fn list_people_keys(cx: &Cx) -> Result<()> {
    for key in people::list_keys(cx).await? {
        let retired = if key.retired { "  retired" } else { "" };
        println!("{}  {}  {} people{retired}", key.epoch, key.object, key.rows);
    }
    Ok(())
}

async fn replace_people_key(cx: &Cx, object: Option<&str>) -> Result<()> {
    people::wish_for_key(cx, object).await?;
    println!("The service takes the next key within a quarter of a minute and seals every row anew;");
    println!("`signum idp people-key list` shows when the old one is retired. Then officers may destroy it.");
    Ok(())
}

async fn list(cx: &Cx) -> Result<()> {
    for key in keys::list(cx).await? {
        println!("{}", line(&key));
    }
    Ok(())
}

fn line(key: &Listed) -> String {
    let since = |word: &str, at: Option<Timestamp>| at.map(|at| format!("  {word} {at}")).unwrap_or_default();
    format!(
        "{}  {}  {:<9}  made {}{}{}",
        key.kid,
        key.algorithm,
        key.status.name(),
        key.created_at,
        since("signs since", key.activated_at),
        since("signed until", key.retired_at),
    )
}

async fn rotate(cx: &Cx, wanted: &Rotate) -> Result<()> {
    keys::wish(cx, &wanted.algorithm, wanted.at_once).await?;
    println!("The service makes the next key within a quarter of a minute; `signum idp keys list` shows it.");
    Ok(())
}

async fn withdraw(cx: &Cx, kid: &str) -> Result<()> {
    let withdrawn = keys::withdraw(cx, kid).await.context(kid.to_owned())?;
    println!("{kid} is published no more; replicas use it for ten seconds at most.");
    match withdrawn {
        Withdrawn::NotSigning => {}
        Withdrawn::Replaced(next) => println!("{next} signs."),
        Withdrawn::NothingSigns => {
            println!("Nothing is signed until the service has made another: a quarter of a minute.")
        }
    }
    println!("Its pair is still in the token; officers destroy it (docs/OPERATIONS.md, Ceremonies).");
    Ok(())
}
