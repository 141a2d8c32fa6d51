//! `signum hsm rotate-kek`: the KEK of the next epoch, for new keys. Older ones stay and open older keys.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use signum_hsm_shim::approval::CeremonyFile;
use signum_hsm_shim::ceremony::{Answer, Order};

use super::{Desk, Which, backup, read, unfitting};

#[derive(Args)]
pub struct RotateKek {
    #[arg(long)]
    ceremony: PathBuf,
    #[arg(long)]
    officers: PathBuf,
    /// Public transport keys of the backup tokens (PEM), as the ceremony names them; none: the new KEK has no backup, ever.
    #[arg(long = "transport", value_name = "PEM")]
    transports: Vec<PathBuf>,
    /// Where to write the new KEK's check value and its backup, if it has one.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    which: Which,
}

pub(super) fn rotate_kek(desk: &Desk, rotate: &RotateKek) -> Result<()> {
    if rotate.out.exists() {
        bail!("{} exists; a backup is never overwritten", rotate.out.display());
    }
    let file = read(&rotate.ceremony)?;
    let ceremony = CeremonyFile::parse(&file)?.ceremony;
    let transports = rotate.transports.iter().map(|path| backup::read_transport(path));
    let transports = transports.collect::<Result<Vec<_>>>()?;
    println!(
        "Makes {} in token {}, with {} backups. No key of a person changes.",
        ceremony.object,
        ceremony.token,
        transports.len()
    );
    let order = Order::RotateKek {
        address: desk.address(&rotate.which, &ceremony.token)?,
        file,
        officers: std::path::absolute(&rotate.officers)?,
        transports,
    };
    let Answer::Backup(made) = desk.ask(&rotate.which, &order)? else {
        return Err(unfitting());
    };
    backup::keep(&made, &rotate.out)?;
    if let Some((_, epoch)) = made.object.rsplit_once('.') {
        println!(
            "New keys are wrapped under it once module.toml has this at its end and the signing module was restarted:"
        );
        println!("[[kek]]\nepoch = {epoch}\ncheck = \"{}\"", made.check);
    }
    Ok(())
}
