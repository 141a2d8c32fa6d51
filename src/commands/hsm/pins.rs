//! `signum hsm split-pin | join-pin`: a PIN with m of n holders.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use secrecy::ExposeSecret;
use signum_hsm_shim::shares::{self, Share};
use signum_hsm_shim::token::PinSource;

/// The PIN comes from a file, never from the command line.
#[derive(Args)]
pub struct SplitPin {
    /// File with the PIN, mode 0600.
    #[arg(long)]
    pin_file: PathBuf,
    /// How many holders must come together; two at least.
    #[arg(long)]
    needed: u8,
    /// How many holders there are; 16 at most.
    #[arg(long)]
    holders: u8,
    /// Folder for the share files; best a medium for each holder in turn.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Args)]
pub struct JoinPin {
    /// A holder's share file; once for each.
    #[arg(long = "share", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Read this many more shares from standard input, each ended by an empty line.
    #[arg(long, default_value_t = 0)]
    prompt: u8,
    /// Where to write the PIN: a folder in memory, such as /run/credentials.
    #[arg(long)]
    out: PathBuf,
}

pub(super) fn split(split: &SplitPin) -> Result<()> {
    let pin = PinSource::File(split.pin_file.clone()).read()?;
    for share in shares::split(&pin, split.needed, split.holders)? {
        let path = split
            .out
            .join(format!("share-{}-of-{}.toml", share.holder, share.holders));
        write_new(&path, share.to_toml()?.as_bytes())?;
        println!("{}", path.display());
    }
    println!(
        "{} of these give the PIN. Hand each to its holder, then delete {} and the copies here.",
        split.needed,
        split.pin_file.display()
    );
    Ok(())
}

pub(super) fn join(join: &JoinPin) -> Result<()> {
    let mut all = Vec::new();
    for path in &join.files {
        all.push(Share::read(path)?);
    }
    let mut input = std::io::stdin().lock();
    for n in 1..=join.prompt {
        eprintln!("Share {n}, then an empty line:");
        all.push(Share::parse(&paragraph(&mut input)?)?);
    }
    let pin = shares::combine(&all)?;
    write_new(&join.out, pin.expose_secret().as_bytes())?;
    println!("{}", join.out.display());
    Ok(())
}

fn paragraph(input: &mut impl BufRead) -> Result<String> {
    let mut text = String::new();
    loop {
        let before = text.len();
        if input.read_line(&mut text)? == 0 || text.get(before..).is_some_and(|line| line.trim().is_empty()) {
            break;
        }
    }
    if text.trim().is_empty() {
        bail!("no share was given");
    }
    Ok(text)
}

/// A new file that only its owner can read; an existing one is never replaced.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
