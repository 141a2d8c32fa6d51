//! The signing module's process: its configuration is written once, then only the module reads it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use signum_activation::client::ModuleClient;
use signum_activation::config::ModuleConfig;
use signum_activation::officer::Officer;
use signum_ca::Transcript;
use signum_gesture::RelyingParty;

use super::hsm;
use crate::children::ChildProcess;
use crate::config::Config;
use crate::layout::{Layout, write_private};

const MODULE: &str = "signum-signing-module";
/// Label of the token with the KEK; only the module has its PIN.
const TOKEN: &str = "signum-people";
/// Readiness is asked for this often, and this many times.
const PAUSE: Duration = Duration::from_millis(50);
const ATTEMPTS: u32 = 400;

/// Starts the module, on the very first start with a new configuration and new keys, and waits until it answers.
pub(super) async fn start(
    config: &Config,
    layout: &Layout,
    ceremony: &Transcript,
) -> Result<(ChildProcess, ModuleClient)> {
    let softhsm = hsm::environment(layout)?;
    let environment = [("SOFTHSM2_CONF", softhsm.as_path())];
    let file = layout.module_config();
    let path = file.display().to_string();
    if !file.exists() {
        write_config(config, layout, ceremony)?;
    }
    let initialised = layout.path("module/initialised");
    if !initialised.exists() {
        ChildProcess::run(MODULE, &["init", "--config", &path], &environment).await?;
        write_private(&initialised, b"")?;
    }
    let mut process = ChildProcess::start(MODULE, &["run", "--config", &path], &environment)?;
    let client = connect(&layout.path("run/signing-module.sock"), &mut process).await?;
    Ok((process, client))
}

/// Pins what the module believes: issuing CA, officers, the signer's origin. Later changes elsewhere do not reach it.
fn write_config(config: &Config, layout: &Layout, ceremony: &Transcript) -> Result<()> {
    let officers = std::fs::read_to_string(layout.officers()).with_context(|| {
        format!(
            "the registration officers' keys are read from {}",
            layout.officers().display()
        )
    })?;
    let officers: Vec<Officer> = serde_json::from_str(&officers).context("officers.json")?;
    let issuer = layout.path("module/issuer-qsig.der");
    write_private(
        &issuer,
        ceremony
            .certificate("qsig")
            .context("the ceremony made no issuing CA for signatures")?,
    )?;
    let module = ModuleConfig {
        module: config.hsm.module.clone(),
        token: TOKEN.to_owned(),
        pin_file: layout.path("module/people.pin"),
        socket: layout.path("run/signing-module.sock"),
        journal: layout.path("module/journal"),
        ticket_seconds: 300,
        ocsp_max_age_seconds: 60,
        pinned_issuers: vec![issuer],
        relying_party: relying_party(&config.signer.public_url)?,
        officers,
    };
    write_private(&layout.module_config(), toml::to_string(&module)?.as_bytes())
}

fn relying_party(public_url: &str) -> Result<RelyingParty> {
    let url = url::Url::parse(public_url)?;
    let id = url.host_str().context("signer.public_url has no host")?.to_owned();
    Ok(RelyingParty {
        id,
        origin: url.origin().ascii_serialization(),
    })
}

async fn connect(socket: &Path, process: &mut ChildProcess) -> Result<ModuleClient> {
    for _ in 0..ATTEMPTS {
        if let Some(end) = process.ended() {
            bail!("{end}; what it said stands above");
        }
        if let Ok(client) = ModuleClient::connect(socket).await
            && client.status().await.is_ok_and(|status| status.ready)
        {
            return Ok(client);
        }
        tokio::time::sleep(PAUSE).await;
    }
    bail!("the signing module does not answer at {}", socket.display())
}
