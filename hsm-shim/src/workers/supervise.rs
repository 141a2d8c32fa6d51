//! One worker's life: start, probe, serve; replaced when it dies, hangs or leaks; back-off in between.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::process::{Child, ChildStdin};
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, sleep_until, timeout};

use super::live::Live;
use super::process::{self, Started};
use super::{Shared, Standing};
use crate::error::HsmError;

const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// While somebody waits for a worker, none rests longer: who waits for a signature has it soon after the token is back.
const LONGEST_PAUSE_IN_DEMAND: Duration = Duration::from_millis(500);
/// A worker that served this long was sound: the next pause starts small again.
const SOUND: Duration = Duration::from_secs(10);
/// How long a worker may take to finish what it has begun.
const LONGEST_FAREWELL: Duration = Duration::from_secs(5);
const GAUGES: Duration = Duration::from_secs(10);

pub(super) enum Command {
    /// Kill the process of this generation; a later one is left alone.
    Replace {
        generation: u64,
    },
    /// Start a successor, let this generation finish, end it.
    Recycle {
        generation: u64,
    },
    /// Somebody waits for a worker.
    Hurry,
    /// An operator has mended the PIN.
    Unlatch,
    Stop,
}

pub(super) struct Supervisor {
    pub(super) shared: Arc<Shared>,
    pub(super) index: usize,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) generation: u64,
}

/// What ended a process.
enum End {
    Died,
    Stopped,
}

impl Supervisor {
    pub(super) async fn run(mut self) {
        let mut pause = SHORTEST_PAUSE;
        loop {
            match self.start().await {
                Ok(started) => {
                    let since = Instant::now();
                    if let End::Stopped = self.attend(started).await {
                        return self.stand(Standing::Stopped);
                    }
                    if since.elapsed() >= SOUND {
                        pause = SHORTEST_PAUSE;
                    }
                    self.shared.meters.restart(self.index);
                }
                Err(HsmError::PinLatched) => {
                    tracing::error!(token = %self.token(), worker = self.index, "PIN refused; an operator must act");
                    self.stand(Standing::Latched);
                    if self.until_unlatched().await {
                        return self.stand(Standing::Stopped);
                    }
                    pause = SHORTEST_PAUSE;
                    continue;
                }
                Err(error) => {
                    tracing::error!(token = %self.token(), worker = self.index, %error, "HSM worker did not start");
                    self.stand(Standing::Down(error));
                }
            }
            if self.pause_or_stop(self.jittered(pause)).await {
                return self.stand(Standing::Stopped);
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn token(&self) -> &str {
        &self.shared.config.token.token
    }

    /// One process of a token starts at a time: a PIN that is refused is tried once, not once for each worker.
    async fn start(&mut self) -> Result<Started, HsmError> {
        let _gate = self.shared.start_gate.lock().await;
        if self.shared.is_latched() {
            return Err(HsmError::PinLatched);
        }
        self.generation += 1;
        let started = process::start(&self.shared.config, self.index, self.generation).await;
        if matches!(started, Err(HsmError::PinLatched)) {
            self.shared.latch();
        }
        started
    }

    /// Serves until the process dies, is to be replaced, or all is to stop; a recycled process is followed by its successor.
    async fn attend(&mut self, started: Started) -> End {
        let (mut live, mut child, mut stdin) = self.present(started);
        let mut gauges = interval(GAUGES);
        loop {
            let command = tokio::select! {
                ended = child.wait() => {
                    let status = ended.map(|status| status.to_string()).unwrap_or_default();
                    tracing::warn!(token = %self.token(), worker = self.index, status, "HSM worker ended");
                    self.stand(Standing::Starting);
                    return End::Died;
                }
                _ = gauges.tick() => {
                    self.shared.meters.worker(&live);
                    continue;
                }
                command = self.commands.recv() => command,
            };
            match command {
                Some(Command::Replace { generation }) if generation == live.generation => {
                    tracing::warn!(token = %self.token(), worker = self.index, "HSM worker is killed and replaced");
                    self.stand(Standing::Starting);
                    kill(&mut child).await;
                    return End::Died;
                }
                Some(Command::Recycle { generation }) if generation == live.generation => match self.start().await {
                    Ok(successor) => {
                        let next = self.present(successor);
                        tracing::info!(token = %self.token(), worker = self.index, "HSM worker recycled");
                        tokio::spawn(see_off(live, child, stdin, self.shared.config.deadline));
                        (live, child, stdin) = next;
                    }
                    Err(error) => {
                        tracing::error!(token = %self.token(), worker = self.index, %error, "no successor; the old worker stays");
                        live.unwraps.store(0, Ordering::Relaxed);
                        live.recycling.store(false, Ordering::Relaxed);
                    }
                },
                Some(Command::Replace { .. } | Command::Recycle { .. } | Command::Hurry | Command::Unlatch) => {}
                Some(Command::Stop) | None => {
                    self.stand(Standing::Starting);
                    see_off(live, child, stdin, self.shared.config.deadline).await;
                    return End::Stopped;
                }
            }
        }
    }

    fn present(&self, started: Started) -> (Arc<Live>, Child, ChildStdin) {
        let live = Arc::new(started.live);
        self.stand(Standing::Ready(live.clone()));
        (live, started.child, started.stdin)
    }

    fn jittered(&self, pause: Duration) -> Duration {
        let mut octet = [0];
        (self.shared.config.random)(&mut octet);
        let [octet] = octet;
        pause.mul_f64(0.75 + f64::from(octet) / 512.0)
    }

    /// True when told to stop.
    async fn pause_or_stop(&mut self, pause: Duration) -> bool {
        let begun = Instant::now();
        let mut wake = begun + pause;
        loop {
            tokio::select! {
                () = sleep_until(wake) => return false,
                command = self.commands.recv() => match command {
                    Some(Command::Hurry) => wake = wake.min(begun + LONGEST_PAUSE_IN_DEMAND),
                    Some(Command::Unlatch) => wake = begun,
                    Some(Command::Replace { .. } | Command::Recycle { .. }) => {}
                    Some(Command::Stop) | None => return true,
                },
            }
        }
    }

    /// True when told to stop.
    async fn until_unlatched(&mut self) -> bool {
        loop {
            match self.commands.recv().await {
                Some(Command::Unlatch) => {
                    self.stand(Standing::Starting);
                    return false;
                }
                Some(Command::Replace { .. } | Command::Recycle { .. } | Command::Hurry) => {}
                Some(Command::Stop) | None => return true,
            }
        }
    }

    fn stand(&self, standing: Standing) {
        self.shared.meters.state(self.index, standing.state());
        self.shared.standings.send_modify(|all| {
            if let Some(place) = all.get_mut(self.index) {
                *place = standing;
            }
        });
    }
}

/// Lets a worker that nobody can pick any more finish what it has, and ends it.
async fn see_off(live: Arc<Live>, mut child: Child, stdin: ChildStdin, deadline: Duration) {
    let _all_answered = timeout(deadline + LONGEST_FAREWELL, live.until_unused()).await.is_ok();
    drop(stdin);
    if timeout(LONGEST_FAREWELL, child.wait()).await.is_err() {
        kill(&mut child).await;
    }
}

async fn kill(child: &mut Child) {
    if let Err(error) = child.kill().await {
        tracing::error!(%error, "HSM worker was not killed");
    }
}
