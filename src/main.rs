//! `signum`: one binary, many roles. Reads arguments and hands over to [`signum::commands`].

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use signum::app::Service;
use signum::commands;

/// National digital identity and e-signatures: CA, OpenID provider and remote signing over one HSM layer.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// Configuration file (TOML). Without it the development defaults hold; environment SIGNUM__SECTION__FIELD overrides.
    #[arg(long, global = true, env = "SIGNUM_CONFIG")]
    config: Option<PathBuf>,
    /// Data folder.
    #[arg(long, global = true, default_value = "./var")]
    var: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything on this machine: development defaults, demo people and a demo service.
    Up,
    /// Start one service on a machine of its own.
    Serve { service: Service },
    /// What services on different machines know one another by.
    #[command(subcommand)]
    Contract(ContractCommand),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Bring the databases to this version's schema.
    Migrate,
    /// Work of the certification authority.
    #[command(subcommand)]
    Ca(CaCommand),
    /// Make a blank eID card in a reader a person's.
    #[cfg(feature = "card")]
    #[command(subcommand)]
    Card(commands::card::CardCommand),
    /// The services' audit logs.
    #[command(subcommand)]
    Audit(commands::audit::AuditCommand),
    /// Work of the identity provider.
    #[command(subcommand)]
    Idp(commands::idp::IdpCommand),
    /// People who may log in.
    #[command(subcommand)]
    Person(PersonCommand),
    /// Services that use the identity provider: list, register, promote, stop, keys.
    #[command(subcommand)]
    Client(commands::client::ClientCommand),
    /// Tokens and their keys: look at them, back them up, hold ceremonies.
    #[command(subcommand)]
    Hsm(commands::hsm::HsmCommand),
    /// Key ceremonies: draft one, check it, approve it, hold it, verify it, bring it to the service.
    #[command(subcommand)]
    Ceremony(commands::ceremony::CeremonyCommand),
    /// Copy databases and data folder into a new folder, while Signum runs.
    Backup {
        /// The new folder. It has PINs and tokens in it: it is as secret as the machine.
        #[arg(long)]
        out: PathBuf,
    },
    /// Make a new data folder, and fill empty databases, out of a backup.
    Restore {
        #[arg(long)]
        from: PathBuf,
    },
    /// Say what is missing on this machine and how to mend it.
    Doctor,
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Check the file and the environment; say what is wrong and where.
    Check,
    /// Print every value in force with its meaning, as TOML.
    Show,
}

#[derive(Subcommand)]
enum ContractCommand {
    /// Print this machine's certificate, for the peers' contract.peers.
    Certificate,
}

#[derive(Subcommand)]
enum CaCommand {
    /// Issue a certificate for a key that somebody else holds, such as an eID card.
    Issue(commands::ca::Issue),
    /// Read stored certificates again by the rules of today, with their signatures, audit events and number.
    Relint(commands::ca::Relint),
    #[command(flatten)]
    Change(commands::ca::ChangeCommand),
    /// Who may do what: lists of officers, each agreed to by administrators of the one before.
    #[command(subcommand)]
    Officers(commands::ca::OfficersCommand),
    /// One change for every certificate that matches: the answer to a mass event.
    #[command(subcommand)]
    Bulk(commands::ca::BulkCommand),
    /// End an authority, as two officers agreed: nothing new, everything revoked or left to expire, last lists.
    Terminate(commands::ca::Terminate),
    /// What two officers must agree to.
    #[command(subcommand)]
    Approval(commands::ca::ApprovalCommand),
    /// Own keys, lists, what waits, audit logs and witnesses; fails while there are alarms.
    Status,
}

#[derive(Subcommand)]
enum PersonCommand {
    /// Add a person and print the address where they activate their account.
    Add(commands::person::Add),
    /// Suspend a person, or say that they have died or are off the register, or active again; whoever is not active is logged out.
    Standing(commands::person::SetStanding),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (config, var) = (arguments.config.as_deref(), arguments.var.as_path());
    let result = match arguments.command {
        Command::Up => commands::up::run(config, var).await,
        Command::Serve { service } => commands::serve::run(config, var, service).await,
        Command::Contract(ContractCommand::Certificate) => commands::contract::certificate(config, var),
        Command::Config(ConfigCommand::Check) => commands::config::check(config),
        Command::Config(ConfigCommand::Show) => commands::config::show(config),
        Command::Migrate => commands::migrate::run(config, var).await,
        Command::Ca(CaCommand::Issue(issue)) => commands::ca::issue(config, var, issue).await,
        Command::Ca(CaCommand::Change(change)) => commands::ca::change(config, var, change).await,
        Command::Ca(CaCommand::Officers(officers)) => commands::ca::officers(config, var, officers).await,
        Command::Ca(CaCommand::Bulk(bulk)) => commands::ca::bulk(config, var, bulk).await,
        Command::Ca(CaCommand::Approval(approval)) => commands::ca::approval(config, var, approval).await,
        Command::Ca(CaCommand::Terminate(wanted)) => commands::ca::terminate(config, var, wanted).await,
        Command::Ca(CaCommand::Relint(relint)) => commands::ca::relint(config, var, relint).await,
        Command::Ca(CaCommand::Status) => commands::status::run(config, var).await,
        #[cfg(feature = "card")]
        Command::Card(command) => commands::card::run(config, var, command).await,
        Command::Audit(command) => commands::audit::run(config, var, command).await,
        Command::Idp(command) => commands::idp::run(config, var, command).await,
        Command::Person(PersonCommand::Add(add)) => commands::person::add(config, var, add).await,
        Command::Person(PersonCommand::Standing(set)) => commands::person::standing(config, var, set).await,
        Command::Client(command) => commands::client::run(config, var, command).await,
        Command::Hsm(command) => commands::hsm::run(config, var, command).await,
        Command::Ceremony(command) => commands::ceremony::run(config, var, command).await,
        Command::Backup { out } => commands::backup::run(config, var, &out).await,
        Command::Restore { from } => commands::backup::restore(config, var, &from).await,
        Command::Doctor => commands::doctor::run(config, var),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("signum: {error:#}");
            ExitCode::FAILURE
        }
    }
}
