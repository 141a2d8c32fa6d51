//! `signum doctor`: what is missing on this machine, and how to mend it.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Result, bail};
use signum_activation::ModuleConfig;

use crate::children::executable;
use crate::config::Config;

/// One line a check; fails when something is missing.
pub fn run(file: Option<&Path>, var: &Path) -> Result<()> {
    let config = super::configuration(file)?;
    let mut missing = 0;
    let mut say = |good: bool, what: &str, mend: &str| {
        if good {
            println!("  ok       {what}");
        } else {
            println!("  MISSING  {what}: {mend}");
            missing += 1;
        }
    };
    let module = &config.hsm.module;
    say(
        module.is_file(),
        &format!("PKCS#11 module {}", module.display()),
        "install softhsm2, or set hsm.module",
    );
    for name in [
        "signum-hsm-worker",
        "signum-hsm-ceremony",
        "signum-signing-module",
        "signum-demo-desk",
        "signum-demo-rp",
    ] {
        say(executable(name).is_ok(), name, "build the whole workspace: cargo build");
    }
    let ports = listens(&config);
    for (setting, address) in ports {
        let free = std::net::TcpListener::bind(address).is_ok();
        say(
            free,
            &format!("{setting} {address} is free"),
            "Signum runs already, or another program has the port",
        );
    }
    let parent = std::path::absolute(var)?;
    let writable = parent.ancestors().find(|path| path.exists()).is_some_and(writable);
    say(
        writable,
        &format!("data folder {}", parent.display()),
        "choose a folder you may write with --var",
    );
    warn_of_lone_keks(&parent);
    if missing > 0 {
        bail!("{missing} things are missing");
    }
    Ok(())
}

/// Every address that `signum up` opens, with the setting that moves it.
fn listens(config: &Config) -> Vec<(&'static str, SocketAddr)> {
    let listen = &config.listen;
    let mut ports = vec![
        ("listen.pki", listen.pki),
        ("listen.idp", listen.idp),
        ("listen.signer", listen.signer),
        ("listen.operator", listen.operator),
    ];
    // Desks are on where the CA has officers, the demonstration's service where there is one.
    if config.ca.officers().is_some() {
        ports.push(("listen.registration", listen.registration));
    }
    if !config.idp.mtls.public_url.is_empty() {
        ports.push(("listen.idp_mtls", listen.idp_mtls));
    }
    if !config.idp.card.public_url.is_empty() {
        ports.push(("listen.idp_card", listen.idp_card));
    }
    if config.demo.enabled {
        ports.push(("demo.listen", config.demo.listen));
    }
    ports
}

/// Nothing is missing, but something may be lost: guards that the signing module made itself have no backup.
fn warn_of_lone_keks(var: &Path) {
    let file = var.join("module/module.toml");
    let Ok(module) = ModuleConfig::load(&file) else {
        return;
    };
    if module.keks.is_empty() || module.binding_key_check.is_none() || module.seal_key_check.is_none() {
        println!(
            "  WARNING  people's keys hang on guards without a backup: with token {} they are lost (docs/OPERATIONS.md, \"A KEK \
             with a backup\")",
            module.token
        );
    }
}

fn writable(path: &Path) -> bool {
    path.metadata().is_ok_and(|facts| !facts.permissions().readonly())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_that_is_opened_is_looked_at() {
        let mut config = Config::default();
        let settings = |config: &Config| listens(config).iter().map(|(setting, _)| *setting).collect::<Vec<_>>();
        let without = settings(&config);
        assert!(!without.contains(&"listen.registration"), "{without:?}");
        config.ca.officers_genesis = "5a".repeat(32);
        assert!(settings(&config).contains(&"listen.registration"));
        assert!(listens(&config).contains(&("listen.registration", config.listen.registration)));
    }
}
