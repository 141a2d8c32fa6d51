//! `card-agent`: started by a browser it is the native-messaging host; by a person it is `doctor`, `install`, `uninstall`.

mod action;
mod certificate;
mod doctor;
mod eid;
mod host;
mod install;
mod origin;
mod prompt;
mod refusal;
mod words;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::action::Agent;
use crate::eid::PcscCards;
use crate::install::Target;
use crate::words::Words;

/// Between browser and eID card.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Language of what is printed: sq, sr, sr-Cyrl or en. Otherwise the environment's.
    #[arg(long, global = true)]
    lang: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Says which piece is missing between browser and card, and how to mend it.
    Doctor,
    /// Tells the browsers of this user where this program is.
    Install(Target),
    /// Takes that back.
    Uninstall(Target),
}

fn main() -> ExitCode {
    // Chromium gives the extension's origin, Firefox the path of the manifest; both are no command of a person.
    let first = std::env::args().nth(1).unwrap_or_default();
    if first.starts_with("chrome-extension://") || first.ends_with(".json") {
        return serve();
    }
    let arguments = Arguments::parse();
    let words = Words::chosen(arguments.lang.as_deref());
    let done = match arguments.command {
        Command::Doctor => return doctor::run(words),
        Command::Install(target) => install::install(&target),
        Command::Uninstall(target) => install::uninstall(&target),
    };
    match done {
        Ok(lines) => {
            lines.iter().for_each(|line| println!("{line}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> ExitCode {
    let mut prompt = prompt::best();
    let mut agent = Agent {
        cards: &mut PcscCards,
        prompt: prompt.as_mut(),
        rule: origin::Rule::of_this_process(),
        gone: &host::browser_is_gone,
    };
    match host::serve(&mut std::io::stdin().lock(), &mut std::io::stdout().lock(), &mut agent) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("card-agent: {error}");
            ExitCode::FAILURE
        }
    }
}
