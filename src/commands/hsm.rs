//! `signum hsm`: looks at tokens and holds ceremonies. This process never loads a PKCS#11 module; `signum-hsm-ceremony` does.

mod approvals;
mod backup;
mod look;
mod needed;
mod pins;
mod rewrap;
mod rotate;
mod table;
mod unlatch;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use signum_activation::ModuleConfig;
use signum_hsm_shim::HsmError;
use signum_hsm_shim::ceremony::{Address, Answer, Order, apart};
use signum_hsm_shim::latch::Latch;
use signum_hsm_shim::token::TokenConfig;

use crate::app::pin_source;
use crate::children::executable;
use crate::config::Config;
use crate::layout::Layout;

const CEREMONY: &str = "signum-hsm-ceremony";

#[derive(Subcommand)]
pub enum HsmCommand {
    /// Try a module: what it supports, how fast it is, what Signum would use, what is known to be wrong with it.
    Check(look::Check),
    /// Each configured token: whether it signs, which module, how many keys.
    Status(look::Status),
    /// The keys of the tokens, as the modules attest them.
    Keys(look::Keys),
    /// Make the key of a backup token under which KEKs travel to it.
    TransportKey(backup::TransportKey),
    /// Write a ceremony file for officers to approve.
    Draft(approvals::Draft),
    /// Print what an officer's authenticator is asked to sign (WebAuthn request options).
    Options(approvals::Options),
    /// Add an officer's gesture to a ceremony file.
    Approve(approvals::Approve),
    /// Destroy the key that an approved ceremony names.
    Destroy(approvals::Destroy),
    /// Make a KEK or a binding key with its backups, as an approved ceremony says.
    BackupKek(backup::BackupKek),
    /// Put a key back out of its backup, as an approved ceremony says.
    RestoreKek(backup::RestoreKek),
    /// Make the KEK of the next epoch, as an approved ceremony says.
    RotateKek(rotate::RotateKek),
    /// Wrap people's keys anew under the newer KEK, as an approved ceremony says.
    Rewrap(rewrap::Rewrap),
    /// Let a token be logged into again after its PIN was refused and mended.
    Unlatch(unlatch::Unlatch),
    /// Split a PIN into shares, one file for each holder.
    SplitPin(pins::SplitPin),
    /// Put a PIN together from shares.
    JoinPin(pins::JoinPin),
}

/// Which token a command is about.
#[derive(Args)]
struct Which {
    /// PKCS#11 address (RFC 7512) with token, module-path and pin-source, instead of a configured token.
    #[arg(long)]
    uri: Option<String>,
    /// Environment variables the module needs, handed on by name.
    #[arg(long = "env", value_name = "NAME")]
    environment: Vec<String>,
}

/// What every command of this family needs.
struct Desk {
    config: Config,
    var: PathBuf,
}

pub async fn run(file: Option<&Path>, var: &Path, command: HsmCommand) -> Result<()> {
    let desk = Desk {
        config: super::configuration(file)?,
        var: std::path::absolute(var)?,
    };
    match command {
        HsmCommand::Check(check) => look::check(&desk, check),
        HsmCommand::Status(status) => look::status(&desk, &status),
        HsmCommand::Keys(keys) => look::keys(&desk, &keys),
        HsmCommand::TransportKey(make) => backup::transport_key(&desk, &make),
        HsmCommand::Draft(draft) => approvals::draft(&desk, draft).await,
        HsmCommand::Options(options) => approvals::options(&options),
        HsmCommand::Approve(approve) => approvals::approve(&approve),
        HsmCommand::Destroy(destroy) => approvals::destroy(&desk, destroy).await,
        HsmCommand::BackupKek(backup) => backup::backup_kek(&desk, backup),
        HsmCommand::RestoreKek(restore) => backup::restore_kek(&desk, restore),
        HsmCommand::RotateKek(rotate) => rotate::rotate_kek(&desk, &rotate),
        HsmCommand::Rewrap(rewrap) => rewrap::rewrap(&desk, &rewrap).await,
        HsmCommand::Unlatch(unlatch) => unlatch::unlatch(&desk, &unlatch),
        HsmCommand::SplitPin(split) => pins::split(&split),
        HsmCommand::JoinPin(join) => pins::join(&join),
    }
}

