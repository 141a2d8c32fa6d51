//! `signum migrate`.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use signum_core::{OsRandom, SystemClock, telemetry};

use crate::app::{Databases, Surroundings};
use crate::layout::Layout;

/// Applies the migrations that are missing to all three databases.
pub async fn run(file: Option<&Path>, var: &Path) -> Result<()> {
    let config = super::configuration(file)?;
    let metrics = telemetry::install(&config.logging)?;
    let surroundings = Surroundings {
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
        metrics,
    };
    let databases = Databases::open(&config, &Layout::create(var)?, &surroundings).await?;
    databases.close().await;
    println!("The databases have this version's schema.");
    Ok(())
}
