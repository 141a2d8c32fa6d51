//! The signing module's process: its configuration is written once, then only the module reads it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use signum_activation::client::ModuleClient;
use signum_activation::config::ModuleConfig;
use signum_activation::officer::Officer;
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
pub(super) async fn start(config: &Config, layout: &Layout) -> Result<(Option<ChildProcess>, ModuleClient)> {
    let socket = layout.path(&config.signer.module_socket.to_string_lossy());
    if !config.module.start {
        let (client, statement_key) = connect(&socket, &config.module.users, None).await?;
        pin_statement_key(&super::ca_config(config, layout).statement_key_file, &statement_key)?;
        return Ok((None, client));
    }
    let softhsm = hsm::environment(layout)?;
    let environment = [("SOFTHSM2_CONF", softhsm.as_path())];
    let file = layout.module_config();
    let path = file.display().to_string();
    if file.exists() {
        same_origin(config, &file)?;
    } else {
        write_config(config, layout)?;
    }
    let initialised = layout.path("module/initialised");
    if !initialised.exists() {
        ChildProcess::run(MODULE, &["init", "--config", &path], &environment).await?;
        write_private(&initialised, b"")?;
    }
    let mut process = ChildProcess::start(MODULE, &["run", "--config", &path], &environment)?;
    let (client, statement_key) = connect(&socket, &[], Some(&mut process)).await?;
    pin_statement_key(&super::ca_config(config, layout).statement_key_file, &statement_key)?;
    Ok((Some(process), client))
}

/// The CA believes the module that was there when it was first asked. A later change is told and never followed.
fn pin_statement_key(file: &Path, shown: &[u8]) -> Result<()> {
    if !file.exists() {
        return write_private(file, shown);
    }
    let pinned = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    if pinned != shown {
        tracing::error!(
            file = %file.display(),
            "the signing module's statement key is not the pinned one: the CA issues no signature certificates. If the people's \
             token was replaced on purpose, remove the file and start again"
        );
    }
    Ok(())
}

/// Pins what the module believes: issuing CA, officers, the signer's origin. Later changes elsewhere do not reach it.
fn write_config(config: &Config, layout: &Layout) -> Result<()> {
    let officers = std::fs::read_to_string(layout.officers()).with_context(|| {
        format!(
            "the registration officers' keys are read from {}",
            layout.officers().display()
        )
    })?;
    let officers = pinned(&officers).context("officers.json")?;
    let issuer = layout.path("module/issuer-qsig.der");
    write_private(&issuer, &issuing_certificate(layout)?)?;
    let module = ModuleConfig {
        module: config.hsm.module.clone(),
        token: TOKEN.to_owned(),
        pin_file: layout.path("module/people.pin"),
        socket: layout.path(&config.signer.module_socket.to_string_lossy()),
        journal: layout.path("module/journal"),
        ticket_seconds: 300,
        ocsp_max_age_seconds: 60,
        pinned_issuers: vec![issuer],
        peers: vec![],
        socket_group: None,
        binding_key_check: None,
        seal_key_check: None,
        relying_party: relying_party(&config.signer.public_url)?,
        officers,
        keks: Vec::new(),
    };
    write_private(&layout.module_config(), toml::to_string(&module)?.as_bytes())
}

/// The CA that issues signature certificates, out of the ceremony's folder; a machine without the CA has it from there.
fn issuing_certificate(layout: &Layout) -> Result<Vec<u8>> {
    let files = ["qsig", "qsig-rsa"].map(|holder| layout.path(&format!("ceremony/{holder}.der")));
    let [first, _] = &files;
    let missing = || {
        format!(
            "{} is missing: the CA's data folder has it at the same place",
            first.display()
        )
    };
    let found = files.iter().find(|file| file.exists()).with_context(missing)?;
    std::fs::read(found).with_context(|| format!("cannot read {}", found.display()))
}

/// The officers with the key that vouches; the one that logs in at the desk is nothing to the module.
fn pinned(officers: &str) -> Result<Vec<Officer>> {
    let mut officers: Vec<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(officers)?;
    for officer in &mut officers {
        officer.remove("log_in");
    }
    let officers = officers.into_iter().map(serde_json::Value::Object);
    Ok(officers.map(serde_json::from_value).collect::<Result<_, _>>()?)
}

/// The module believes gestures of one origin alone: a signer at another would see every one of them refused.
fn same_origin(config: &Config, file: &Path) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let pinned: ModuleConfig = toml::from_str(&text).with_context(|| file.display().to_string())?;
    let (pinned, set) = (
        pinned.relying_party.origin,
        relying_party(&config.signer.public_url)?.origin,
    );
    if pinned != set {
        bail!(
            "this data folder was made for a signer at {pinned}, and its signing passkeys work there alone; signer.public_url \
             is {set} now: set it back, or take another data folder"
        );
    }
    Ok(())
}

fn relying_party(public_url: &str) -> Result<RelyingParty> {
    let url = url::Url::parse(public_url)?;
    let id = url.host_str().context("signer.public_url has no host")?.to_owned();
    Ok(RelyingParty {
        id,
        origin: url.origin().ascii_serialization(),
    })
}

/// A client of the ready module, and the module's public statement key.
async fn connect(
    socket: &Path,
    users: &[u32],
    mut process: Option<&mut ChildProcess>,
) -> Result<(ModuleClient, Vec<u8>)> {
    for _ in 0..ATTEMPTS {
        if let Some(end) = process.as_mut().and_then(|process| process.ended()) {
            bail!("{end}; what it said stands above");
        }
        if let Ok(client) = ModuleClient::connect_to(socket, users).await
            && let Ok(status) = client.status().await
            && status.ready
        {
            return Ok((client, status.statement_key));
        }
        tokio::time::sleep(PAUSE).await;
    }
    bail!("the signing module does not answer at {}", socket.display())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn the_module_pins_the_key_that_vouches_and_not_the_one_that_logs_in() {
        let key = |host: &str, key: &str| {
            serde_json::json!({
                "rp": { "id": host, "origin": format!("http://{host}:8082") },
                "authenticator": {
                    "credential_id": key, "cose_key": key, "aaguid": "00000000000000000000000000000000",
                    "backup_eligible": false, "counter": 0,
                },
            })
        };
        let mut officer = key("sign.localhost", "AQID");
        officer["id"] = "officer-1".into();
        officer["log_in"] = key("desk.sign.localhost", "BAUG");
        let officers = pinned(&serde_json::json!([officer]).to_string()).unwrap();
        assert_eq!(officers[0].authenticator.cose_key, [1, 2, 3]);
        assert_eq!(officers[0].relying_party.id, "sign.localhost");
        assert!(!toml::to_string(&officers[0]).unwrap().contains("BAUG"));
    }
}