impl Desk {
    /// The tokens of this configuration.
    fn tokens(&self) -> Result<Vec<TokenConfig>> {
        let of = |service: &str, label: &str| -> Result<TokenConfig> {
            let file = self.var.join(format!("secrets/{service}.pin"));
            Ok(TokenConfig {
                module: self.config.hsm.module.clone(),
                token: label.to_owned(),
                pin: pin_source(&self.config, service, file)?,
                sessions: 1,
            })
        };
        let mut tokens = vec![
            of("ca", &self.config.ca.token)?,
            of("idp", &self.config.idp.hsm_token)?,
            of("audit", &self.config.audit.token)?,
        ];
        tokens.extend(self.module()?.map(|people| people.token_config()));
        Ok(tokens)
    }

    /// What the signing module believes, if it is of this data folder.
    fn module(&self) -> Result<Option<ModuleConfig>> {
        let module = self.var.join("module/module.toml");
        if !module.exists() {
            return Ok(None);
        }
        let config = ModuleConfig::load(&module).context("the signing module's configuration")?;
        Ok(Some(config))
    }

    /// The token of an address, or the configured one of this label.
    fn address(&self, which: &Which, label: &str) -> Result<Address> {
        if let Some(uri) = &which.uri {
            return Ok(Address::Uri(uri.clone()));
        }
        let found = self.tokens()?.into_iter().find(|token| token.token == label);
        match found {
            Some(token) => Ok(Address::Configured(token)),
            None => bail!("no token {label} is configured here; name it with --uri"),
        }
    }

    fn ask(&self, which: &Which, order: &Order) -> Result<Answer> {
        let ask = || Ok(apart(&executable(CEREMONY)?, &self.environment(which)?, order)?);
        self.unless_refused(order, ask)
    }

    /// No login where the PIN was refused before; what is refused now is remembered.
    fn unless_refused<T>(&self, order: &Order, ask: impl FnOnce() -> Result<T>) -> Result<T> {
        let Address::Configured(token) = order.address() else {
            return ask();
        };
        let latch = self.latch(&token.token)?;
        if latch.is_set() {
            bail!(unlatch::advice(&latch, token));
        }
        let asked = ask();
        if let Err(error) = &asked
            && matches!(error.downcast_ref(), Some(HsmError::PinLatched))
        {
            latch.set(&token.token, &token.pin)?;
            bail!(unlatch::advice(&latch, token));
        }
        asked
    }

    /// Where it is remembered that the PIN of a configured token was refused: where the process that serves it looks.
    fn latch(&self, label: &str) -> Result<Latch> {
        match self.module()? {
            Some(people) if people.token == label => Ok(people.pin_latch()),
            _ => Ok(Layout::create(&self.var)?.pin_latch(label)),
        }
    }

    /// What the other process is started with.
    fn environment(&self, which: &Which) -> Result<Vec<(String, String)>> {
        let mut environment = Vec::new();
        // An address may lead to any module; configured tokens lie where the data folder says.
        let softhsm = self.var.join("softhsm2.conf");
        if softhsm.exists() {
            environment.push(("SOFTHSM2_CONF".to_owned(), softhsm.display().to_string()));
        }
        for name in &which.environment {
            let value = std::env::var(name).with_context(|| format!("--env {name}: not set"))?;
            environment.retain(|(known, _)| known != name);
            environment.push((name.clone(), value));
        }
        Ok(environment)
    }
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The other process answered something else than was asked.
fn unfitting() -> anyhow::Error {
    anyhow::anyhow!("{CEREMONY} gave an answer that does not fit")
}
