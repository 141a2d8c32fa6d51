//! The HSM in processes of its own: a crash, a leak or a hang of the module ends a worker, never a service.
//!
//! Each worker process goes `Starting -> Ready`, having signed with the canary key in between; one that dies, hangs past the
//! deadline or no longer signs with the canary is killed and replaced after a pause (50 ms to 5 s); one that has unwrapped
//! [`recycle_after`](WorkersConfig::recycle_after) keys is followed by its successor before it ends, so that no request is
//! lost. A PIN that is refused latches the token ([`Latch`]), for later starts of the service too: nothing is started until an
//! operator lifts the latch, here or from another process.

mod alarm;
mod call;
mod live;
mod meters;
mod process;
mod prove;
mod supervise;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::error::HsmError;
use crate::health::{HealthReport, WorkerReport, WorkerState};
use crate::key::{KeyAlgorithm, KeyUri, PublicKey, SignatureAlgorithm};
use crate::latch::Latch;
use crate::queue::Queue;
use crate::token::TokenConfig;
use crate::worker::{AllowList, Answer, Operation, Reply, Request, unfitting};
use crate::{Hsm, SignRequest};
use live::Live;
use meters::Meters;
use supervise::{Command, Supervisor};

pub use process::init_token_apart;

/// Making a key may take longer than signing: RSA-3072 needs seconds in SoftHSM.
const LONGEST_GENERATION: Duration = Duration::from_secs(60);
/// Requests that one session's process holds at a time: enough that it never waits for the next, few enough that a replaced
/// process takes little with it.
const WINDOW: usize = 32;
const COMMANDS: usize = 16;
/// While workers stand latched, the latch is looked at this often.
const LATCH_LOOK: Duration = Duration::from_millis(500);

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
    /// Longest a call may take; a worker that is silent for so long is killed and replaced.
    pub deadline: Duration,
    /// Requests that may wait beside those the workers have; one more is [`HsmError::Overloaded`].
    pub queue: usize,
    /// Unwrapped keys after which a worker is recycled: SoftHSM loses 243 octets with each.
    pub recycle_after: u64,
    /// What may be asked; checked inside the worker.
    pub allow: AllowList,
    /// `officers.toml`: who may approve, together, what `allow` does not.
    pub officers: Option<PathBuf>,
    /// Where a refused PIN is remembered; every process that opens the token with this PIN names the same.
    pub latch: Latch,
    /// Fills a buffer with randomness, for the jitter of pauses.
    pub random: fn(&mut [u8]),
}

impl WorkersConfig {
    /// One process, 5 s, a queue of 1,024, recycled after 200,000 unwraps; keys may be used and none made.
    pub fn new(executable: &Path, env: &[(String, String)], token: TokenConfig, socket_dir: &Path) -> Self {
        Self {
            latch: Latch::of_token(socket_dir, &token.token),
            executable: executable.to_owned(),
            env: env.to_vec(),
            token,
            count: 1,
            socket_dir: socket_dir.to_owned(),
            deadline: Duration::from_secs(5),
            queue: 1024,
            recycle_after: 200_000,
            allow: AllowList::default(),
            officers: None,
            random: operating_system,
        }
    }
}

/// The workers of one token.
pub struct Workers {
    shared: Arc<Shared>,
    commands: Vec<mpsc::Sender<Command>>,
    supervisors: Vec<JoinHandle<()>>,
    watch: alarm::Watch,
}

struct Shared {
    config: WorkersConfig,
    standings: watch::Sender<Vec<Standing>>,
    queue: Queue,
    meters: Meters,
    /// Held by whoever starts a process that logs in.
    start_gate: tokio::sync::Mutex<()>,
    /// A refused PIN that could not be written down.
    unwritten: AtomicBool,
    /// When the last worker that was ready ceased to be.
    down_since: Mutex<Option<Instant>>,
    /// Labels of keys that were made here and that no fresh process has used yet.
    unproven: Mutex<BTreeSet<String>>,
}

