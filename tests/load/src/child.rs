//! This executable once more, as a process that loads the module: makes tokens, measures the bare module, serves wrapped keys.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use signum_hsm_shim::frames::{read_message, write_message};
use signum_hsm_shim::init::NewToken;
use signum_hsm_shim::token::{Token, TokenConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use crate::asker;
use crate::raw::{self, Work};
use crate::subject::Subject;
use crate::token;
use crate::wrapped;

/// What a child does; it answers on standard output.
#[derive(Serialize, Deserialize)]
pub enum Order {
    /// Answers with the wrapped keys.
    Prepare {
        new: NewToken,
        config: TokenConfig,
        subjects: Vec<Subject>,
    },
    /// Says that it is ready; works whenever standard input gives another message, and answers with what was done.
    Raw {
        config: TokenConfig,
        subject: Subject,
        work: Work,
        each: Duration,
    },
    /// Answers with the number of objects in the token.
    Count { config: TokenConfig },
    /// Asks over HTTP whenever standard input gives another message, and answers with what it got.
    Ask {
        address: SocketAddr,
        requests: PathBuf,
        connections: usize,
        each: Duration,
    },
    /// Signs with wrapped keys until standard input closes.
    ServeWrapped { config: TokenConfig, socket: PathBuf },
}

pub fn run() -> Result<()> {
    let order: Order = read_message(&mut io::stdin().lock())?;
    match order {
        Order::Prepare { new, config, subjects } => answer(&token::prepare(&new, config, &subjects)?),
        Order::Raw {
            config,
            subject,
            work,
            each,
        } => {
            let mut bench = raw::Bench::open(&config, subject, work)?;
            answer(&())?;
            while let Ok(()) = read_message(&mut io::stdin().lock()) {
                answer(&bench.run(each)?)?;
            }
            Ok(())
        }
        Order::Ask {
            address,
            requests,
            connections,
            each,
        } => {
            let asker = asker::Asker::open(address, &requests, connections)?;
            answer(&())?;
            while let Ok(()) = read_message(&mut io::stdin().lock()) {
                answer(&asker.run(each)?)?;
            }
            Ok(())
        }
        Order::Count { config } => {
            let token = Token::open(config.clone())?;
            let count = raw::objects(&config)?;
            drop(token);
            answer(&count)
        }
        Order::ServeWrapped { config, socket } => wrapped::serve_here(config, &socket),
    }
}

pub fn answer<T: Serialize>(value: &T) -> Result<()> {
    Ok(write_message(&mut io::stdout().lock(), value)?)
}

/// A running child.
pub struct Running {
    process: Child,
}

impl Running {
    pub async fn start(env: &[(String, String)], order: &Order) -> Result<Self> {
        let process = Command::new(std::env::current_exe()?)
            .arg("child")
            .env_clear()
            .envs(env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut running = Self { process };
        running.tell(order).await?;
        Ok(running)
    }

    pub fn id(&self) -> Result<u32> {
        self.process.id().context("the child has ended")
    }

    pub async fn tell<T: Serialize>(&mut self, message: &T) -> Result<()> {
        let mut frame = Vec::new();
        write_message(&mut frame, message)?;
        let input = self.process.stdin.as_mut().context("no pipe to the child")?;
        Ok(input.write_all(&frame).await?)
    }

    pub async fn hear<T: DeserializeOwned>(&mut self) -> Result<T> {
        let output = self.process.stdout.as_mut().context("no pipe from the child")?;
        let mut frame = vec![0; 12];
        if output.read_exact(&mut frame).await.is_err() {
            bail!("the child ended without an answer");
        }
        let length = frame
            .iter()
            .take(4)
            .fold(0_usize, |sum, octet| sum << 8 | usize::from(*octet));
        frame.resize(12 + length, 0);
        output.read_exact(frame.split_at_mut(12).1).await?;
        Ok(read_message(&mut frame.as_slice())?)
    }
}

/// One order, one answer.
pub async fn ask<T: DeserializeOwned>(env: &[(String, String)], order: &Order) -> Result<T> {
    Running::start(env, order).await?.hear().await
}
