//! One worker's life: start, probe, serve, replace when it dies or is too slow; back-off in between.

use std::sync::Arc;
use std::time::Duration;

use tokio::process::Child;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout};

use super::WorkersConfig;
use super::process::{self, Started};
use crate::error::HsmError;
use crate::frames::Client;

const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// Callers shall be served within two seconds after the module is back, however long it was away.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// A worker that served this long was sound: the next pause starts small again.
const SOUND: Duration = Duration::from_secs(10);
/// How long a worker may take to finish what it has begun.
const LONGEST_FAREWELL: Duration = Duration::from_secs(5);

/// Where a worker stands.
#[derive(Clone)]
pub(super) enum Standing {
    Starting,
    Ready {
        generation: u64,
        pid: u32,
        client: Arc<Client>,
    },
    /// The last start failed; another is coming.
    Down(HsmError),
    /// No further start: stopped, or the PIN was refused.
    Ended(HsmError),
}

pub(super) enum Command {
    /// Kill the process of this generation; a later one is left alone.
    Replace {
        generation: u64,
        done: oneshot::Sender<()>,
    },
    Stop,
}

pub(super) struct Supervisor {
    pub(super) config: WorkersConfig,
    pub(super) index: usize,
    pub(super) standings: Arc<watch::Sender<Vec<Standing>>>,
    pub(super) commands: mpsc::Receiver<Command>,
}

/// What ended a process.
enum End {
    Died,
    Stopped,
}

impl Supervisor {
    pub(super) async fn run(mut self) {
        let mut pause = SHORTEST_PAUSE;
        for generation in 0_u64.. {
            match process::start(&self.config, self.index).await {
                Ok(started) => {
                    let since = Instant::now();
                    if let End::Stopped = self.attend(started, generation).await {
                        return self.stand(Standing::Ended(super::stopped()));
                    }
                    if since.elapsed() >= SOUND {
                        pause = SHORTEST_PAUSE;
                    }
                    tracing::warn!(token = %self.config.token.token, worker = self.index, "HSM worker ended; starting another");
                }
                Err(HsmError::PinLatched) => {
                    tracing::error!(token = %self.config.token.token, "PIN refused; an operator must act");
                    return self.stand(Standing::Ended(HsmError::PinLatched));
                }
                Err(error) => {
                    tracing::error!(token = %self.config.token.token, worker = self.index, %error, "HSM worker did not start");
                    self.stand(Standing::Down(error));
                }
            }
            if self.pause_or_stop(pause).await {
                return self.stand(Standing::Ended(super::stopped()));
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Serves until the process dies, is to be replaced, or all is to stop.
    async fn attend(&mut self, started: Started, generation: u64) -> End {
        let Started {
            mut child,
            pid,
            stdin,
            client,
        } = started;
        self.stand(Standing::Ready {
            generation,
            pid,
            client,
        });
        loop {
            let command = tokio::select! {
                _ = child.wait() => {
                    self.stand(Standing::Starting);
                    return End::Died;
                }
                command = self.commands.recv() => command,
            };
            match command {
                Some(Command::Replace {
                    generation: meant,
                    done,
                }) => {
                    if meant != generation {
                        let _caller_gone = done.send(());
                        continue;
                    }
                    self.stand(Standing::Starting);
                    kill(&mut child).await;
                    let _caller_gone = done.send(());
                    return End::Died;
                }
                Some(Command::Stop) | None => {
                    drop(stdin);
                    if timeout(LONGEST_FAREWELL, child.wait()).await.is_err() {
                        kill(&mut child).await;
                    }
                    return End::Stopped;
                }
            }
        }
    }

    /// True when told to stop.
    async fn pause_or_stop(&mut self, pause: Duration) -> bool {
        let wake = Instant::now() + pause;
        loop {
            tokio::select! {
                () = sleep(wake.saturating_duration_since(Instant::now())) => return false,
                command = self.commands.recv() => match command {
                    Some(Command::Replace { done, .. }) => {
                        let _caller_gone = done.send(());
                    }
                    Some(Command::Stop) | None => return true,
                },
            }
        }
    }

    fn stand(&self, standing: Standing) {
        self.standings.send_modify(|all| {
            if let Some(place) = all.get_mut(self.index) {
                *place = standing;
            }
        });
    }
}

async fn kill(child: &mut Child) {
    if let Err(error) = child.kill().await {
        tracing::error!(%error, "HSM worker was not killed");
    }
}
