//! A list of many entries: how long it takes, and how much memory at most.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result};
use signum_ca::{Algorithms, Role};

use super::stand::Stand;
use super::{Engine, fill};
use crate::Options;

pub async fn run(engine: Engine, options: &Options) -> Result<()> {
    let sizes: &[usize] = if options.short {
        &[1_000]
    } else {
        &[1_000, 100_000, 1_000_000]
    };
    let stand = Stand::open(engine, Algorithms::Ec).await?;
    println!("\nrevocation list in one part, {}", engine.name());
    println!("    entries    seconds   octets        peak MB   per second (snapshot, signature, stored)");
    for size in sizes {
        fill::to(&stand, *size).await?;
        let entries = revoke_all(&stand).await?;
        forget_peak()?;
        let began = Instant::now();
        let number = stand.ca.publish_crl(Role::Qsig.of(Algorithms::Ec), 0).await?;
        let took = began.elapsed();
        let peak = peak()?;
        let octets = octets(&stand, number).await?;
        println!(
            "  {entries:9} {:10.2} {octets:8} {:14} {:12.0}",
            took.as_secs_f64(),
            peak / 1024,
            entries as f64 / took.as_secs_f64()
        );
    }
    stand.close().await;
    Ok(())
}

/// Revokes every leaf; returns how many are revoked now.
async fn revoke_all(stand: &Stand) -> Result<i64> {
    stand
        .cx
        .db
        .run("load.revoke", |tx| async move {
            tx.exec(
                "INSERT INTO certificate_status (issuer, serial, sequence, state, reason, at)
                 SELECT issuer, serial, 1, 'revoked', 4, issued_at FROM certificate
                 WHERE issuer = 'qsig' AND profile = 'citizen-signature' AND certificate IS NOT NULL
                 ON CONFLICT (issuer, serial, sequence) DO NOTHING",
                vec![],
            )
            .await
        })
        .await?;
    let counted = stand
        .cx
        .db
        .opt("SELECT COUNT(*) AS n FROM certificate_status", vec![])
        .await?;
    Ok(counted.context("no count")?.get("n")?)
}

async fn octets(stand: &Stand, number: i64) -> Result<i64> {
    let row = stand
        .cx
        .db
        .opt(
            "SELECT octets FROM crl WHERE issuer = 'qsig' AND number = $1",
            signum_core::params![number],
        )
        .await?;
    Ok(row.context("no list")?.get("octets")?)
}

/// proc(5): 5 sets the peak of this process's resident memory to what it is now.
fn forget_peak() -> Result<()> {
    Ok(fs::write("/proc/self/clear_refs", "5")?)
}

/// KiB.
fn peak() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let word = line.and_then(|rest| rest.split_whitespace().next());
    Ok(word.context("no VmHWM")?.parse()?)
}