/// Where a worker stands.
#[derive(Clone)]
enum Standing {
    Starting,
    Ready(Arc<Live>),
    /// The last start failed; another is coming.
    Down(HsmError),
    /// The PIN was refused: no further start before an operator acts.
    Latched,
    Stopped,
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
        let shared = Arc::new(Shared {
            standings: watch::channel(vec![Standing::Starting; config.count]).0,
            queue: Queue::new(config.count * config.token.sessions.max(1) * WINDOW, config.queue),
            meters: Meters::new(&config.token.token, config.count),
            start_gate: tokio::sync::Mutex::new(()),
            unwritten: AtomicBool::new(false),
            down_since: Mutex::new(None),
            unproven: Mutex::new(BTreeSet::new()),
            config,
        });
        let mut workers = Self {
            commands: Vec::new(),
            supervisors: Vec::new(),
            watch: alarm::Watch::default(),
            shared,
        };
        // One after the other: the first makes the canary key if the token has none.
        for index in 0..workers.shared.config.count {
            let (sender, commands) = mpsc::channel(COMMANDS);
            let supervisor = Supervisor {
                shared: workers.shared.clone(),
                index,
                commands,
                generation: 0,
            };
            workers.commands.push(sender);
            workers.supervisors.push(tokio::spawn(supervisor.run()));
            workers.first_standing(index).await?;
        }
        workers
            .supervisors
            .push(tokio::spawn(watch_downtime(workers.shared.clone())));
        let lifted = take_up_when_lifted(workers.shared.clone(), workers.commands.clone());
        workers.supervisors.push(tokio::spawn(lifted));
        Ok(workers)
    }

    /// Lets every worker finish what it has begun, and ends them. Later calls fail.
    pub async fn stop(&self) {
        for commands in &self.commands {
            let _already_ended = commands.send(Command::Stop).await;
        }
        let ended = |all: &Vec<Standing>| all.iter().all(|standing| matches!(standing, Standing::Stopped));
        let mut standings = self.shared.standings.subscribe();
        let _all_gone = standings.wait_for(ended).await.is_ok();
    }

    /// An operator has mended the PIN: workers are started again, and one login is tried.
    pub async fn unlatch(&self) -> Result<(), HsmError> {
        self.shared.config.latch.lift()?;
        self.shared.unwritten.store(false, Ordering::SeqCst);
        self.shared.resume(&self.commands).await;
        Ok(())
    }

    /// Ids of the processes that are ready now.
    pub fn process_ids(&self) -> Vec<u32> {
        let standings = self.shared.standings.borrow();
        standings
            .iter()
            .filter_map(Standing::ready)
            .map(|live| live.pid)
            .collect()
    }

    async fn first_standing(&self, index: usize) -> Result<(), HsmError> {
        let mut standings = self.shared.standings.subscribe();
        let settled = |all: &Vec<Standing>| !matches!(all.get(index), None | Some(Standing::Starting));
        let all = standings.wait_for(settled).await.map_err(|_| stopped())?;
        match all.get(index) {
            Some(Standing::Down(error)) => Err(error.clone()),
            Some(Standing::Latched) => Err(HsmError::PinLatched),
            Some(Standing::Ready(_)) => Ok(()),
            _ => Err(stopped()),
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.supervisors.iter().for_each(JoinHandle::abort);
    }
}

impl Shared {
    fn latch(&self) {
        let (latch, token) = (&self.config.latch, &self.config.token);
        if !latch.is_set()
            && let Err(error) = latch.set(&token.token, &token.pin)
        {
            tracing::error!(token = %token.token, %error, "a restart will not know that the PIN was refused");
            self.unwritten.store(true, Ordering::SeqCst);
        }
    }

    fn is_latched(&self) -> bool {
        self.unwritten.load(Ordering::SeqCst) || self.config.latch.is_set()
    }

    /// The latch was lifted: one login is tried.
    async fn resume(&self, commands: &[mpsc::Sender<Command>]) {
        tracing::warn!(token = %self.config.token.token, "PIN latch lifted by an operator");
        // Whoever asks from now on waits for the new start.
        self.standings.send_modify(|all| {
            for standing in all.iter_mut().filter(|standing| matches!(standing, Standing::Latched)) {
                *standing = Standing::Starting;
            }
        });
        for commands in commands {
            let _already_ended = commands.send(Command::Unlatch).await;
        }
    }

    /// No worker is ready: why, and for how long.
    fn away(&self) -> HsmError {
        let standings = self.standings.borrow();
        let last = standings.iter().find_map(|standing| match standing {
            Standing::Down(error) => Some(error.to_string()),
            _ => None,
        });
        let since = *self.down_since.lock().unwrap_or_else(PoisonError::into_inner);
        HsmError::DeviceDown {
            why: last.unwrap_or_else(|| "no worker is ready".into()),
            down_ms: since.map_or(0, |since| {
                u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
            }),
        }
    }
}

/// An operator lifts the latch in a process of their own; workers that stand latched find out here.
async fn take_up_when_lifted(shared: Arc<Shared>, commands: Vec<mpsc::Sender<Command>>) {
    let mut standings = shared.standings.subscribe();
    let some_latched = |all: &Vec<Standing>| all.iter().any(|standing| matches!(standing, Standing::Latched));
    while standings.wait_for(some_latched).await.is_ok() {
        tokio::time::sleep(LATCH_LOOK).await;
        if !shared.is_latched() {
            shared.resume(&commands).await;
        }
    }
}

