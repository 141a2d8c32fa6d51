//! What each subcommand of `signum` does.

mod asked;
pub mod audit;
pub mod backup;
pub mod ca;
#[cfg(feature = "card")]
pub mod card;
pub mod ceremony;
pub mod client;
pub mod config;
pub mod contract;
mod demonstration;
pub mod doctor;
pub mod hsm;
pub mod idp;
pub mod migrate;
pub mod person;
mod running;
pub mod serve;
pub mod status;
pub mod up;

use std::path::Path;

use anyhow::Result;
use signum_core::config::load;

use crate::config::Config;

/// The configuration in force.
fn configuration(file: Option<&Path>) -> Result<Config> {
    Ok(load::<Config>(file)?.settled())
}
