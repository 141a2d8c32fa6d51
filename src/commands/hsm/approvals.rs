//! `signum hsm draft | options | approve | destroy`: ceremony files on their way between officers.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use signum_core::{Clock, OsRandom, Random, SystemClock};
use signum_gesture::options::request_options;
use signum_gesture::{Assertion, Officer};
use signum_hsm_shim::approval::{Approval, CeremonyFile, Deed, Quorum};
use signum_hsm_shim::backup::{Backup, transports_detail};
use signum_hsm_shim::ceremony::{Answer, Order, ROWS_LEFT};

use super::pins::write_new;
use super::{Desk, Which, backup, needed, read, rewrap, unfitting};

#[derive(Clone, Copy, ValueEnum)]
enum Operation {
    Destroy,
    RotateKek,
    Rewrap,
    BackupKek,
    RestoreKek,
}

impl Operation {
    fn deed(self) -> Deed {
        match self {
            Self::Destroy => Deed::Destroy,
            Self::RotateKek => Deed::RotateKek,
            Self::Rewrap => Deed::Rewrap,
            Self::BackupKek => Deed::BackupKek,
            Self::RestoreKek => Deed::RestoreKek,
        }
    }
}

/// What is to be done; nobody has approved it yet.
#[derive(Args)]
pub struct Draft {
    operation: Operation,
    /// Label of the token.
    #[arg(long)]
    token: String,
    /// Label of the key: for a KEK `LABEL.EPOCH`. restore-kek and rewrap take it from the backup.
    #[arg(long)]
    object: Option<String>,
    /// Hours until the approvals are worth nothing.
    #[arg(long, default_value_t = 24)]
    hours: i64,
    /// Public transport keys the backup goes to (backup-kek; rotate-kek if the new KEK shall have one).
    #[arg(long = "transport", value_name = "PEM")]
    transports: Vec<PathBuf>,
    /// The backup to restore (restore-kek), or of the old KEK (rewrap).
    #[arg(long)]
    backup: Option<PathBuf>,
    /// What `rotate-kek` or `backup-kek` wrote of the new KEK (rewrap).
    #[arg(long)]
    to: Option<PathBuf>,
    /// The key to destroy is a secret key that guards nobody's keys (of people-kek.N, people-binding and people-seal the rows
    /// are counted instead).
    #[arg(long)]
    guards_nothing: bool,
    #[arg(long)]
    out: PathBuf,
}

#[derive(Args)]
pub struct Options {
    ceremony: PathBuf,
    /// The pinned officers (TOML).
    #[arg(long)]
    officers: PathBuf,
    /// The officer's id.
    #[arg(long)]
    officer: String,
}

#[derive(Args)]
pub struct Approve {
    ceremony: PathBuf,
    #[arg(long)]
    officers: PathBuf,
    #[arg(long)]
    officer: String,
    /// What the browser returned: `PublicKeyCredential.toJSON()`.
    #[arg(long)]
    assertion: PathBuf,
}

#[derive(Args)]
pub struct Destroy {
    #[arg(long)]
    ceremony: PathBuf,
    #[arg(long)]
    officers: PathBuf,
    #[command(flatten)]
    which: Which,
}

pub(super) async fn draft(desk: &Desk, draft: Draft) -> Result<()> {
    let deed = draft.operation.deed();
    let (mut details, mut object) = (Vec::new(), draft.object);
    let keys = draft.transports.iter().map(|path| backup::read_transport(path));
    let keys = keys.collect::<Result<Vec<_>>>()?;
    let old =
        |path: Option<PathBuf>| -> Result<Backup> { Ok(Backup::parse(&read(&path.context("--backup is missing")?)?)?) };
    match deed {
        Deed::BackupKek if keys.is_empty() => bail!("a backup goes to one --transport key at least"),
        Deed::BackupKek | Deed::RotateKek if !keys.is_empty() => {
            details.push(("transports", transports_detail(&keys)));
        }
        Deed::RestoreKek => {
            let backup = old(draft.backup)?;
            details.push(("check", backup.check.to_string()));
            object = Some(backup.object);
        }
        Deed::Rewrap => {
            let backup = old(draft.backup)?;
            let plan = rewrap::plan(&backup, &draft.to.context("--to is missing")?)?;
            details.extend(plan.details()?);
            object = Some(backup.object);
        }
        Deed::Destroy => {
            let guard = match &object {
                Some(object) => needed::must_not_be(desk, object).await?.is_some(),
                None => false,
            };
            if guard || draft.guards_nothing {
                details.push((ROWS_LEFT, "0".to_owned()));
            }
        }
        _ => {}
    }
    let object = object.context("--object is missing")?;
    let expires = SystemClock.now().seconds() + draft.hours * 3600;
    let random: &dyn Random = &OsRandom;
    let nonce: [u8; 32] = random.bytes();
    let mut file = CeremonyFile::new(deed, &draft.token, &object, expires, nonce);
    for (name, value) in details {
        file = file.detail(name, &value);
    }
    write_new(&draft.out, file.to_toml()?.as_bytes())?;
    println!("{}  {deed} of {object} in token {}", draft.out.display(), draft.token);
    println!(
        "SHA-256 that the officers compare: {}",
        hex::encode(file.ceremony.hash())
    );
    Ok(())
}

pub(super) fn options(options: &Options) -> Result<()> {
    let file = CeremonyFile::parse(&read(&options.ceremony)?)?;
    let quorum = Quorum::load(&options.officers)?;
    let officer = of_list(&quorum, &options.officer)?;
    let ids = [officer.authenticator.credential_id.clone()];
    let asked = request_options(&file.ceremony.challenge(), &officer.relying_party, &ids);
    println!("{asked:#}");
    Ok(())
}

pub(super) fn approve(approve: &Approve) -> Result<()> {
    let mut file = CeremonyFile::parse(&read(&approve.ceremony)?)?;
    let quorum = Quorum::load(&approve.officers)?;
    let officer = of_list(&quorum, &approve.officer)?;
    let answer: serde_json::Value = serde_json::from_str(&read(&approve.assertion)?)?;
    let approval = Approval::new(&officer.id, &Assertion::from_json(&answer)?);
    quorum.verify(&file.ceremony, &approval)?;
    if file.approvals.iter().any(|earlier| earlier.officer == officer.id) {
        bail!("{} has approved it already", officer.id);
    }
    file.approvals.push(approval);
    crate::layout::write_private(&approve.ceremony, file.to_toml()?.as_bytes())?;
    println!("{} of {} approvals", file.approvals.len(), quorum.needed);
    Ok(())
}

pub(super) async fn destroy(desk: &Desk, destroy: Destroy) -> Result<()> {
    let file = read(&destroy.ceremony)?;
    let ceremony = CeremonyFile::parse(&file)?.ceremony;
    // Rows may have come since the draft.
    needed::must_not_be(desk, &ceremony.object).await?;
    let order = Order::Destroy {
        address: desk.address(&destroy.which, &ceremony.token)?,
        file,
        officers: std::path::absolute(destroy.officers)?,
    };
    match desk.ask(&destroy.which, &order)? {
        Answer::Done => println!("destroyed: {} in token {}", ceremony.object, ceremony.token),
        _ => return Err(unfitting()),
    }
    Ok(())
}

fn of_list<'a>(quorum: &'a Quorum, id: &str) -> Result<&'a Officer> {
    let found = quorum.officers.iter().find(|officer| officer.id == id);
    found.with_context(|| format!("{id} is not in the list of officers"))
}
