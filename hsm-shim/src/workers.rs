//! The HSM in processes of its own: a crash, a leak or a hang of the module ends a worker, never a service.

mod alarm;
mod call;
mod process;
mod supervise;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::Hsm;
use crate::error::HsmError;
use crate::key::{KeyAlgorithm, KeyUri, PublicKey, SignatureAlgorithm};
use crate::token::TokenConfig;
use crate::worker::{Answer, Request};
use supervise::{Command, Standing};

pub use process::init_token_apart;

/// Making a key may take longer than signing: RSA-3072 needs seconds in SoftHSM.
const LONGEST_GENERATION: Duration = Duration::from_secs(60);

/// How a token's workers run.
#[derive(Clone, Debug)]
pub struct WorkersConfig {
    /// `signum-hsm-worker`.
    pub executable: PathBuf,
    /// The whole environment of the workers (`SOFTHSM2_CONF` for SoftHSM); nothing is inherited.
    pub env: Vec<(String, String)>,
    pub token: TokenConfig,
    /// Processes; SoftHSM signs faster with several processes, not with several threads.
    pub count: usize,
    /// Directory of the sockets, mode 0700; made if absent.
    pub socket_dir: PathBuf,
    /// Longest a call may take; a worker that is slower is killed and replaced.
    pub deadline: Duration,
}

/// The workers of one token.
pub struct Workers {
    deadline: Duration,
    standings: watch::Receiver<Vec<Standing>>,
    commands: Vec<mpsc::Sender<Command>>,
    supervisors: Vec<JoinHandle<()>>,
    next: AtomicUsize,
    watch: alarm::Watch,
}

impl Workers {
    /// Starts the processes and returns when each has signed with the canary key.
    ///
    /// The first start of each must succeed: a wrong PIN or a missing token is told here, not at the first signature.
    pub async fn start(config: WorkersConfig) -> Result<Self, HsmError> {
        process::make_socket_dir(&config.socket_dir)?;
        if config.count == 0 {
            return Err(HsmError::Misconfigured("at least one worker".into()));
        }
        let (standing_sender, standings) = watch::channel(vec![Standing::Starting; config.count]);
        let standing_sender = Arc::new(standing_sender);
        let mut workers = Self {
            deadline: config.deadline,
            standings,
            commands: Vec::new(),
            supervisors: Vec::new(),
            next: AtomicUsize::new(0),
            watch: alarm::Watch::default(),
        };
        // One after the other: the first makes the canary key if the token has none.
        for index in 0..config.count {
            let (sender, commands) = mpsc::channel(16);
            let supervisor = supervise::Supervisor {
                config: config.clone(),
                index,
                standings: standing_sender.clone(),
                commands,
            };
            workers.commands.push(sender);
            workers.supervisors.push(tokio::spawn(supervisor.run()));
            workers.first_standing(index).await?;
        }
        Ok(workers)
    }

    /// Lets every worker finish what it has begun, and ends them. Later calls fail.
    pub async fn stop(&self) {
        for commands in &self.commands {
            let _already_ended = commands.send(Command::Stop).await;
        }
        let ended = |all: &Vec<Standing>| all.iter().all(|standing| matches!(standing, Standing::Ended(_)));
        let mut standings = self.standings.clone();
        let _all_gone = standings.wait_for(ended).await.is_ok();
    }

    /// Ids of the processes that are ready now.
    pub fn process_ids(&self) -> Vec<u32> {
        let pid = |standing: &Standing| match standing {
            Standing::Ready { pid, .. } => Some(*pid),
            _ => None,
        };
        self.standings.borrow().iter().filter_map(pid).collect()
    }

    async fn first_standing(&self, index: usize) -> Result<(), HsmError> {
        let mut standings = self.standings.clone();
        let settled = |all: &Vec<Standing>| !matches!(all.get(index), None | Some(Standing::Starting));
        let all = standings.wait_for(settled).await.map_err(|_| stopped())?;
        match all.get(index) {
            Some(Standing::Down(error) | Standing::Ended(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.supervisors.iter().for_each(JoinHandle::abort);
    }
}

#[async_trait]
impl Hsm for Workers {
    async fn sign(
        &self,
        key: &KeyUri,
        algorithm: SignatureAlgorithm,
        inputs: &[Vec<u8>],
    ) -> Result<Vec<Vec<u8>>, HsmError> {
        let request = Request::Sign {
            key: key.clone(),
            algorithm,
            inputs: inputs.to_vec(),
        };
        let answer = self.call(&request, self.deadline, true).await;
        self.watch.heed(key, &answer);
        match answer? {
            Answer::Signatures(signatures) if signatures.len() == inputs.len() => Ok(signatures),
            _ => Err(unfitting()),
        }
    }

    async fn public_key(&self, key: &KeyUri) -> Result<PublicKey, HsmError> {
        match self.call(&Request::PublicKey(key.clone()), self.deadline, true).await? {
            Answer::PublicKey(public) => Ok(public),
            _ => Err(unfitting()),
        }
    }

    async fn generate(&self, key: &KeyUri, algorithm: KeyAlgorithm) -> Result<PublicKey, HsmError> {
        let longest = self.deadline.max(LONGEST_GENERATION);
        let answer = self
            .call(&Request::Generate(key.clone(), algorithm), longest, false)
            .await;
        self.watch.heed(key, &answer);
        match answer? {
            Answer::PublicKey(public) => Ok(public),
            _ => Err(unfitting()),
        }
    }

    async fn health(&self) -> Result<(), HsmError> {
        match self.call(&Request::Health, self.deadline, true).await? {
            Answer::Healthy => Ok(()),
            _ => Err(unfitting()),
        }
    }
}

fn unfitting() -> HsmError {
    HsmError::down("an answer that does not fit the request")
}

fn stopped() -> HsmError {
    HsmError::down("the workers are stopped")
}

/// Where worker `index` of a token listens.
fn socket_path(directory: &Path, token: &str, index: usize) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let token: String = token.chars().map(plain).collect();
    directory.join(format!("hsm-{token}-{index}.sock"))
}
