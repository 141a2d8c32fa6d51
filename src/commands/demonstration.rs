//! The demonstration's own processes and people, in one process with the services or beside each of them.

use anyhow::{Result, bail};

use crate::app::Service;
use crate::children::ChildProcess;
use crate::config::Config;
use crate::layout::{Layout, write_private};

/// Software officers look at nobody's face: never where others can reach them.
pub(super) fn refuse_public(config: &Config) -> Result<()> {
    let addresses = [
        &config.idp.public_url,
        &config.signer.public_url,
        &config.demo.public_url,
    ];
    let public = config.listen.allow_public || addresses.iter().any(|address| address.starts_with("https://"));
    if config.demo.enabled && public {
        bail!(
            "the demonstration's officers vouch with software keys: set demo.enabled = false before listening for others"
        );
    }
    Ok(())
}

/// The demonstration's own processes.
pub(super) struct Demonstration(Vec<ChildProcess>);

impl Demonstration {
    /// Starts what belongs to these services: the relying party stands beside the identity provider, the officers' desk beside
    /// the signer.
    pub(super) fn start(services: &[Service], config: &Config, layout: &Layout) -> Result<Self> {
        let mut children = Vec::new();
        if config.demo.enabled && services.contains(&Service::Idp) {
            children.push(relying_party(config, layout)?);
        }
        if config.demo.enabled && services.contains(&Service::Signer) {
            children.push(desk(config, layout)?);
        }
        Ok(Self(children))
    }

    pub(super) async fn stop(self) {
        for child in self.0 {
            child.stop().await;
        }
    }
}

fn relying_party(config: &Config, layout: &Layout) -> Result<ChildProcess> {
    if std::net::TcpListener::bind(config.demo.listen).is_err() {
        bail!(
            "{} is taken by another program; set `demo.listen` and `demo.public_url`",
            config.demo.listen
        );
    }
    let listen = config.demo.listen.to_string();
    let secret = layout.client_secret("demo-rp").display().to_string();
    let arguments = [
        "--listen",
        &listen,
        "--public-url",
        &config.demo.public_url,
        "--issuer",
        &config.idp.public_url,
        "--client-id",
        "demo-rp",
        "--client-secret-file",
        &secret,
    ];
    ChildProcess::start("signum-demo-rp", &arguments, &[])
}

fn desk(config: &Config, layout: &Layout) -> Result<ChildProcess> {
    let officers = layout.path("demo/officers").display().to_string();
    let people = layout.demo_people().display().to_string();
    let arguments = [
        "run",
        "--signer",
        &config.signer.public_url,
        "--dir",
        &officers,
        "--people",
        &people,
    ];
    ChildProcess::start("signum-demo-desk", &arguments, &[])
}

/// Activation addresses are secrets of their persons: they go to a private file for `./run demo`.
pub(super) fn keep_addresses(layout: &Layout, addresses: &[(String, String)]) -> Result<()> {
    let lines: Vec<String> = addresses.iter().map(|(_, address)| address.clone()).collect();
    write_private(
        &layout.path("demo/activation-links.txt"),
        (lines.join("\n") + "\n").as_bytes(),
    )
}
