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
const MOST: usize = 64;
/// How often ours and the limit take turns.
const ROUNDS: usize = 5;

pub async fn run(options: &Options) -> Result<()> {
    let cores = std::thread::available_parallelism()?;
    println!(
        "{cores} cores; each figure measured for {} ms; signatures a second",
        options.each.as_millis()
    );
    println!("processor = time of all processes together for one signature: says more than the rate on a busy machine");
    println!("limit = two bare processes that [unwrap,] sign and verify");
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
        &[1, MOST]
    } else {
        &[1, 2, 4, 8, 16, 32, MOST]
    }
}

async fn resident(prepared: &Prepared, subject: Subject, options: &Options) -> Result<()> {
    let openssl = speed::measure(subject, options.each)?;
    let one = Bare::start(prepared, subject, Work::Sign, 1, options.each)
        .await?
        .round()
        .await?;
    println!(
        "\n{} {} resident | openssl speed: sign {:.0} (two {:.0}), verify {:.0} | bare module, one process: {:.0}",
        prepared.module.name,
        subject.name(),
        openssl.sign,
        openssl.sign_two,
        openssl.verify,
        one.per_second
    );
    let workers = Arc::new(Workers::start(prepared.workers(PROCESSES)?).await?);
    let key = KeyUri::new(LABEL, subject.label());
    let signing = workers.clone();
    let sign = move |n| {
        let (workers, key) = (signing.clone(), key.clone());
        async move {
            let signatures = workers.sign(&key, subject.algorithm, &[subject.input(n)]).await?;
            ensure!(signatures.len() == 1);
            Ok(())
        }
    };
    let bare = Bare::start(prepared, subject, Work::SignVerify, PROCESSES, options.each).await?;
    table(&workers, bare, options, sign).await?;
    workers.stop().await;
    Ok(())
}

async fn wrapped(prepared: &Prepared, subject: Subject, options: &Options) -> Result<()> {
    let name = prepared.module.name;
    let Some(row) = prepared.wrapped.iter().find(|row| row.subject == subject) else {
        println!("\n{name} {} wrapped | not offered by this module", subject.name());
        return Ok(());
    };
    println!("\n{name} {} wrapped", subject.name());
    let workers = Arc::new(Workers::start(prepared.workers(PROCESSES)?).await?);
    let shared = Arc::new((workers.clone(), guards(), row.key.clone()));
    let sign = move |n| {
        let shared = shared.clone();
        async move {
            let (workers, guards, key) = &*shared;
            let inputs = [subject.input(n)];
            let signatures = workers.sign_wrapped(guards, key, subject.algorithm, &inputs).await?;
            ensure!(signatures.len() == 1);
            Ok(())
        }
    };
    let bare = Bare::start(prepared, subject, Work::UnwrapSignVerify, PROCESSES, options.each).await?;
    table(&workers, bare, options, sign).await?;
    workers.stop().await;
    Ok(())
}

/// Ours with more and more callers; then most callers and the limit in turn, so that both see the same machine.
async fn table<Call, Answer>(workers: &Workers, mut bare: Bare, options: &Options, sign: Call) -> Result<()>
where
    Call: Fn(u64) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Result<()>> + Send,
{
    let measure = async |callers| ours(workers, callers, options, sign.clone()).await;
    by_callers(steps(options), &measure).await?;
    in_turn(&mut bare, MOST, options, &measure).await
}

/// A line for each number of callers; `measure` also gives the processor time of one answer in microseconds.
pub async fn by_callers(steps: &[usize], measure: impl AsyncFn(usize) -> Result<(Figures, f64)>) -> Result<()> {
    println!("  callers   per second   p50 us    p99 us   processor us");
    for callers in steps {
        let (figures, cost) = measure(*callers).await?;
        println!(
            "  {callers:7} {:12.0} {:8} {:9} {cost:14.0}",
            figures.per_second,
            figures.p50.as_micros(),
            figures.p99.as_micros()
        );
    }
    Ok(())
}

/// So many callers and the limit in turn.
pub async fn in_turn(
    bare: &mut Bare,
    callers: usize,
    options: &Options,
    measure: impl AsyncFn(usize) -> Result<(Figures, f64)>,
) -> Result<()> {
    let (mut limits, mut limit_costs, mut rates, mut costs) = (vec![], vec![], vec![], vec![]);
    for _ in 0..if options.short { 1 } else { ROUNDS } {
        let limit = bare.round().await?;
        let (figures, cost) = measure(callers).await?;
        limits.push(limit.per_second);
        limit_costs.push(limit.cost);
        rates.push(figures.per_second);
        costs.push(cost);
    }
    let (limit, rate) = (median(limits), median(rates));
    let (limit_cost, cost) = (median(limit_costs), median(costs));
    println!(
        "  {callers} callers and the limit in turn, medians: {rate:.0} of {limit:.0} a second = {:.0} %; \
         processor {cost:.0} us where the limit takes {limit_cost:.0} = {:.0} %",
        100.0 * rate / limit,
        100.0 * limit_cost / cost
    );
    Ok(())
}

/// Also the processor time of workers and callers for one signature, in microseconds.
async fn ours<Call, Answer>(workers: &Workers, callers: usize, options: &Options, sign: Call) -> Result<(Figures, f64)>
where
    Call: Fn(u64) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Result<()>> + Send,
{
    let mut processes = workers.process_ids();
    processes.push(std::process::id());
    let before = census::processor(&processes)?;
    let figures = callers::measure(callers, options.each, sign).await?;
    let used = census::processor(&processes)?.saturating_sub(before);
    let cost = used.as_micros() as f64 / figures.answers.max(1) as f64;
    Ok((figures, cost))
}

pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Bare processes that work together.
pub struct Bare {
    running: Vec<Running>,
}

pub struct Round {
    pub per_second: f64,
    /// Processor time of one signature, in microseconds: other work on the machine changes it less than the rate.
    pub cost: f64,
}

impl Bare {
    pub async fn start(
        prepared: &Prepared,
        subject: Subject,
        work: Work,
        processes: usize,
        each: Duration,
    ) -> Result<Self> {
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
        Ok(Self { running })
    }

    /// All of them at once, for as long as was said.
    pub async fn round(&mut self) -> Result<Round> {
        for process in &mut self.running {
            process.tell(&()).await?;
        }
        let (mut per_second, mut rounds, mut processor) = (0.0, 0, Duration::ZERO);
        for process in &mut self.running {
            let done: Done = process.hear().await?;
            per_second += done.rounds as f64 / done.took.as_secs_f64();
            rounds += done.rounds;
            processor += done.processor;
        }
        let cost = processor.as_micros() as f64 / rounds.max(1) as f64;
        Ok(Round { per_second, cost })
    }
}
