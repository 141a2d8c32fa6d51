//! `signum config check|show`.

use std::path::Path;

use anyhow::Result;
use signum_core::config::show as text;

/// Reads file and environment and says that they are in order, or what is wrong and where.
pub fn check(file: Option<&Path>) -> Result<()> {
    super::configuration(file)?.ca.check()?;
    println!("The configuration is in order.");
    Ok(())
}

/// Prints every value in force with its meaning, secrets masked.
pub fn show(file: Option<&Path>) -> Result<()> {
    print!("{}", text(&super::configuration(file)?));
    Ok(())
}
