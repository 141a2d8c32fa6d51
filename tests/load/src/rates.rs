//! `signum-load hsm`: ours beside `openssl speed`, the bare module, and the honest limit of two bare processes that verify.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use signum_hsm_shim::workers::Workers;
use signum_hsm_shim::{Hsm, KeyUri};

use crate::Options;
use crate::callers::{self, Figures};
use crate::child::{Order, Running};
use crate::raw::Work;
use crate::speed;
use crate::subject::Subject;
use crate::token::{LABEL, Prepared, subjects};
use crate::wrapped::Signers;

/// Processes: SoftHSM signs faster with several processes, and this many are the honest limit's.
const PROCESSES: usize = 2;

pub async fn run(options: &Options) -> Result<()> {
    let cores = std::thread::available_parallelism()?;
    println!(
        "{cores} cores; each figure measured for {} ms; signatures a second",
        options.each.as_millis()
    );
    println!("limit = two bare processes that [unwrap,] sign and verify; % = ours of the limit at most callers");
    for module in &options.modules {
        let prepared = Prepared::new(module).await?;
        for subject in subjects(module) {
            resident(&prepared, subject, options).await?;
        }
        for subject in subjects(module) {
            wrapped(&prepared, subject, options).await?;
        }
    }
    Ok(())
}

fn steps(options: &Options) -> &'static [usize] {
    if options.short {
        &[1, 64]
    } else {
        &[1, 2, 4, 8, 16, 32, 64]
    }
}

async fn resident(prepared: &Prepared, subject: Subject, options: &Options) -> Result<()> {
    let openssl = speed::measure(subject, options.each)?;
    let bare = bare(prepared, subject, Work::Sign, 1, options.each).await?;
    let before = bare_limit(prepared, subject, Work::SignVerify, options.each).await?;
    let workers = Arc::new(Workers::start(prepared.workers(PROCESSES)?).await?);
    let key = KeyUri::new(LABEL, subject.label());
    let mut lines = Vec::new();
    for callers in steps(options) {
        let (signing, key) = (workers.clone(), key.clone());
        let figures = callers::measure(*callers, options.each, move |n| {
            let (workers, key) = (signing.clone(), key.clone());
            async move {
                let signatures = workers.sign(&key, subject.algorithm, &[subject.input(n)]).await?;
                ensure!(signatures.len() == 1);
                Ok(())
            }
        });
        lines.push((*callers, figures.await?));
    }
    workers.stop().await;
    let after = bare_limit(prepared, subject, Work::SignVerify, options.each).await?;
    println!(
        "\n{} {} resident | openssl speed: sign {:.0} (two {:.0}), verify {:.0} | bare module, one process: {bare:.0}",
        prepared.module.name,
        subject.name(),
        openssl.sign,
        openssl.sign_two,
        openssl.verify,
    );
    print(&lines, before, after);
    Ok(())
}

async fn wrapped(prepared: &Prepared, subject: Subject, options: &Options) -> Result<()> {
    let Some(row) = prepared.wrapped.iter().find(|row| row.subject == subject) else {
        println!(
            "\n{} {} wrapped | not offered by this module or by the layer for it",
            prepared.module.name,
            subject.name()
        );
        return Ok(());
    };
    let before = bare_limit(prepared, subject, Work::UnwrapSignVerify, options.each).await?;
    let signers = Arc::new(Signers::start(prepared, PROCESSES).await?);
    let mut lines = Vec::new();
    for callers in steps(options) {
        let (signing, row) = (signers.clone(), row.clone());
        let figures = callers::measure(*callers, options.each, move |n| {
            let (signers, row) = (signing.clone(), row.clone());
            async move {
                let signatures = signers.sign(row, vec![subject.input(n)]).await?;
                ensure!(signatures.len() == 1);
                Ok(())
            }
        });
        lines.push((*callers, figures.await?));
    }
    drop(signers);
    let after = bare_limit(prepared, subject, Work::UnwrapSignVerify, options.each).await?;
    println!("\n{} {} wrapped", prepared.module.name, subject.name());
    print(&lines, before, after);
    Ok(())
}

fn print(lines: &[(usize, Figures)], before: f64, after: f64) {
    let limit = before.midpoint(after);
    println!("  limit before {before:.0}, after {after:.0}, mean {limit:.0}");
    println!("  callers   per second   % of limit   p50 us    p99 us");
    for (callers, figures) in lines {
        println!(
            "  {callers:7} {:12.0} {:12.0} {:8} {:9}",
            figures.per_second,
            100.0 * figures.per_second / limit,
            figures.p50.as_micros(),
            figures.p99.as_micros()
        );
    }
}

async fn bare_limit(prepared: &Prepared, subject: Subject, work: Work, each: Duration) -> Result<f64> {
    bare(prepared, subject, work, PROCESSES, each).await
}

/// Rounds a second of some bare processes that begin together.
async fn bare(prepared: &Prepared, subject: Subject, work: Work, processes: usize, each: Duration) -> Result<f64> {
    let mut running = Vec::new();
    for _ in 0..processes {
        let order = Order::Raw {
            config: prepared.config.clone(),
            subject,
            work,
            each,
        };
        let mut process = Running::start(&prepared.env, &order).await?;
        let () = process.hear().await?;
        running.push(process);
    }
    for process in &mut running {
        process.tell(&()).await?;
    }
    let mut per_second = 0.0;
    for process in &mut running {
        let (done, took): (u64, Duration) = process.hear().await?;
        per_second += done as f64 / took.as_secs_f64();
    }
    Ok(per_second)
}
