//! `signum-load hsm`: ours beside `openssl speed`, the bare module, and the honest limit of two bare processes that verify.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use signum_hsm_shim::workers::Workers;
use signum_hsm_shim::{Hsm, KeyUri};

use crate::Options;
use crate::callers::{self, Figures};
use crate::census;
use crate::child::{Order, Running};
use crate::raw::{Done, Work};
use crate::speed;
use crate::subject::Subject;
use crate::token::{LABEL, Prepared, guards, subjects};

/// Processes: SoftHSM signs faster with several processes, and this many are the honest limit's.
const PROCESSES: usize = 2;

pub async fn run(options: &Options) -> Result<()> {
    let cores = std::thread::available_parallelism()?;
    println!(
        "{cores} cores; each figure measured for {} ms; signatures a second",
        options.each.as_millis()
    );
    println!("processor = time of all processes together for one signature; on a busy machine only this compares");
    println!("limit = two bare processes that [unwrap,] sign and verify; % = ours of the limit at most callers");
    for module in &options.modules {
        let prepared = Prepared::new(module).await?;
        let asked = |subject: &Subject| options.only.as_ref().is_none_or(|only| only == subject.name());
        for subject in subjects(module).into_iter().filter(asked) {
            resident(&prepared, subject, options).await?;
        }
        for subject in subjects(module).into_iter().filter(asked) {
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

/// Bare processes together.
struct Bare {
    per_second: f64,
    /// Processor time of one round, in microseconds: other work on the machine hardly changes it.
    cost: f64,
}

impl Bare {
    fn mean(self, other: Self) -> Self {
        Self {
            per_second: self.per_second.midpoint(other.per_second),
            cost: self.cost.midpoint(other.cost),
        }
    }
}

async fn resident(prepared: &Prepared, subject: Subject, options: &Options) -> Result<()> {
    let openssl = speed::measure(subject, options.each)?;
    let one = bare(prepared, subject, Work::Sign, 1, options.each).await?;
    let before = bare(prepared, subject, Work::SignVerify, PROCESSES, options.each).await?;
    let workers = Arc::new(Workers::start(prepared.workers(PROCESSES)?).await?);
    let key = KeyUri::new(LABEL, subject.label());
    let mut lines = Vec::new();
    for callers in steps(options) {
        let (signing, key) = (workers.clone(), key.clone());
        let clock = Clock::start(workers.process_ids())?;
        let figures = callers::measure(*callers, options.each, move |n| {
            let (workers, key) = (signing.clone(), key.clone());
            async move {
                let signatures = workers.sign(&key, subject.algorithm, &[subject.input(n)]).await?;
                ensure!(signatures.len() == 1);
                Ok(())
            }
        });
        lines.push(clock.line(*callers, figures.await?)?);
    }
    workers.stop().await;
    let after = bare(prepared, subject, Work::SignVerify, PROCESSES, options.each).await?;
    println!(
        "\n{} {} resident | openssl speed: sign {:.0} (two {:.0}), verify {:.0} | bare module, one process: {:.0}",
        prepared.module.name,
        subject.name(),
        openssl.sign,
        openssl.sign_two,
        openssl.verify,
        one.per_second
    );
    print(&lines, before.mean(after));
    Ok(())
}

async fn wrapped(prepared: &Prepared, subject: Subject, options: &Options) -> Result<()> {
    let Some(row) = prepared.wrapped.iter().find(|row| row.subject == subject) else {
        let name = prepared.module.name;
        println!("\n{name} {} wrapped | not offered by this module", subject.name());
        return Ok(());
    };
    let shared = Arc::new((guards(), row.key.clone()));
    let before = bare(prepared, subject, Work::UnwrapSignVerify, PROCESSES, options.each).await?;
    let workers = Arc::new(Workers::start(prepared.workers(PROCESSES)?).await?);
    let mut lines = Vec::new();
    for callers in steps(options) {
        let (signing, shared) = (workers.clone(), shared.clone());
        let clock = Clock::start(workers.process_ids())?;
        let figures = callers::measure(*callers, options.each, move |n| {
            let (workers, shared) = (signing.clone(), shared.clone());
            async move {
                let (guards, key) = &*shared;
                let inputs = [subject.input(n)];
                let signatures = workers.sign_wrapped(guards, key, subject.algorithm, &inputs).await?;
                ensure!(signatures.len() == 1);
                Ok(())
            }
        });
        lines.push(clock.line(*callers, figures.await?)?);
    }
    workers.stop().await;
    let after = bare(prepared, subject, Work::UnwrapSignVerify, PROCESSES, options.each).await?;
    println!("\n{} {} wrapped", prepared.module.name, subject.name());
    print(&lines, before.mean(after));
    Ok(())
}

/// Processor time of the workers and of this process.
struct Clock {
    processes: Vec<u32>,
    before: Duration,
}

struct Line {
    callers: usize,
    figures: Figures,
    cost: f64,
}

impl Clock {
    fn start(mut processes: Vec<u32>) -> Result<Self> {
        processes.push(std::process::id());
        let before = census::processor(&processes)?;
        Ok(Self { processes, before })
    }

    fn line(&self, callers: usize, figures: Figures) -> Result<Line> {
        let used = census::processor(&self.processes)?.saturating_sub(self.before);
        let cost = used.as_micros() as f64 / figures.answers.max(1) as f64;
        Ok(Line { callers, figures, cost })
    }
}

fn print(lines: &[Line], limit: Bare) {
    println!(
        "  limit {:.0} a second, {:.0} us of processor each",
        limit.per_second, limit.cost
    );
    println!("  callers   per second   % of limit   p50 us    p99 us   processor us   % by processor");
    for line in lines {
        println!(
            "  {:7} {:12.0} {:12.0} {:8} {:9} {:14.0} {:16.0}",
            line.callers,
            line.figures.per_second,
            100.0 * line.figures.per_second / limit.per_second,
            line.figures.p50.as_micros(),
            line.figures.p99.as_micros(),
            line.cost,
            100.0 * limit.cost / line.cost
        );
    }
}

/// Some bare processes that begin together.
async fn bare(prepared: &Prepared, subject: Subject, work: Work, processes: usize, each: Duration) -> Result<Bare> {
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
    let (mut per_second, mut rounds, mut processor) = (0.0, 0, Duration::ZERO);
    for process in &mut running {
        let done: Done = process.hear().await?;
        per_second += done.rounds as f64 / done.took.as_secs_f64();
        rounds += done.rounds;
        processor += done.processor;
    }
    let cost = processor.as_micros() as f64 / rounds.max(1) as f64;
    Ok(Bare { per_second, cost })
}
