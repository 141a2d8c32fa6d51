//! One call: a ready worker in turn, a deadline, one repetition elsewhere if the worker died.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::supervise::{Command, Standing};
use super::{Workers, stopped};
use crate::error::HsmError;
use crate::frames::{Client, FrameError};
use crate::worker::{Answer, Request};

/// A worker picked for a call.
struct Picked {
    index: usize,
    generation: u64,
    client: Arc<Client>,
}

impl Workers {
    /// The next ready worker in turn; waits for one until the deadline.
    async fn pick(&self, until: Instant) -> Result<Picked, HsmError> {
        let mut standings = self.standings.clone();
        let usable = |all: &Vec<Standing>| {
            all.iter().any(|standing| matches!(standing, Standing::Ready { .. }))
                || all.iter().all(|standing| matches!(standing, Standing::Ended(_)))
        };
        let all = timeout_at(until, standings.wait_for(usable))
            .await
            .map_err(|_| HsmError::down("no worker is ready"))?
            .map_err(|_| stopped())?;
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let ready = |offset: usize| {
            let index = (turn % all.len() + offset) % all.len();
            match all.get(index)? {
                Standing::Ready { generation, client, .. } => Some(Picked {
                    index,
                    generation: *generation,
                    client: client.clone(),
                }),
                _ => None,
            }
        };
        if let Some(picked) = (0..all.len()).find_map(ready) {
            return Ok(picked);
        }
        match all.first() {
            Some(Standing::Ended(error)) => Err(error.clone()),
            _ => Err(stopped()),
        }
    }

    /// Asks one worker; a worker that dies or is too slow is replaced.
    pub(super) async fn call(
        &self,
        request: &Request,
        longest: Duration,
        repeatable: bool,
    ) -> Result<Answer, HsmError> {
        let until = Instant::now() + longest;
        let mut may_repeat = repeatable;
        loop {
            let picked = self.pick(until).await?;
            let left = until.saturating_duration_since(Instant::now());
            let answer: Result<Result<Answer, HsmError>, FrameError> = picked.client.call(request, left).await;
            match answer {
                // SoftHSM finds no key either when its whole token is gone.
                Ok(Err(
                    error @ (HsmError::DeviceDown { .. }
                    | HsmError::Pkcs11 { .. }
                    | HsmError::Misconfigured(_)
                    | HsmError::KeyNotFound(_)),
                )) => {
                    self.probe(&picked).await;
                    return Err(error);
                }
                Ok(result) => return result,
                Err(FrameError::TooLong) => return Err(HsmError::Unsupported("so long a request".into())),
                Err(FrameError::Timeout) => {
                    self.replace(&picked).await;
                    return Err(HsmError::Timeout { maybe_executed: true });
                }
                Err(error) => {
                    self.replace(&picked).await;
                    if !may_repeat {
                        return Err(error.into());
                    }
                    may_repeat = false;
                }
            }
        }
    }

    /// The module's error codes say little; whether the canary key still signs says whether the worker is of use.
    async fn probe(&self, picked: &Picked) {
        let health: Result<Result<Answer, HsmError>, _> = picked.client.call(&Request::Health, self.deadline).await;
        if !matches!(health, Ok(Ok(Answer::Healthy))) {
            self.replace(picked).await;
        }
    }

    async fn replace(&self, picked: &Picked) {
        let (done, replaced) = tokio::sync::oneshot::channel();
        let order = Command::Replace {
            generation: picked.generation,
            done,
        };
        if let Some(commands) = self.commands.get(picked.index)
            && commands.send(order).await.is_ok()
        {
            let _supervisor_gone = replaced.await;
        }
    }
}
