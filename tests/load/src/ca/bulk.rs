//! The rehearsal of a mass event (F-07): a bulk action suspends every certificate of an authority, as fast as it can.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use signum_ca::{Algorithms, BulkPlan, BulkPredicate, BulkState, Deps, PreparedBulk, Service};
use signum_core::contract::StatusAction;
use signum_core::{Clock, Cx, Id, ManualClock, params};
use signum_hsm_shim::Hsm;

use super::Engine;
use super::fill;
use super::stand::Stand;
use crate::Options;

/// Certificates of a country of two million people who have one each.
const POPULATION: f64 = 2_000_000.0;
const PACE: u32 = 10_000_000;

pub async fn run(engine: Engine, options: &Options) -> Result<()> {
    let stored = if options.short { 2_000 } else { 100_000 };
    let stand = Stand::open(engine, Algorithms::Ec).await?;
    fill::to(&stand, stored).await?;
    // An hour later: everything was issued before the interval's end, and the pace is never waited for.
    let clock = Arc::new(ManualClock::at(stand.cx.now().plus(Duration::from_secs(3_600))));
    let cx = Cx {
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        ..stand.cx.clone()
    };
    let hsm = Arc::clone(&stand.workers) as Arc<dyn Hsm>;
    let ca = Service::new(stand.config.clone(), Deps { cx, hsm })?;
    let counting = Instant::now();
    let plan = BulkPlan {
        action: StatusAction::Suspend,
        predicate: BulkPredicate {
            issuer: Some("qsig".to_owned()),
            ..BulkPredicate::default()
        },
        pace: PACE,
    };
    let prepared = ca.prepare_bulk(plan).await?.prepared;
    let counted = counting.elapsed();
    let id = Id::from_bytes(prepared.id);
    agree(&stand, id).await?;
    ca.run_bulk(id).await?;
    let began = Instant::now();
    let changed = loop {
        clock.advance(Duration::from_secs(31));
        ca.bulk_step().await?;
        let progress = ca.bulk_progress(id).await?;
        if progress.state == BulkState::Done {
            break progress.changed;
        }
    };
    let taken = began.elapsed().as_secs_f64();
    if changed != prepared.counted {
        bail!("{changed} of {} were changed", prepared.counted);
    }
    #[allow(clippy::cast_precision_loss)]
    let rate = changed as f64 / taken;
    println!(
        "\nbulk, {}: counted in {:.2} s; {changed} certificates suspended, each with history and audit event, in {taken:.1} s: {rate:.0}/s; \
         2,000,000 take {:.0} minutes",
        engine.name(),
        counted.as_secs_f64(),
        POPULATION / rate / 60.0
    );
    stand.close().await;
    Ok(())
}

/// In the officers' stead, whose gestures are not what is measured.
async fn agree(stand: &Stand, id: Id<PreparedBulk>) -> Result<()> {
    let sql =
        "UPDATE bulk_action SET state = 'approved', requester = 'a', approver = 'b', approved_at = 1 WHERE id = $1";
    let agreed = stand
        .cx
        .db
        .run("load.agree", |tx| async move { tx.exec(sql, params![id]).await });
    agreed.await?;
    Ok(())
}
