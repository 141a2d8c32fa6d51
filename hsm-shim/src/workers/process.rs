//! Starting a worker process: clean environment, its order on standard input, its report on standard output.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::live::Live;
use super::{WorkersConfig, socket_path};
use crate::error::HsmError;
use crate::frames::{self, Client, FrameError};
use crate::init::NewToken;
use crate::worker::{Order, Proof};

/// SoftHSM reads every object of every token at start: seconds with 100,000 objects.
const LONGEST_START: Duration = Duration::from_secs(20);

/// A worker that has signed with the canary key and listens. It ends when `stdin` is dropped.
pub(super) struct Started {
    pub(super) child: Child,
    pub(super) stdin: ChildStdin,
    pub(super) live: Live,
}

pub(super) async fn start(config: &WorkersConfig, index: usize, generation: u64) -> Result<Started, HsmError> {
    let socket = socket_path(&config.socket_dir, &config.token.token, index, generation);
    let order = Order::Serve {
        token: config.token.clone(),
        socket: socket.clone(),
        allow: config.allow.clone(),
        officers: config.officers.clone(),
    };
    let starting = give_order::<()>(&config.executable, &config.env, &order);
    let (child, stdin, ()) = timeout(LONGEST_START, starting).await.map_err(|_| late())??;
    let client = Client::connect(&socket).await;
    // Whoever was to connect has done so: nobody else can, and a killed process leaves nothing behind.
    let _gone = fs::remove_file(&socket);
    let pid = child.id().ok_or_else(|| HsmError::down("the worker ended"))?;
    Ok(Started {
        child,
        stdin,
        live: Live::new(index, generation, pid, client?),
    })
}

/// [`init_token`](crate::init::init_token) in a worker process of its own, so that the caller never loads the module.
pub async fn init_token_apart(executable: &Path, env: &[(String, String)], new: &NewToken) -> Result<(), HsmError> {
    run_to_end(executable, env, &Order::Init(new.clone())).await
}

/// Signs with the key of a label in a fresh process, which knows the token only as the disk holds it.
pub(super) async fn prove(config: &WorkersConfig, label: &str) -> Result<Proof, HsmError> {
    let order = Order::Prove {
        token: config.token.clone(),
        label: label.to_owned(),
    };
    run_to_end(&config.executable, &config.env, &order).await
}

async fn run_to_end<T: DeserializeOwned>(
    executable: &Path,
    env: &[(String, String)],
    order: &Order,
) -> Result<T, HsmError> {
    let running = give_order(executable, env, order);
    let (mut child, _stdin, report) = timeout(LONGEST_START, running).await.map_err(|_| late())??;
    timeout(LONGEST_START, child.wait())
        .await
        .map_err(|_| late())?
        .map_err(|error| down("wait", &error))?;
    Ok(report)
}

async fn give_order<T: DeserializeOwned>(
    executable: &Path,
    env: &[(String, String)],
    order: &Order,
) -> Result<(Child, ChildStdin, T), HsmError> {
    // Nobody kills it for being dropped: it ends when its standard input does, and a SoftHSM process killed in its login leaves
    // an empty token.object behind, which is the loss of all keys.
    let mut child = Command::new(executable)
        .env_clear()
        .envs(env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| HsmError::Misconfigured(format!("{}: {error}", executable.display())))?;
    let (Some(mut stdin), Some(mut stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(HsmError::down("no pipes to the worker"));
    };
    let frame = frames::encode(0, order)?;
    stdin.write_all(&frame).await.map_err(|error| down("order", &error))?;
    let report = read_report(&mut stdout).await??;
    Ok((child, stdin, report))
}

async fn read_report<T: DeserializeOwned>(stdout: &mut ChildStdout) -> Result<Result<T, HsmError>, FrameError> {
    let mut head = [0; frames::HEADER];
    stdout.read_exact(&mut head).await?;
    let (length, _) = frames::header(head)?;
    let mut payload = vec![0; length];
    stdout.read_exact(&mut payload).await?;
    frames::decode(&payload)
}

pub(super) fn make_socket_dir(path: &Path) -> Result<(), HsmError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| HsmError::Misconfigured(format!("{}: {error}", path.display())))
}

fn late() -> HsmError {
    HsmError::down("the worker did not report in time")
}

fn down(what: &str, error: &io::Error) -> HsmError {
    HsmError::down(format!("worker {what}: {}", error.kind()))
}
