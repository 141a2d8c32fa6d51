//! The process `signum-hsm-worker`: one PKCS#11 application behind a Unix socket, or the maker of one token.
//!
//! Its one order comes on standard input, one answer goes to standard output; it ends when standard input closes, so it
//! never outlives its parent. No PIN is in arguments or environment: the order names PIN files.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::HsmError;
use crate::frames::{Stop, bind, read_message, serve, write_message};
use crate::init::{NewToken, init_token};
use crate::key::{KeyAlgorithm, KeyUri, PublicKey, SignatureAlgorithm};
use crate::token::{Token, TokenConfig};

/// After its parent has gone, a worker whose module hangs ends itself.
const GRACE: Duration = Duration::from_secs(5);

/// What a worker process is for; answered on standard output by `Result<(), HsmError>`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Order {
    /// Open the token, probe it with the canary key, listen on `socket`.
    Serve { token: TokenConfig, socket: PathBuf },
    /// Make a token and end.
    Init(NewToken),
}

/// A request on the socket, as the methods of [`Hsm`](crate::Hsm).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    Sign {
        key: KeyUri,
        algorithm: SignatureAlgorithm,
        inputs: Vec<Vec<u8>>,
    },
    PublicKey(KeyUri),
    Generate(KeyUri, KeyAlgorithm),
    Health,
}

/// What a request brings when it succeeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    Signatures(Vec<Vec<u8>>),
    PublicKey(PublicKey),
    Healthy,
}

/// The whole life of the process.
pub fn run() -> ExitCode {
    // A statement of its own: in the scrutinee, the lock on standard input would be held to the end of the process.
    let order = read_message(&mut io::stdin().lock());
    match order {
        Ok(Order::Serve { token, socket }) => match prepare(token, &socket) {
            Ok((token, listener)) => serve_token(&token, listener, &socket),
            Err(error) => report(&Err(error)),
        },
        Ok(Order::Init(new)) => report(&init_token(&new)),
        Err(error) => report(&Err(HsmError::Misconfigured(format!("order: {error}")))),
    }
}

fn report(result: &Result<(), HsmError>) -> ExitCode {
    match write_message(&mut io::stdout().lock(), result) {
        Ok(()) if result.is_ok() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn prepare(
    config: TokenConfig,
    socket: &std::path::Path,
) -> Result<((Token, usize), std::os::unix::net::UnixListener), HsmError> {
    let sessions = config.sessions;
    let token = Token::open(config)?;
    token.ensure_canary()?;
    token.health()?;
    let listener = bind(socket).map_err(|error| HsmError::Misconfigured(format!("{}: {error}", socket.display())))?;
    Ok(((token, sessions), listener))
}

fn serve_token(
    (token, sessions): &(Token, usize),
    listener: std::os::unix::net::UnixListener,
    socket: &std::path::Path,
) -> ExitCode {
    if report(&Ok(())) == ExitCode::FAILURE {
        return ExitCode::FAILURE;
    }
    let stop = Stop::new();
    let parent_gone = stop.clone();
    thread::spawn(move || {
        let _ended = io::copy(&mut io::stdin().lock(), &mut io::sink());
        parent_gone.stop();
        thread::sleep(GRACE);
        std::process::exit(1);
    });
    let ended = serve(listener, *sessions, &stop, |request| answer(token, request));
    let _already_gone = std::fs::remove_file(socket);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn answer(token: &Token, request: Request) -> Result<Answer, HsmError> {
    match request {
        Request::Sign { key, algorithm, inputs } => token
            .sign(token.object(&key)?, algorithm, &inputs)
            .map(Answer::Signatures),
        Request::PublicKey(key) => token.public_key(token.object(&key)?).map(Answer::PublicKey),
        Request::Generate(key, algorithm) => token.generate(token.object(&key)?, algorithm).map(Answer::PublicKey),
        Request::Health => token.health().map(|()| Answer::Healthy),
    }
}
