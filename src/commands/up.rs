//! `signum up`: everything on this machine.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use signum_core::telemetry::{self, Logging};
use signum_core::{OsRandom, SystemClock};
use tokio::signal::unix::{SignalKind, signal};

use super::demonstration::{self, Demonstration};
use super::running::Running;
use crate::app::{App, Listeners, Service, Surroundings};
use crate::config::Config;
use crate::first_start;
use crate::layout::Layout;

/// Starts, prints where everything is, and runs until Ctrl-C.
pub async fn run(file: Option<&Path>, var: &Path) -> Result<()> {
    let started = Instant::now();
    let mut config = super::configuration(file)?;
    let quiet = config.logging.filter == Logging::default().filter && std::io::stderr().is_terminal();
    if quiet {
        // A person reads along: a line for every request would bury what they need.
        config.logging.filter = "warn".to_owned();
    }
    let metrics = telemetry::install(&config.logging)?;
    demonstration::refuse_public(&config)?;
    let layout = Layout::create(var)?;
    let running = Running::lock(&layout)?;
    let listeners = Listeners::bind(&config).await?;
    let surroundings = Surroundings {
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
        metrics,
    };
    let first = !layout.module_config().exists();
    let (folder, keys) = (
        layout.root().display(),
        if first { ": the first start makes its keys" } else { "" },
    );
    println!("Starting Signum in {folder}{keys}");
    let mut app = App::start(&config, &layout, listeners, surroundings, |step| {
        println!("  .. {step}")
    })
    .await?;
    if config.demo.enabled {
        first_start::vouch_for_people(&config, &layout)?;
    }
    let demo = Demonstration::start(&Service::ALL, &config, &layout)?;
    let addresses = if config.demo.enabled {
        first_start::people(&config, &app.databases.idp, &app.people).await?
    } else {
        Vec::new()
    };
    demonstration::keep_addresses(&layout, &addresses)?;
    running.tell(&app.instance, &config)?;
    println!("Ready after {:.1} s.\n", started.elapsed().as_secs_f32());
    println!("{}", welcome(&config, &addresses));
    let mut terminate = signal(SignalKind::terminate())?;
    let outcome = tokio::select! {
        result = tokio::signal::ctrl_c() => result.context("Ctrl-C cannot be heard"),
        _ = terminate.recv() => Ok(()),
        end = app.failed() => Err(anyhow::anyhow!("{end}")),
    };
    println!("\nStopping.");
    running.end();
    demo.stop().await;
    app.stop().await;
    outcome
}

fn welcome(config: &Config, addresses: &[(String, String)]) -> String {
    let mut text = format!(
        "Signing desk        {}\nIdentity provider   {}\nCertificates        {}\nOperator            http://{}/readyz and /metrics\n",
        config.signer.public_url, config.idp.public_url, config.ca.public_url, config.listen.operator,
    );
    if config.demo.enabled {
        let activate = match addresses.first() {
            Some((name, address)) => format!("Activate the account of {name}:\n     {address}"),
            None => "Every demo account is active: use the passkey you made".to_owned(),
        };
        text += &format!(
            "Demo service        {}\n\nThree things to try in a browser with passkeys:\n  1. {activate}\n  2. Log in at the demo service:\n     {}\n  3. Enrol for signing, then sign a PDF:\n     {}\n",
            config.demo.public_url, config.demo.public_url, config.signer.public_url,
        );
    }
    text + "\nCtrl-C stops everything; the data stays. SIGNUM__LOGGING__FILTER=info shows every request."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_ends_with_three_things_to_try_at_the_addresses_in_force() {
        let mut config = Config::default();
        config.listen.signer.set_port(9082);
        config.demo.listen.set_port(9083);
        let config = config.settled();
        let addresses = [(
            "Arta Shembulli".to_owned(),
            "http://idp.localhost:8081/activate/x".to_owned(),
        )];
        let text = welcome(&config, &addresses);
        for line in [
            "  1. Activate the account of Arta Shembulli:\n     http://idp.localhost:8081/activate/x\n",
            "  2. Log in at the demo service:\n     http://demo.localhost:9083\n",
            "  3. Enrol for signing, then sign a PDF:\n     http://sign.localhost:9082\n",
            "Ctrl-C stops everything; the data stays.",
        ] {
            assert!(text.contains(line), "{text}");
        }
        assert!(welcome(&config, &[]).contains("  1. Every demo account is active"));
    }

    #[test]
    fn without_the_demonstration_there_is_nothing_to_try() {
        let mut config = Config::default();
        config.demo.enabled = false;
        assert!(!welcome(&config.settled(), &[]).contains("try"));
    }
}
