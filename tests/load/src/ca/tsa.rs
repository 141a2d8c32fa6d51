//! Time stamps, each signed, verified and recorded: in process and over HTTP, in turn with the limit.

use anyhow::{Result, ensure};
use signum_ca::Algorithms;
use signum_core::contract::TimeStamping;
use signum_hsm_shim::{KeyAlgorithm, SignatureAlgorithm};

use super::Engine;
use super::cost::{self, Meter};
use super::issuance::MOST;
use super::ocsp::http_post;
use super::served::{CONNECTIONS, HEADINGS, Served};
use super::stand::{PROCESSES, Stand};
use crate::Options;
use crate::callers;
use crate::module::Module;
use crate::rates::{Bare, by_callers, median};
use crate::raw::Work;
use crate::subject::Subject;
use crate::token::Prepared;

const ROUNDS: usize = 5;

pub async fn run(engine: Engine, options: &Options) -> Result<()> {
    let stand = Stand::open(engine, Algorithms::Ec).await?;
    println!(
        "\ntime stamps, {}, P-256 unit, every stamp recorded before it leaves",
        engine.name()
    );
    by_callers(&[1, 8, MOST], async |callers| {
        in_process(&stand, callers, options).await
    })
    .await?;
    let prepared = Prepared::new(&Module::softhsm()).await?;
    let subject = Subject {
        key: KeyAlgorithm::EcP256,
        algorithm: SignatureAlgorithm::EcdsaSha256,
    };
    let mut bare = Bare::start(&prepared, subject, Work::SignVerify, PROCESSES, options.each).await?;
    let requests = (0..1_000_u64).map(|n| Ok(http_post("/tsa", "application/timestamp-query", &query(n)?)));
    let requests = requests.collect::<Result<Vec<_>>>()?;
    let mut served = Served::start(&stand.ca, &requests, options.each).await?;
    let (mut limits, mut rates, mut rows) = (vec![], vec![], vec![]);
    for _ in 0..if options.short { 1 } else { ROUNDS } {
        limits.push(bare.round().await?.per_second);
        rates.push(in_process(&stand, MOST, options).await?.0.per_second);
        rows.push(served.round(&stand).await?);
    }
    let (limit, rate) = (median(limits), median(rates));
    println!(
        "  {MOST} callers and the limit in turn, medians: {rate:.0} of {limit:.0} a second = {:.0} %",
        100.0 * rate / limit
    );
    rows.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    let middle = rows.len() / 2;
    println!("{HEADINGS}");
    if let Some(row) = rows.get(middle) {
        row.print(&format!("over HTTP, {CONNECTIONS} connections"));
    }
    drop(served);
    stand.close().await;
    Ok(())
}

async fn in_process(stand: &Stand, callers: usize, options: &Options) -> Result<(callers::Figures, f64)> {
    let ca = stand.ca.clone();
    let stamp = move |n| {
        let ca = ca.clone();
        async move {
            let reply = ca.time_stamp(&query(n)?).await?;
            ensure!(reply.len() > 1_000, "refused");
            Ok(())
        }
    };
    let meter = Meter::start(stand)?;
    let figures = callers::measure(callers, options.each, stamp).await?;
    let cost = cost::each(meter.used()?, figures.answers);
    Ok((figures, cost))
}

/// The n-th request, with nonce and certificates asked for.
fn query(n: u64) -> Result<Vec<u8>> {
    let mut digest = [0x5a; 32];
    digest.split_at_mut(8).0.copy_from_slice(&n.to_be_bytes());
    Ok(signum_pki::tsp_request(&digest, &digest)?)
}
