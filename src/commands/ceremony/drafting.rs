//! `signum ceremony draft`: the file and its folder, filled from what the service, or an earlier ceremony's folder, knows.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use sha2::{Digest, Sha256};
use signum_ca::ceremony::{Draft, Folder, Kind as CeremonyKind, Reason as Why, RootState, draft as text};
use signum_ca::{ListHash, Officers, SignedList};
use signum_core::{Clock, OsRandom, Random, SystemClock, Timestamp};

use super::machine::executable_hash;
use crate::commands::ca::opened::Opened;
use crate::config::Config;
use crate::layout::Layout;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    Root,
    Issuing,
    ReKey,
    Sign,
    RootList,
    Revoke,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Reason {
    Unspecified,
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
}

/// What is to be done; nobody has approved it yet.
#[derive(Args)]
pub struct Drafting {
    kind: Kind,
    /// A new folder.
    #[arg(long)]
    folder: PathBuf,
    /// Every list of officers, the first one first (JSON).
    #[arg(long)]
    officers: PathBuf,
    /// The outside auditor's certificate, PEM or DER.
    #[arg(long)]
    auditor: PathBuf,
    #[arg(long)]
    title: String,
    /// The token's label; `signum-root` for the kinds of the root, the service's own for the others.
    #[arg(long)]
    token: Option<String>,
    /// When it may begin (UTC, 2026-11-24T08:00:00Z); now where it is left out.
    #[arg(long)]
    from: Option<String>,
    /// Hours in which it may begin.
    #[arg(long, default_value_t = 24)]
    hours: i64,
    /// The executable that will hold it; this one where it is left out.
    #[arg(long)]
    executable: Option<PathBuf>,
    /// Ask the service's database for its root, its lists and what was revoked.
    #[arg(long)]
    from_service: bool,
    /// Folder of the ceremony that made the root.
    #[arg(long, conflicts_with = "from_service")]
    root: Option<PathBuf>,
    /// Folder of the ceremony that made the requests (sign).
    #[arg(long)]
    requests: Option<PathBuf>,
    /// Issuing CAs that are meant: all of them for issuing and re-key, none for revoke where it is left out.
    #[arg(long = "authority")]
    authorities: Vec<String>,
    /// Why (revoke).
    #[arg(long, default_value = "unspecified")]
    reason: Reason,
    /// Generation of the names; that of the settings where it is left out.
    #[arg(long)]
    generation: Option<u32>,
}

impl Kind {
    fn of_ceremony(self) -> CeremonyKind {
        match self {
            Self::Root => CeremonyKind::Root,
            Self::Issuing => CeremonyKind::Issuing,
            Self::ReKey => CeremonyKind::ReKey,
            Self::Sign => CeremonyKind::Sign,
            Self::RootList => CeremonyKind::RootList,
            Self::Revoke => CeremonyKind::Revoke,
        }
    }
}

impl Reason {
    fn why(self) -> Why {
        match self {
            Self::Unspecified => Why::Unspecified,
            Self::CaCompromise => Why::CaCompromise,
            Self::AffiliationChanged => Why::AffiliationChanged,
            Self::Superseded => Why::Superseded,
            Self::CessationOfOperation => Why::CessationOfOperation,
        }
    }
}

