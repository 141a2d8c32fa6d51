//! `signum hsm rewrap`: people's keys from an old KEK to a newer one. Rows come from the signer's database in batches; each is
//! wrapped anew, and has signed, inside `signum-hsm-ceremony` before its row is replaced.

pub(super) mod rows;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use signum_activation::module::BINDING_KEY;
use signum_core::{Cx, OsRandom, SystemClock};
use signum_hsm_shim::approval::CeremonyFile;
use signum_hsm_shim::backup::Backup;
use signum_hsm_shim::ceremony::{Order, RewrapPlan, Rewrapping};

use super::{CEREMONY, Desk, Which, backup, read};
use crate::app::Databases;
use crate::children::executable;
use crate::layout::Layout;

#[derive(Args)]
pub struct Rewrap {
    #[arg(long)]
    ceremony: PathBuf,
    #[arg(long)]
    officers: PathBuf,
    /// The old KEK's backup, made for the ceremony's token.
    #[arg(long)]
    backup: PathBuf,
    /// What `rotate-kek` or `backup-kek` wrote of the new KEK.
    #[arg(long)]
    to: PathBuf,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// The signing module is on another machine, and its module.toml pins the new KEK already.
    #[arg(long)]
    module_elsewhere: bool,
    #[command(flatten)]
    which: Which,
}

/// What the officers approve and the ceremony's process does.
pub(super) fn plan(old: &Backup, to: &Path) -> Result<RewrapPlan> {
    let new = Backup::parse(&read(to)?)?;
    Ok(RewrapPlan {
        backup: old.to_toml()?,
        transport: backup::TRANSPORT.to_owned(),
        to: new.object,
        to_check: new.check,
        binding_mac: BINDING_KEY.to_owned(),
    })
}

pub(super) async fn rewrap(desk: &Desk, rewrap: &Rewrap) -> Result<()> {
    let file = read(&rewrap.ceremony)?;
    let ceremony = CeremonyFile::parse(&file)?.ceremony;
    let old = Backup::parse(&read(&rewrap.backup)?)?;
    let plan = plan(&old, &rewrap.to)?;
    let (from, to) = (epoch(&old.object)?, epoch(&plan.to)?);
    let cx = Cx {
        db: Databases::one(&desk.config, &Layout::create(&desk.var)?, "signer").await?,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
    };
    let counts = rows::count(&cx.db, from).await?;
    println!(
        "Wraps {} keys of people from {} to {} in token {}. Each new blob signs there before its row is replaced.",
        counts.due, old.object, plan.to, ceremony.token
    );
    println!(
        "Left as they are: {} under other KEKs, {} not sealed yet (run this again later), {} of ended enrolments.",
        counts.elsewhere, counts.unsealed, counts.ended
    );
    if rewrap.dry_run || counts.due == 0 {
        cx.db.close().await;
        return Ok(());
    }
    must_be_known(desk, rewrap, &plan, to)?;
    let order = Order::Rewrap {
        address: desk.address(&rewrap.which, &ceremony.token)?,
        file,
        officers: std::path::absolute(&rewrap.officers)?,
        plan: Box::new(plan),
    };
    let environment = desk.environment(&rewrap.which)?;
    let begin = || Ok(Rewrapping::begin(&executable(CEREMONY)?, &environment, &order)?);
    let mut process = desk.unless_refused(&order, begin)?;
    let outcome = rows::replace(&cx, from, counts.due, |batch| {
        // One command, one process, one batch at a time: nothing else waits for this thread.
        tokio::task::block_in_place(|| process.batch(batch))
    });
    let outcome = outcome.await;
    cx.db.close().await;
    let done = outcome.context("what was replaced stays replaced; the rest takes another ceremony")?;
    process.end()?;
    println!(
        "Replaced: {}. Changed meanwhile: {}. Refused: {}.",
        done.replaced, done.changed, done.refused
    );
    if done.refused > 0 {
        bail!("{} rows were refused and stay under {}", done.refused, old.object);
    }
    println!("Keep {} until no row needs it (--dry-run counts).", old.object);
    Ok(())
}

/// A row under a KEK that the signing module does not open is a person who cannot sign.
fn must_be_known(desk: &Desk, rewrap: &Rewrap, plan: &RewrapPlan, epoch: u32) -> Result<()> {
    if rewrap.module_elsewhere {
        return Ok(());
    }
    let module = desk
        .module()?
        .context("no module.toml in the data folder; see --module-elsewhere")?;
    let pinned = module
        .keks
        .iter()
        .any(|kek| kek.epoch == epoch && kek.check == plan.to_check);
    if !pinned {
        bail!(
            "module.toml does not pin {}: people whose keys are under it could not sign. Pin it and restart the signing module first",
            plan.to
        );
    }
    Ok(())
}

fn epoch(object: &str) -> Result<u32> {
    let epoch = object.rsplit_once('.').and_then(|(_, epoch)| epoch.parse().ok());
    epoch.with_context(|| format!("{object} is no KEK"))
}