/// Keeps `down_since`.
async fn watch_downtime(shared: Arc<Shared>) {
    let mut standings = shared.standings.subscribe();
    loop {
        let away = !standings
            .borrow_and_update()
            .iter()
            .any(|standing| standing.ready().is_some());
        {
            let mut since = shared.down_since.lock().unwrap_or_else(PoisonError::into_inner);
            match away {
                true => *since = since.or_else(|| Some(Instant::now())),
                false => *since = None,
            }
        }
        if standings.changed().await.is_err() {
            return;
        }
    }
}

impl Standing {
    fn ready(&self) -> Option<&Arc<Live>> {
        match self {
            Self::Ready(live) => Some(live),
            _ => None,
        }
    }

    fn state(&self) -> WorkerState {
        match self {
            Self::Starting => WorkerState::Starting,
            Self::Ready(_) => WorkerState::Ready,
            Self::Down(_) => WorkerState::Down,
            Self::Latched => WorkerState::Latched,
            Self::Stopped => WorkerState::Stopped,
        }
    }

    fn report(&self, restarts: u64) -> WorkerReport {
        let live = self.ready();
        let number = |of: fn(&Live) -> u64| live.map_or(0, |live| of(live));
        WorkerReport {
            state: self.state(),
            pid: live.map(|live| live.pid),
            restarts,
            login_epoch: number(|live| live.login_epoch.load(Ordering::Relaxed)),
            unwraps: number(|live| live.unwraps.load(Ordering::Relaxed)),
            resident: live.and_then(|live| live.resident()),
            error: match self {
                Self::Down(error) => Some(error.to_string()),
                Self::Latched => Some(HsmError::PinLatched.to_string()),
                _ => None,
            },
        }
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
        self.sign_request(SignRequest::new(key, algorithm, inputs)).await
    }

    async fn sign_request(&self, request: SignRequest<'_>) -> Result<Vec<Vec<u8>>, HsmError> {
        self.prove_if_new(&request.key.object).await?;
        let answer = self.call(&Request::from(request), request.within).await;
        self.watch.heed(request.key, &answer);
        match answer? {
            Answer::Signatures(signatures) if signatures.len() == request.inputs.len() => Ok(signatures),
            _ => Err(unfitting()),
        }
    }

    async fn public_key(&self, key: &KeyUri) -> Result<PublicKey, HsmError> {
        self.ask(Request::PublicKey(key.clone())).await?.public_key()
    }

    /// A process of its own then finds the new key and signs with it: SoftHSM on a full disk reports success and keeps
    /// nothing.
    async fn generate(&self, key: &KeyUri, algorithm: KeyAlgorithm) -> Result<PublicKey, HsmError> {
        self.ask(Request::Generate(key.clone(), algorithm)).await?.public_key()
    }

    /// Asks every ready worker; one that cannot sign is replaced. Well if one can.
    async fn health(&self) -> Result<(), HsmError> {
        let ready: Vec<Arc<Live>> = self
            .shared
            .standings
            .borrow()
            .iter()
            .filter_map(Standing::ready)
            .cloned()
            .collect();
        for live in ready.iter().skip(1) {
            let _replaced_if_sick = self.probe(live).await;
        }
        match self.call(&Request::Health, None).await? {
            Answer::Healthy(_) => Ok(()),
            _ => Err(unfitting()),
        }
    }

    async fn ask(&self, request: Request) -> Reply {
        match request.operation() {
            Operation::Generate => self.make(&request).await,
            Operation::Sign | Operation::PublicKey | Operation::Attest => {
                self.prove_if_new(request.label()).await?;
                self.call(&request, None).await
            }
            _ => self.call(&request, None).await,
        }
    }

    fn report(&self) -> HealthReport {
        let standings = self.shared.standings.borrow();
        let workers = standings.iter().enumerate();
        HealthReport {
            token: self.shared.config.token.token.clone(),
            workers: workers
                .map(|(index, standing)| standing.report(self.shared.meters.restarts(index)))
                .collect(),
            queued: self.shared.queue.waiting(),
            in_flight: self.shared.queue.in_flight(),
            pin_latched: self.shared.is_latched(),
        }
    }
}

fn stopped() -> HsmError {
    HsmError::down("the workers are stopped")
}

/// Jitter needs no more than to differ between processes: a source that fails leaves the pause as it is.
fn operating_system(buffer: &mut [u8]) {
    let _middle = getrandom::fill(buffer);
}

/// Where a process of worker `index` of a token listens until its parent has connected.
fn socket_path(directory: &Path, token: &str, index: usize, generation: u64) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let token: String = token.chars().map(plain).collect();
    directory.join(format!("hsm-{token}-{index}-{generation}.sock"))
}
