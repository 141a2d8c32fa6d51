//! This machine: its executable's hash, its tokens, and the environment in which a PKCS#11 module is loaded.

use std::fs::File;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use sha2::{Digest, Sha256};
use signum_core::{OsRandom, Random};
use signum_hsm_shim::HsmError;
use signum_hsm_shim::init::{NewToken, create_pin_file, init_token as make_token, softhsm_conf};
use signum_hsm_shim::token::{PinSource, TokenConfig};

use crate::app::pin_source;
use crate::config::Config;

const SOFTHSM: &str = "SOFTHSM2_CONF";

#[derive(Args)]
pub struct InitToken {
    /// The token's label: `signum-root` on the offline machine.
    #[arg(long)]
    label: String,
}

/// SHA-256 of an executable; of the one that runs here where no path is given.
pub(super) fn executable_hash(path: Option<&Path>) -> Result<[u8; 32]> {
    let path = path.unwrap_or(Path::new("/proc/self/exe"));
    let wrong = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(wrong)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        let read = file.read(&mut buffer).with_context(wrong)?;
        let Some(octets) = buffer.get(..read).filter(|octets| !octets.is_empty()) else {
            return Ok(hash.finalize().into());
        };
        hash.update(octets);
    }
}

/// Begins this process anew with SoftHSM's configuration of the data folder, unless the environment has one. It is read when
/// the module is loaded, so it must be there before.
pub(super) fn with_softhsm(var: &Path) -> Result<()> {
    if std::env::var_os(SOFTHSM).is_some() {
        return Ok(());
    }
    std::fs::create_dir_all(var).with_context(|| format!("cannot make {}", var.display()))?;
    let conf = softhsm_conf(var).context("cannot write softhsm2.conf")?;
    let own = std::env::current_exe()?;
    let error = std::process::Command::new(own)
        .args(std::env::args_os().skip(1))
        .env(SOFTHSM, conf)
        .exec();
    bail!("cannot begin anew: {error}")
}

/// The file names that the service uses for its own token, and the label for any other.
fn pin_name<'a>(config: &Config, label: &'a str) -> &'a str {
    if label == config.ca.token { "ca" } else { label }
}

/// The token of this label with its PIN from `given`, from the settings, or from the data folder.
pub(super) fn token(config: &Config, var: &Path, label: &str, given: Option<&str>) -> Result<TokenConfig> {
    let usual = var.join(format!("secrets/{}.pin", pin_name(config, label)));
    let pin = match given {
        Some(source) => PinSource::of_uri(source)?.without_environment()?,
        None if label == config.ca.token => pin_source(config, "ca", usual)?,
        None => PinSource::File(usual),
    };
    Ok(TokenConfig {
        module: config.hsm.module.clone(),
        token: label.to_owned(),
        pin,
        sessions: 2,
    })
}

pub(super) fn init_token(config: &Config, var: &Path, init: &InitToken) -> Result<()> {
    with_softhsm(var)?;
    let secrets = var.join("secrets");
    private_folder(&secrets)?;
    let pin = |name: String| -> Result<PinSource> {
        let path: PathBuf = secrets.join(format!("{name}.pin"));
        match create_pin_file(&path, |buffer| OsRandom.fill(buffer)) {
            Err(HsmError::AlreadyExists(_)) => Ok(PinSource::File(path)),
            other => Ok(other?),
        }
    };
    let name = pin_name(config, &init.label);
    make_token(&NewToken {
        module: config.hsm.module.clone(),
        label: init.label.clone(),
        so_pin: pin(format!("{name}-so"))?,
        user_pin: pin(name.to_owned())?,
    })
    .with_context(|| format!("token {}", init.label))?;
    println!("token {}; its PIN lies in {}", init.label, secrets.display());
    Ok(())
}

fn private_folder(path: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make {}", path.display()))
}
