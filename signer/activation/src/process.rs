//! The process `signum-signing-module`: makes the people's token once, then serves until its standard input closes.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use signum_hsm_shim::HsmError;
use signum_hsm_shim::frames::{Stop, bind_for, serve};
use signum_hsm_shim::init::{NewToken, create_pin_file, init_token};
use signum_hsm_shim::token::PinSource;

use crate::config::{ConfigError, ModuleConfig, THREADS};
use crate::module::{Clock, Module, make_keys};

const USAGE: &str = "signum-signing-module init|run --config FILE";
/// After its parent has gone, a module whose HSM hangs ends itself.
const GRACE: Duration = Duration::from_secs(5);

/// The whole life of the process.
pub fn run() -> ExitCode {
    // The binding's own library calls every mechanism it has no name for an error.
    let filter = tracing_subscriber::EnvFilter::new("info,cryptoki=off");
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_env_filter(filter)
        .init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["init", "--config", file] => ModuleConfig::load(Path::new(file)).and_then(|config| init(&config)),
        ["run", "--config", file] => ModuleConfig::load(Path::new(file)).and_then(serve_requests),
        _ => Err(ConfigError::Wrong(format!("usage: {USAGE}"))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "ended");
            ExitCode::FAILURE
        }
    }
}

/// Makes PINs, token and keys where they are missing; what is there stays.
pub fn init(config: &ModuleConfig) -> Result<(), ConfigError> {
    let mut so_pin = config.pin_file.as_os_str().to_owned();
    so_pin.push(".so");
    let token = NewToken {
        module: config.module.clone(),
        label: config.token.clone(),
        so_pin: pin(&PathBuf::from(so_pin))?,
        user_pin: pin(&config.pin_file)?,
    };
    match init_token(&token) {
        Ok(()) | Err(HsmError::AlreadyExists(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let token = config.pin_latch().open(config.token_config())?;
    let statement_key = make_keys(config, &token)?;
    std::fs::write(config.statement_key_file(), statement_key)?;
    tracing::info!(token = token.label(), "the token holds its keys");
    Ok(())
}

fn pin(path: &Path) -> Result<PinSource, ConfigError> {
    let fill = |bytes: &mut [u8]| {
        if getrandom::fill(bytes).is_err() {
            // A predictable PIN would be worse than no start.
            std::process::abort();
        }
    };
    match create_pin_file(path, fill) {
        Ok(pin) => Ok(pin),
        Err(HsmError::AlreadyExists(_)) => Ok(PinSource::File(path.to_owned())),
        Err(error) => Err(error.into()),
    }
}

fn serve_requests(config: ModuleConfig) -> Result<(), ConfigError> {
    let socket = config.socket.clone();
    let peers = config.allowed_peers()?;
    let alone = !peers.users.is_empty();
    let stop = Stop::new();
    if !alone {
        // From the beginning: the token may hang before anything is served.
        stop_with_parent(stop.clone());
    }
    let token = Arc::new(config.pin_latch().open(config.token_config())?);
    token.health()?;
    let module = Module::new(config, token, system_clock())?;
    let listener = bind_for(&socket, peers)?;
    tracing::info!(socket = %socket.display(), "serving");
    // For a parent that waits; it may as well look for the socket.
    let _nobody_reads = writeln!(io::stdout(), "ready");
    let ended = serve(listener, THREADS, &stop, |request| module.handle(request));
    let _already_gone = std::fs::remove_file(&socket);
    ended.map_err(|error| ConfigError::Wrong(error.to_string()))
}

fn stop_with_parent(stop: Stop) {
    thread::spawn(move || {
        let _ended = io::copy(&mut io::stdin().lock(), &mut io::sink());
        stop.stop();
        thread::sleep(GRACE);
        std::process::exit(1);
    });
}

fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}
