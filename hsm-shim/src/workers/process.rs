//! Starting a worker process: clean environment, its order on standard input, its report on standard output.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::{WorkersConfig, socket_path};
use crate::error::HsmError;
use crate::frames::{self, Client, FrameError};
use crate::init::NewToken;
use crate::worker::Order;

/// SoftHSM reads every object of every token at start: seconds with 100,000 objects.
const LONGEST_START: Duration = Duration::from_secs(20);

/// A worker that has signed with the canary key and listens. It ends when `stdin` is dropped.
pub(super) struct Started {
    pub(super) child: Child,
    pub(super) pid: u32,
    pub(super) stdin: ChildStdin,
    pub(super) client: Arc<Client>,
}

pub(super) async fn start(config: &WorkersConfig, index: usize) -> Result<Started, HsmError> {
    let socket = socket_path(&config.socket_dir, &config.token.token, index);
    let order = Order::Serve {
        token: config.token.clone(),
        socket: socket.clone(),
    };
    let (child, stdin) = timeout(LONGEST_START, give_order(&config.executable, &config.env, &order))
        .await
        .map_err(|_| HsmError::Timeout { maybe_executed: false })??;
    let client = Client::connect(&socket).await?;
    let pid = child.id().ok_or_else(|| HsmError::down("the worker ended"))?;
    Ok(Started {
        child,
        pid,
        stdin,
        client: Arc::new(client),
    })
}

/// [`init_token`](crate::init::init_token) in a worker process of its own, so that the caller never loads the module.
pub async fn init_token_apart(executable: &Path, env: &[(String, String)], new: &NewToken) -> Result<(), HsmError> {
    let order = Order::Init(new.clone());
    let (mut child, _stdin) = timeout(LONGEST_START, give_order(executable, env, &order))
        .await
        .map_err(|_| HsmError::Timeout { maybe_executed: false })??;
    child.wait().await.map_err(|error| down("wait", &error))?;
    Ok(())
}

async fn give_order(
    executable: &Path,
    env: &[(String, String)],
    order: &Order,
) -> Result<(Child, ChildStdin), HsmError> {
    let mut child = Command::new(executable)
        .env_clear()
        .envs(env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| HsmError::Misconfigured(format!("{}: {error}", executable.display())))?;
    let (Some(mut stdin), Some(mut stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(HsmError::down("no pipes to the worker"));
    };
    let frame = frames::encode(0, order)?;
    stdin.write_all(&frame).await.map_err(|error| down("order", &error))?;
    read_report(&mut stdout).await??;
    Ok((child, stdin))
}

async fn read_report(stdout: &mut ChildStdout) -> Result<Result<(), HsmError>, FrameError> {
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

fn down(what: &str, error: &io::Error) -> HsmError {
    HsmError::down(format!("worker {what}: {}", error.kind()))
}
