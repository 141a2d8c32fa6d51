//! The process `signum-hsm-worker`: one PKCS#11 application behind a Unix socket, the maker of one token, or the prover of
//! one key.
//!
//! Its one order comes on standard input, one answer goes to standard output; it ends when standard input closes, so it
//! never outlives its parent. No PIN is in arguments or environment: the order names PIN files.

pub mod policy;
pub mod protocol;
pub mod service;

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::approval::Quorum;
use crate::error::HsmError;
use crate::frames::{Listener, Stop, bind, read_message, serve, write_message};
use crate::init::init_token;
use crate::token::{Token, TokenConfig};

pub use policy::{AllowList, KeyUse, Policy, TwoPerson};
pub(crate) use protocol::unfitting;
pub use protocol::{Answer, Guards, Operation, Order, Proof, Pulse, Reply, Request};
pub use service::Service;

/// After its parent has gone, a worker whose module hangs ends itself.
const GRACE: Duration = Duration::from_secs(5);

/// The whole life of the process.
pub fn run() -> ExitCode {
    // A statement of its own: in the scrutinee, the lock on standard input would be held to the end of the process.
    let order = read_message(&mut io::stdin().lock());
    let stop = Stop::new();
    end_with_parent(stop.clone());
    match order {
        Ok(Order::Serve {
            token,
            socket,
            allow,
            officers,
        }) => serve_token(token, &socket, allow, officers.as_deref(), &stop),
        Ok(Order::Init(new)) => report(&init_token(&new)),
        Ok(Order::Prove { token, label }) => report(&prove(token, &label)),
        Err(error) => report(&Err::<(), _>(HsmError::Misconfigured(format!("order: {error}")))),
    }
}

fn report<T: Serialize>(result: &Result<T, HsmError>) -> ExitCode {
    match write_message(&mut io::stdout().lock(), result) {
        Ok(()) if result.is_ok() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// From the beginning: a module may hang before anything is served.
fn end_with_parent(stop: Stop) {
    thread::spawn(move || {
        let _ended = io::copy(&mut io::stdin().lock(), &mut io::sink());
        stop.stop();
        thread::sleep(GRACE);
        std::process::exit(1);
    });
}

fn serve_token(config: TokenConfig, socket: &Path, allow: AllowList, officers: Option<&Path>, stop: &Stop) -> ExitCode {
    let sessions = config.sessions;
    let (service, listener) = match open(config, socket, allow, officers) {
        Ok(opened) => opened,
        Err(error) => return report(&Err::<(), _>(error)),
    };
    if report(&Ok(())) == ExitCode::FAILURE {
        return ExitCode::FAILURE;
    }
    let ended = serve(listener, sessions, stop, |request| service.answer(request));
    let _already_gone = std::fs::remove_file(socket);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn open(
    config: TokenConfig,
    socket: &Path,
    allow: AllowList,
    officers: Option<&Path>,
) -> Result<(Service, Listener), HsmError> {
    let officers = officers.map(Quorum::load).transpose()?;
    let token = Token::open(config)?;
    token.ensure_canary()?;
    token.health()?;
    token.capabilities()?;
    let policy = TwoPerson::new(allow, token.label(), officers, system_clock);
    let listener = bind(socket).map_err(|error| HsmError::Misconfigured(format!("{}: {error}", socket.display())))?;
    Ok((Service::new(Arc::new(token), Box::new(policy)), listener))
}

/// Signs with the only key of a label, found by a process that knows nothing of how it was made.
fn prove(config: TokenConfig, label: &str) -> Result<Proof, HsmError> {
    let token = Token::open(config)?;
    let public = token.public_key(label)?;
    let challenge = Proof::challenge(&public);
    let algorithm = crate::token::usual_algorithm(public.algorithm);
    let signature = token.sign(label, algorithm, &[challenge])?.pop();
    Ok(Proof {
        public,
        signature: signature.ok_or(HsmError::SelfCheckFailed)?,
    })
}

/// The edge of the process: ceremonies expire by the system's clock.
fn system_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
