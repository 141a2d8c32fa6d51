//! `signum ca status`: how the CA and the audit logs stand, without the tokens and beside a Signum that runs.

use std::path::Path;

use anyhow::{Result, bail};

use super::audit::{ALL, open, read_key};
use crate::layout::Layout;
use crate::operator::{View, text};

/// Prints the state; fails while anything wants somebody, for who watches by command.
pub async fn run(file: Option<&Path>, var: &Path) -> Result<()> {
    let config = super::configuration(file)?;
    let layout = Layout::create(var)?;
    let mut logs = Vec::new();
    for service in ALL {
        let key = read_key(&layout.audit_key(service.name()))?;
        logs.push((open(&config, &layout, service).await?, key));
    }
    let Some((ca, _)) = logs.first() else {
        bail!("no logs");
    };
    let view = View {
        ca: ca.cx().clone(),
        limits: config.alarms.clone(),
        looks_up_caa: config.ca.caa_resolver().is_some(),
        logs,
    };
    let status = view.status().await?;
    print!("{}", text(&status));
    match status.alarms.len() {
        0 => Ok(()),
        alarms => bail!("{alarms} alarms"),
    }
}
