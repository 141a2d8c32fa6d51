//! `vcard`: makes a virtual eID card in a folder, and puts it into a vpcd reader.

use std::fs::OpenOptions;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;
use signum_vcard::{Card, Store, Trace, test_issuer, vpcd};

/// A virtual eID card for tests (EstEID-2018 layout).
#[derive(Parser)]
enum Arguments {
    /// Makes a blank card, as the factory delivers it.
    Init {
        folder: PathBuf,
        /// Personalises it at once for an invented person: PIN1 1234, PIN2 12345, PUK 12345678.
        #[arg(long)]
        test_holder: bool,
    },
    /// Puts the card into the reader, until the process ends or the reader goes away.
    Run {
        folder: PathBuf,
        /// Where vpcd waits for cards.
        #[arg(long, default_value = "127.0.0.1:35963")]
        vpcd: SocketAddr,
        /// Appends commands and responses, without PINs.
        #[arg(long)]
        trace: Option<PathBuf>,
        /// How long to look for vpcd.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
}

fn main() -> Result<()> {
    match Arguments::parse() {
        Arguments::Init { folder, test_holder } => {
            Store::create(&folder)?;
            if test_holder {
                test_issuer::personalise(&mut Card::open(&folder)?, &test_issuer::HOLDER)?;
            }
            Ok(())
        }
        Arguments::Run {
            folder,
            vpcd,
            trace,
            seconds,
        } => {
            let mut card = Card::open(&folder)?;
            let trace = trace.map(|path| OpenOptions::new().append(true).create(true).open(path));
            let mut trace = Trace::new(trace.transpose().context("trace")?);
            vpcd::serve(connect(vpcd, Duration::from_secs(seconds))?, &mut card, &mut trace)?;
            Ok(())
        }
    }
}

fn connect(address: SocketAddr, patience: Duration) -> Result<TcpStream> {
    let begun = Instant::now();
    loop {
        match TcpStream::connect(address) {
            Ok(stream) => return Ok(stream),
            Err(error) if begun.elapsed() > patience => {
                return Err(error).with_context(|| format!("vpcd at {address}"));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}