pub(super) async fn draft(config: &Config, var: &Path, wanted: Drafting) -> Result<()> {
    let folder = Folder::new(&wanted.folder);
    if folder.exists(Folder::CEREMONY) {
        bail!("{} is there already", folder.path(Folder::CEREMONY).display());
    }
    let kind = wanted.kind.of_ceremony();
    let lists: Vec<SignedList> =
        serde_json::from_slice(&super::read(&wanted.officers)?).context("lists of officers")?;
    let genesis = lists.first().context("no list of officers")?.list.hash();
    let officers = Officers::verify(genesis, &lists)?;
    let auditor = super::read_der(&wanted.auditor)?;
    let root = root_state(config, var, &wanted).await?;
    let requests = requests(&wanted)?;
    let mut settings = config.ca.clone();
    settings.generation = wanted.generation.unwrap_or(settings.generation);
    let random: &dyn Random = &OsRandom;
    let from = from(wanted.from.as_deref())?;
    let usual = if kind.is_of_root() {
        "signum-root"
    } else {
        &config.ca.token
    };
    let yaml = text(&Draft {
        kind,
        title: &wanted.title,
        config: &settings,
        from,
        until: Timestamp::from_seconds(from.seconds() + wanted.hours * 3600),
        nonce: random.bytes(),
        genesis: &genesis.to_string(),
        list: &officers.hash().to_string(),
        binary: &hex::encode(executable_hash(wanted.executable.as_deref())?),
        auditor: &hex::encode(Sha256::digest(&auditor)),
        token: wanted.token.as_deref().unwrap_or(usual),
        root: root.as_ref(),
        requests: &requests,
        authorities: &wanted.authorities,
        reason: wanted.reason.why(),
    });
    folder.write(Folder::CEREMONY, yaml.as_bytes())?;
    folder.write(Folder::OFFICERS, &serde_json::to_vec_pretty(&lists)?)?;
    folder.write(Folder::AUDITOR, &auditor)?;
    if let Some(root) = &root {
        folder.write("in/root.der", &root.certificate)?;
    }
    for (authority, octets) in &requests {
        folder.write(&format!("in/{authority}.p10"), octets)?;
    }
    println!("{}", folder.path(Folder::CEREMONY).display());
    match super::plan(&folder) {
        Ok(plan) => println!("SHA-256 that the operators compare: {}", hex::encode(plan.hash)),
        Err(error) => println!("To be completed: {error:#}"),
    }
    announce(genesis);
    Ok(())
}

fn announce(genesis: ListHash) {
    println!("The officers follow from the genesis hash {genesis}: compare it with the published one.");
}

fn from(text: Option<&str>) -> Result<Timestamp> {
    let Some(text) = text else {
        return Ok(Timestamp::from_seconds(SystemClock.now().seconds()));
    };
    let at: der::DateTime = text
        .parse()
        .map_err(|_| anyhow::anyhow!("--from: 2026-11-24T08:00:00Z"))?;
    Ok(Timestamp::from_seconds(i64::try_from(at.unix_duration().as_secs())?))
}

async fn root_state(config: &Config, var: &Path, wanted: &Drafting) -> Result<Option<RootState>> {
    if let Some(path) = &wanted.root {
        return of_folder(&Folder::new(path)).map(Some);
    }
    if !wanted.from_service {
        return Ok(None);
    }
    let opened = Opened::open(config, &Layout::create(var)?).await?;
    let state = opened.ca.root_state().await;
    opened.close().await;
    Ok(Some(state?))
}

/// What the folder of a root's own ceremony says of it, before the service knows it.
fn of_folder(folder: &Folder) -> Result<RootState> {
    let plan = super::plan(folder)?;
    let root = plan.file.root.context("--root: a folder of a ceremony of kind root")?;
    let list = plan.file.root_list.context("--root: without a list")?;
    Ok(RootState {
        certificate: folder.read("out/root.der")?,
        common_name: root.common_name,
        label: root.label,
        next_list: i64::try_from(list.number)? + 1,
        revoked: Vec::new(),
        issuing: Vec::new(),
    })
}

fn requests(wanted: &Drafting) -> Result<Vec<(String, Vec<u8>)>> {
    let Some(path) = &wanted.requests else {
        if wanted.kind == Kind::Sign {
            bail!("--requests is missing: the folder of the ceremony that made them");
        }
        return Ok(Vec::new());
    };
    let folder = Folder::new(path);
    let keys = super::plan(&folder)?
        .file
        .keys
        .context("--requests: a folder of a ceremony of kind issuing or re-key")?;
    let read = |authority: String| -> Result<(String, Vec<u8>)> {
        let octets = folder.read(&format!("out/{authority}.p10"))?;
        Ok((authority, octets))
    };
    keys.into_iter().map(|key| read(key.authority)).collect()
}
