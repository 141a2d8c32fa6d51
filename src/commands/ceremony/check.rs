//! `signum ceremony genesis | check`: what people read before they approve.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use signum_ca::ceremony::{Folder, describe};
use signum_ca::{OfficerList, SignedList, spoken};
use signum_core::i18n::Lang;

#[derive(Args)]
pub struct Genesis {
    /// The first list of officers, or all lists (JSON).
    officers: PathBuf,
}

#[derive(Args)]
pub struct Check {
    folder: PathBuf,
    /// One language instead of three.
    #[arg(long)]
    lang: Option<Language>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Language {
    Sq,
    Sr,
    En,
}

impl Language {
    const ALL: [Self; 3] = [Self::Sq, Self::Sr, Self::En];

    fn lang(self) -> Lang {
        match self {
            Self::Sq => Lang::Sq,
            Self::Sr => Lang::SrLatn,
            Self::En => Lang::En,
        }
    }
}

pub(super) fn genesis(genesis: &Genesis) -> Result<()> {
    let octets = super::read(&genesis.officers)?;
    let first = match serde_json::from_slice::<Vec<SignedList>>(&octets) {
        Ok(lists) => lists.into_iter().next().context("no list in the file")?.list,
        Err(_) => serde_json::from_slice::<OfficerList>(&octets).context("neither a list of officers nor several")?,
    };
    first.check()?;
    for officer in &first.officers {
        let roles: Vec<_> = officer.roles.iter().map(|role| role.name()).collect();
        let name = officer.name.as_deref().unwrap_or_default();
        println!("{:<24} {:<32} {}", officer.id, name, roles.join(", "));
    }
    println!(
        "{} administrators change this list; {} operators approve a ceremony.\n",
        first.needed, first.operators_needed
    );
    println!("{}", spoken(&first.hash().0));
    Ok(())
}

pub(super) fn check(check: &Check) -> Result<()> {
    let folder = Folder::new(&check.folder);
    let plan = super::plan(&folder)?;
    let languages = match check.lang {
        Some(one) => vec![one],
        None => Language::ALL.to_vec(),
    };
    for language in languages {
        for sentence in describe(&plan, language.lang()) {
            println!("{sentence}");
        }
        println!();
    }
    println!("{}", spoken(&plan.hash));
    Ok(())
}
