//! `signum serve ca|idp|signer`: one service on a machine of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use signum_core::{OsRandom, SystemClock, telemetry};
use tokio::signal::unix::{SignalKind, signal};

use super::demonstration::{self, Demonstration};
use super::running::Running;
use crate::app::{Apart, Service, Surroundings};
use crate::config::Config;
use crate::first_start;
use crate::layout::Layout;

/// Starts, says where it is, and runs until Ctrl-C.
pub async fn run(file: Option<&Path>, var: &Path, service: Service) -> Result<()> {
    let started = Instant::now();
    let config = super::configuration(file)?;
    let metrics = telemetry::install(&config.logging)?;
    demonstration::refuse_public(&config)?;
    let layout = Layout::create(var)?;
    let running = Running::lock(&layout)?;
    let surroundings = Surroundings {
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
        metrics,
    };
    println!("Starting {} in {}", service.name(), layout.root().display());
    let progress = |step: &str| println!("  .. {step}");
    let mut apart = Apart::start(service, &config, &layout, surroundings, progress).await?;
    let demo = demonstrate(&apart, &config, &layout).await?;
    running.tell(&apart.instance, &config)?;
    println!(
        "Ready after {:.1} s: {} at {}, operator at http://{}/readyz",
        started.elapsed().as_secs_f32(),
        service.name(),
        address(service, &config),
        config.listen.operator
    );
    let mut terminate = signal(SignalKind::terminate())?;
    let outcome = tokio::select! {
        result = tokio::signal::ctrl_c() => result.context("Ctrl-C cannot be heard"),
        _ = terminate.recv() => Ok(()),
        end = apart.failed() => Err(anyhow::anyhow!("{end}")),
    };
    println!("Stopping.");
    running.end();
    demo.stop().await;
    apart.stop().await;
    outcome
}

async fn demonstrate(apart: &Apart, config: &Config, layout: &Layout) -> Result<Demonstration> {
    if config.demo.enabled {
        match apart.service {
            Service::Ca => {}
            Service::Idp => {
                if let Some(people) = &apart.people {
                    let addresses = first_start::people(config, &apart.cx, people).await?;
                    demonstration::keep_addresses(layout, &addresses)?;
                }
            }
            Service::Signer => first_start::vouch_for_people(config, layout)?,
        }
    }
    Demonstration::start(&[apart.service], config, layout)
}

fn address(service: Service, config: &Config) -> &str {
    match service {
        Service::Ca => &config.ca.public_url,
        Service::Idp => &config.idp.public_url,
        Service::Signer => &config.signer.public_url,
    }
}
