//! `signum card`: a blank eID card in a reader becomes a person's, at a desk or at the card's maker.
//!
//! `prepare` makes PINs, keys and requests; somebody authorised has them certified (`signum ca issue`, or a registration desk);
//! `finish` stores the certificates and locks the card. `personalise` does all of it where one command may.

mod certified;
mod finish;
mod prepare;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use signum_card::{Inserted, Readers, find, personalise};

use self::certified::Person;

/// What happens to the one blank card that is in a reader.
#[derive(Subcommand)]
pub enum CardCommand {
    /// Draw PINs, make both keys in the card, write the requests and the owner's letter into a new folder.
    Prepare(Prepare),
    /// Store both certificates and the document's number, and lock the card.
    Finish(Finish),
    /// All at once: prepare, certificates from the CA of this machine, finish.
    Personalise(Personalise),
}

/// The first half.
#[derive(Args)]
pub struct Prepare {
    /// A new folder: authentication.csr, signature.csr, and letter.txt with the PINs, which is for the owner alone.
    #[arg(long)]
    out: PathBuf,
}

/// The second half.
#[derive(Args)]
pub struct Finish {
    /// Certificate for the authentication key, PEM or DER; of a chain the first.
    #[arg(long)]
    authentication: PathBuf,
    /// Certificate for the signature key, PEM or DER; of a chain the first.
    #[arg(long)]
    signature: PathBuf,
    /// Nine characters: A-Z, 0-9.
    #[arg(long)]
    document_number: String,
}

/// Both halves with the CA in between.
#[derive(Args)]
pub struct Personalise {
    /// A new folder: requests, certificates, and letter.txt with the PINs, which is for the owner alone.
    #[arg(long)]
    out: PathBuf,
    #[arg(long)]
    given_name: String,
    #[arg(long)]
    family_name: String,
    /// Ten digits.
    #[arg(long)]
    personal_number: String,
    /// Nine characters: A-Z, 0-9.
    #[arg(long)]
    document_number: String,
}

/// Runs one of them.
pub async fn run(file: Option<&Path>, var: &Path, command: CardCommand) -> Result<()> {
    match command {
        CardCommand::Prepare(prepare) => {
            prepare::run(&mut blank()?, &prepare.out)?;
            println!("{}", prepare.out.display());
        }
        CardCommand::Finish(wanted) => {
            let authentication = certified::read(&wanted.authentication)?;
            let signature = certified::read(&wanted.signature)?;
            finish::run(&mut blank()?, &authentication, &signature, &wanted.document_number)?;
            println!("finished: {}", wanted.document_number);
        }
        CardCommand::Personalise(wanted) => {
            finish::check_document_number(&wanted.document_number)?;
            let mut card = blank()?;
            let requests = prepare::run(&mut card, &wanted.out)?;
            let person = Person {
                given_name: wanted.given_name,
                surname: wanted.family_name,
                personal_number: wanted.personal_number,
            };
            let [authentication, signature] = certified::by_command(file, var, person, &requests, &wanted.out).await?;
            finish::run(&mut card, &authentication, &signature, &wanted.document_number)?;
            println!("finished: {}", wanted.document_number);
        }
    }
    Ok(())
}

/// The one card that waits for an owner. With two of them in readers nobody could tell which one is meant.
fn blank() -> Result<Inserted> {
    let readers = Readers::open().context("PC/SC")?;
    let mut blank = Vec::new();
    for mut card in find(&readers)? {
        if !card.alone(personalise::finished)? {
            blank.push(card);
        }
    }
    let several = blank.len() > 1;
    match blank.pop() {
        Some(_) if several => bail!("several blank cards are in readers; leave one"),
        Some(card) => Ok(card),
        None => bail!("no blank card is in a reader"),
    }
}
