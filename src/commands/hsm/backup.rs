//! `signum hsm transport-key | backup-kek | restore-kek`: guards of people's keys in a second token.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use der::pem::{LineEnding, decode_vec, encode_string};
use signum_hsm_shim::approval::CeremonyFile;
use signum_hsm_shim::backup::{Backup, Guard};
use signum_hsm_shim::ceremony::{Answer, Order};
use signum_hsm_shim::{KeyAlgorithm, PublicKey};

use super::pins::write_new;
use super::{Desk, Which, read, unfitting};

/// Label of a backup token's transport key.
pub(super) const TRANSPORT: &str = "kek-transport";
const PEM: &str = "PUBLIC KEY";

#[derive(Args)]
pub struct TransportKey {
    /// Label of the backup token.
    #[arg(long)]
    token: String,
    /// Where to write the public half (PEM).
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    which: Which,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// An AES key under which people's keys are wrapped.
    Kek,
    /// An HMAC key that binds wrapped keys.
    Mac,
}

#[derive(Args)]
pub struct BackupKek {
    #[arg(long)]
    ceremony: PathBuf,
    #[arg(long)]
    officers: PathBuf,
    #[arg(long, value_enum, default_value = "kek")]
    kind: Kind,
    /// Public transport keys of the backup tokens (PEM).
    #[arg(long = "transport", value_name = "PEM", required = true)]
    transports: Vec<PathBuf>,
    /// Where to write the backup.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    which: Which,
}

#[derive(Args)]
pub struct RestoreKek {
    #[arg(long)]
    ceremony: PathBuf,
    #[arg(long)]
    officers: PathBuf,
    #[arg(long)]
    backup: PathBuf,
    #[command(flatten)]
    which: Which,
}

pub(super) fn transport_key(desk: &Desk, make: &TransportKey) -> Result<()> {
    let order = Order::MakeTransport {
        address: desk.address(&make.which, &make.token)?,
        label: TRANSPORT.to_owned(),
    };
    let Answer::PublicKey(public) = desk.ask(&make.which, &order)? else {
        return Err(unfitting());
    };
    let pem = encode_string(PEM, LineEnding::LF, &public.spki).map_err(|_| unfitting())?;
    write_new(&make.out, pem.as_bytes())?;
    println!("{}", make.out.display());
    Ok(())
}

pub(super) fn backup_kek(desk: &Desk, make: BackupKek) -> Result<()> {
    if make.out.exists() {
        bail!("{} exists; a backup is never overwritten", make.out.display());
    }
    let file = read(&make.ceremony)?;
    let ceremony = CeremonyFile::parse(&file)?.ceremony;
    let transports = make.transports.iter().map(|path| read_transport(path));
    let order = Order::Backup {
        address: desk.address(&make.which, &ceremony.token)?,
        file,
        officers: std::path::absolute(&make.officers)?,
        guard: match make.kind {
            Kind::Kek => Guard::Kek,
            Kind::Mac => Guard::Mac,
        },
        transports: transports.collect::<Result<_>>()?,
    };
    let Answer::Backup(backup) = desk.ask(&make.which, &order)? else {
        return Err(unfitting());
    };
    keep(&backup, &make.out)
}

/// Writes down a key that was just made.
pub(super) fn keep(backup: &Backup, out: &Path) -> Result<()> {
    let text = backup.to_toml()?;
    // The key exists now and can be wrapped no second time: if the file fails, the backup goes to the terminal.
    if let Err(error) = write_new(out, text.as_bytes()) {
        eprintln!("{error:#}; this is the backup, keep it:");
        print!("{text}");
        return Err(error);
    }
    println!("{} made in token {}", backup.object, backup.token);
    println!("{}  check value {}", out.display(), backup.check);
    Ok(())
}

pub(super) fn restore_kek(desk: &Desk, restore: RestoreKek) -> Result<()> {
    let (file, backup) = (read(&restore.ceremony)?, read(&restore.backup)?);
    let (ceremony, parsed) = (CeremonyFile::parse(&file)?.ceremony, Backup::parse(&backup)?);
    let order = Order::Restore {
        address: desk.address(&restore.which, &ceremony.token)?,
        file,
        officers: std::path::absolute(&restore.officers)?,
        backup,
        transport: TRANSPORT.to_owned(),
    };
    match desk.ask(&restore.which, &order)? {
        Answer::Done => println!(
            "{} is in token {}, check value {}",
            parsed.object, ceremony.token, parsed.check
        ),
        _ => return Err(unfitting()),
    }
    Ok(())
}

pub(super) fn read_transport(path: &Path) -> Result<PublicKey> {
    let text = read(path)?;
    let not_pem = || anyhow::anyhow!("{}: not a PEM public key", path.display());
    let (label, spki) = decode_vec(text.as_bytes()).map_err(|_| not_pem())?;
    if label != PEM {
        return Err(not_pem());
    }
    Ok(PublicKey {
        algorithm: KeyAlgorithm::Rsa3072,
        spki,
    })
}
