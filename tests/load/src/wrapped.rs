//! Wrapped keys behind processes of our own that also count their session objects, which no worker tells.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use signum_hsm_shim::HsmError;
use signum_hsm_shim::frames::{Client, Stop, bind, serve};
use signum_hsm_shim::token::{Token, TokenConfig};
use signum_hsm_shim::wrap::Kek;

use crate::child::{Order, Running, answer};
use crate::raw;
use crate::token::{KEK, MAC, Prepared, Row};

const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Serialize, Deserialize)]
enum Request {
    Sign { row: Row, inputs: Vec<Vec<u8>> },
    CountObjects,
}

#[derive(Serialize, Deserialize)]
enum Answer {
    Signatures(Vec<Vec<u8>>),
    Objects(usize),
}

/// In the child: until standard input closes.
pub fn serve_here(config: TokenConfig, socket: &Path) -> Result<()> {
    let token = Token::open(config.clone())?;
    let kek = token.ensure_kek(KEK, 1)?;
    let listener = bind(socket)?;
    answer(&())?;
    let stop = Stop::new();
    stop.when_stdin_closes();
    let handler = |request| answer_here(&config, &token, &kek, request);
    Ok(serve(listener, 1, &stop, handler)?)
}

fn answer_here(config: &TokenConfig, token: &Token, kek: &Kek, request: Request) -> Result<Answer, HsmError> {
    match request {
        Request::Sign { row, inputs } => {
            let algorithm = row.subject.algorithm;
            let signatures = token.sign_wrapped(kek, MAC, &row.key, algorithm, &inputs);
            signatures.map(Answer::Signatures)
        }
        Request::CountObjects => raw::objects(config)
            .map(Answer::Objects)
            .map_err(|error| HsmError::Misconfigured(error.to_string())),
    }
}

/// Processes that sign with wrapped keys.
pub struct Signers {
    processes: Vec<(Running, Client)>,
    next: AtomicUsize,
}

impl Signers {
    pub async fn start(prepared: &Prepared, count: usize) -> Result<Self> {
        let mut processes = Vec::new();
        for index in 0..count {
            let socket: PathBuf = prepared.folder.path().join(format!("wrapped-{index}.sock"));
            let order = Order::ServeWrapped {
                config: prepared.config.clone(),
                socket: socket.clone(),
            };
            let mut process = Running::start(&prepared.env, &order).await?;
            let () = process.hear().await?;
            processes.push((process, Client::connect(&socket).await?));
        }
        Ok(Self {
            processes,
            next: AtomicUsize::new(0),
        })
    }

    pub fn ids(&self) -> Result<Vec<u32>> {
        self.processes.iter().map(|(process, _)| process.id()).collect()
    }

    pub async fn sign(&self, row: Row, inputs: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.processes.len();
        let (_, client) = self.processes.get(turn).context("no process")?;
        match ask(client, Request::Sign { row, inputs }).await? {
            Answer::Signatures(signatures) => Ok(signatures),
            Answer::Objects(_) => bail!("an answer to another question"),
        }
    }

    /// Objects that all processes see, the token's counted once for each process.
    pub async fn objects(&self) -> Result<usize> {
        let mut sum = 0;
        for (_, client) in &self.processes {
            if let Answer::Objects(count) = ask(client, Request::CountObjects).await? {
                sum += count;
            }
        }
        Ok(sum)
    }
}

async fn ask(client: &Client, request: Request) -> Result<Answer> {
    let answer: Result<Answer, HsmError> = client.call(&request, DEADLINE).await?;
    Ok(answer?)
}
