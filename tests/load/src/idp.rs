//! `signum-load idp`: the identity provider beside npm `oidc-provider`, which keeps everything in memory (issue 5).
//!
//! Both serve in processes of their own and are asked by the same clients here, row by row in turn. Beside the rate stands the rate
//! per second of processor time of the serving side (worker processes of the HSM and PostgreSQL included), since the clients share
//! the machine.

mod provider;
mod visitor;
mod wire;
mod work;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, ensure};
use tokio::sync::Mutex;

use crate::Options;
use crate::ca::Engine;
use crate::callers;
use provider::Provider;
use visitor::Visitor;
use work::{WORKS, Work};

/// Clients at once, each with a connection that it keeps.
const CLIENTS: usize = 64;

pub async fn run(options: &Options, peer: Option<PathBuf>) -> Result<()> {
    let clients = if options.short { 4 } else { CLIENTS };
    let peer = match peer {
        Some(folder) => Some(Provider::node(&folder, clients, options.one_cpu).await?),
        None => None,
    };
    println!("{} cores; {clients} clients", std::thread::available_parallelism()?);
    if options.one_cpu {
        let own = std::process::id().to_string();
        let pinned = std::process::Command::new("taskset")
            .args(["--all-tasks", "--cpu-list", "--pid", "1", &own])
            .output()?;
        ensure!(
            pinned.status.success(),
            "taskset: {}",
            String::from_utf8_lossy(&pinned.stderr)
        );
        println!("a provider has the first of them, all clients the second");
    }
    for engine in Engine::available() {
        let ours = Provider::ours(engine, clients, options.one_cpu).await?;
        println!("\n{HEADINGS}");
        for work in WORKS {
            if options.only.as_ref().is_some_and(|only| only != work.name()) {
                continue;
            }
            let mine = measure(&ours, work, clients, options).await?;
            let theirs = match &peer {
                Some(peer) => measure(peer, work, clients, options).await?,
                None => None,
            };
            print(work, &mine, &theirs);
        }
        println!(
            "  {:22} {:>9} KiB resident, all its processes",
            "memory",
            ours.memory()?
        );
        ours.stop().await;
    }
    if let Some(peer) = peer {
        println!("  {:22} {:>9} KiB resident", "memory, oidc-provider", peer.memory()?);
        peer.stop().await;
    }
    Ok(())
}

/// What one row says of one provider.
struct Row {
    name: String,
    figures: callers::Figures,
    /// Operations for a second of processor time of the serving side.
    per_processor_second: f64,
    /// Write transactions and signatures of the HSM for an operation, where the provider counts them.
    counted: Option<(f64, f64)>,
}

async fn measure(provider: &Provider, work: Work, clients: usize, options: &Options) -> Result<Option<Row>> {
    if !provider.offers(work) {
        return Ok(None);
    }
    let mut visitors = Vec::new();
    for n in 0..clients {
        let mut visitor = Visitor::new(provider, n).await?;
        work.prepare(&mut visitor).await?;
        visitors.push(Mutex::new(visitor));
    }
    let visitors = Arc::new(visitors);
    let counted = provider.counted().await?;
    let before = provider.processor()?;
    let shared = visitors.clone();
    let figures = callers::measure(clients, options.each, move |call| {
        let visitors = shared.clone();
        async move {
            let client = usize::try_from(call >> 40)?;
            match visitors.get(client) {
                Some(visitor) => work.once(&mut *visitor.lock().await).await,
                None => Ok(()),
            }
        }
    })
    .await?;
    let used = provider.processor()?.saturating_sub(before);
    let now = provider.counted().await?;
    let each = |before: f64, now: f64| (now - before) / figures.answers.max(1) as f64;
    Ok(Some(Row {
        name: provider.name.clone(),
        per_processor_second: figures.answers as f64 / used.as_secs_f64().max(0.01),
        counted: counted
            .zip(now)
            .map(|(before, now)| (each(before.0, now.0), each(before.1, now.1))),
        figures,
    }))
}

const HEADINGS: &str =
    "                                         per second  p50 ms  p99 ms  per server CPU s   writes   signatures";

fn print(work: Work, ours: &Option<Row>, peer: &Option<Row>) {
    for row in [ours, peer].into_iter().flatten() {
        let counted = row
            .counted
            .map(|(writes, signatures)| format!("{writes:8.2} {signatures:12.2}"));
        println!(
            "  {:22} {:14} {:12.0} {:7.2} {:7.2} {:17.0} {}",
            work.name(),
            row.name,
            row.figures.per_second,
            row.figures.p50.as_secs_f64() * 1000.0,
            row.figures.p99.as_secs_f64() * 1000.0,
            row.per_processor_second,
            counted.unwrap_or_default()
        );
    }
    match (ours, peer) {
        (Some(ours), Some(peer)) => {
            let ratio = ours.per_processor_second / peer.per_processor_second.max(0.01);
            println!(
                "  {:22} {ratio:.1} times its operations for a second of processor time",
                ""
            );
        }
        (None, _) => println!("  {:22} is not offered", work.name()),
        (Some(_), None) => {}
    }
}
