//! One call: a place in the queue, the least busy worker, a deadline, one repetition elsewhere if the worker died.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::live::{Lease, Live};
use super::supervise::Command;
use super::{Standing, Workers, stopped};
use crate::error::HsmError;
use crate::frames::FrameError;
use crate::worker::{Answer, Operation, Reply, Request};

/// Who waits for a worker says so this often.
const HURRY: Duration = Duration::from_millis(250);

impl Workers {
    /// Asks one worker and keeps the books.
    pub(super) async fn call(&self, request: &Request, within: Option<Duration>) -> Result<Answer, HsmError> {
        let longest = match is_long(request) {
            true => self.shared.config.deadline.max(super::LONGEST_GENERATION),
            false => self.shared.config.deadline,
        };
        let longest = within.map_or(longest, |within| within.min(longest));
        let begun = Instant::now();
        let result = self.enter_and_ask(request, begun, begun + longest).await;
        let (meters, operation) = (&self.shared.meters, request.operation());
        match &result {
            Ok(_) => {
                meters.done(operation, request.signs(), begun.elapsed());
            }
            Err(error) => meters.failed(operation, error),
        }
        result
    }

    async fn enter_and_ask(&self, request: &Request, begun: Instant, until: Instant) -> Result<Answer, HsmError> {
        let queue = &self.shared.queue;
        let _turn = queue.enter(until).await?;
        self.shared.meters.entered(begun.elapsed(), queue.in_flight());
        let mut may_repeat = request.is_repeatable();
        let mut asked_before = false;
        loop {
            let lease = self.pick(until, is_long(request)).await?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(HsmError::Timeout {
                    maybe_executed: asked_before,
                });
            }
            asked_before = true;
            match self.ask(&lease, request, left).await {
                Asked::Done(reply) => return reply,
                Asked::WorkerGone(reply) if !may_repeat => return reply,
                Asked::WorkerGone(_) => may_repeat = false,
            }
        }
    }

    async fn ask(&self, lease: &Lease, request: &Request, left: Duration) -> Asked {
        let answer: Result<Reply, FrameError> = lease.live.client.call(request, left).await;
        match answer {
            Ok(Ok(answer)) => {
                self.count(&lease.live, request, &answer);
                Asked::Done(Ok(answer))
            }
            Ok(Err(HsmError::PinLatched)) => {
                self.shared.latch();
                self.replace(&lease.live);
                Asked::Done(Err(HsmError::PinLatched))
            }
            Ok(Err(HsmError::SelfCheckFailed)) => {
                // Told at once and never hidden by a second attempt; the worker is judged by the canary all the same.
                self.probe(&lease.live).await;
                Asked::Done(Err(HsmError::SelfCheckFailed))
            }
            Ok(Err(error)) if is_suspicious(&error) => match self.probe(&lease.live).await {
                true => Asked::Done(Err(error)),
                false => Asked::WorkerGone(Err(error)),
            },
            Ok(Err(error)) => Asked::Done(Err(error)),
            Err(FrameError::TooLong) => Asked::Done(Err(HsmError::Unsupported("so long a request".into()))),
            Err(FrameError::Timeout) => {
                self.replace_if_stuck(lease, request);
                Asked::Done(Err(HsmError::Timeout { maybe_executed: true }))
            }
            Err(error) => {
                tracing::warn!(token = %self.shared.config.token.token, %error, "HSM worker is gone");
                self.replace(&lease.live);
                Asked::WorkerGone(Err(HsmError::SessionLost(
                    "the worker ended before its answer; the request may have been executed".into(),
                )))
            }
        }
    }

    /// The least busy ready worker; waits for one until the deadline.
    async fn pick(&self, until: Instant, long: bool) -> Result<Lease, HsmError> {
        let mut standings = self.shared.standings.subscribe();
        loop {
            {
                let all = standings.borrow_and_update();
                let ready = all.iter().filter_map(Standing::ready);
                if let Some(live) = ready.min_by_key(|live| live.load()) {
                    return Ok(Lease::take(live, long));
                }
                if all.iter().all(|standing| matches!(standing, Standing::Latched)) {
                    return Err(HsmError::PinLatched);
                }
                if all.iter().all(|standing| matches!(standing, Standing::Stopped)) {
                    return Err(stopped());
                }
            }
            let now = Instant::now();
            if now >= until {
                return Err(self.shared.away());
            }
            for commands in &self.commands {
                // A full channel means that enough have asked.
                let _asked = commands.try_send(Command::Hurry);
            }
            let wait = HURRY.min(until.saturating_duration_since(now));
            let _changed_or_not = timeout(wait, standings.changed()).await.is_ok();
        }
    }

    /// The module's error codes say little; whether the canary key still signs says whether the worker is of use.
    pub(super) async fn probe(&self, live: &Arc<Live>) -> bool {
        let met = Instant::now();
        let mut probed = live.probed.lock().await;
        if let Some((at, sound)) = *probed
            && at >= met
        {
            // Another caller has asked while this one waited.
            return sound;
        }
        let deadline = self.shared.config.deadline;
        let reply: Result<Reply, FrameError> = live.client.call(&Request::Health, deadline).await;
        let sound = match reply {
            Ok(Ok(Answer::Healthy(pulse))) => {
                live.login_epoch.store(pulse.login_epoch, Ordering::Relaxed);
                true
            }
            _ => false,
        };
        *probed = Some((Instant::now(), sound));
        drop(probed);
        if !sound {
            self.replace(live);
        }
        sound
    }

    fn count(&self, live: &Arc<Live>, request: &Request, answer: &Answer) {
        if let Answer::Healthy(pulse) = answer {
            live.login_epoch.store(pulse.login_epoch, Ordering::Relaxed);
        }
        let unwraps = request.unwraps();
        if unwraps == 0 {
            return;
        }
        let total = live.unwraps.fetch_add(unwraps, Ordering::Relaxed) + unwraps;
        if total >= self.shared.config.recycle_after && !live.recycling.swap(true, Ordering::Relaxed) {
            let order = Command::Recycle {
                generation: live.generation,
            };
            if !self.order(live.index, order) {
                live.recycling.store(false, Ordering::Relaxed);
            }
        }
    }

    /// A deadline that passed because of a long queue or a short-tempered caller ends no worker; silence does.
    fn replace_if_stuck(&self, lease: &Lease, request: &Request) {
        let silent = lease.live.client.silent_for();
        let patience = match lease.live.has_long() {
            true if !is_long(request) => return,
            true => super::LONGEST_GENERATION.max(self.shared.config.deadline),
            false => self.shared.config.deadline,
        };
        // The silence began a little after the call did.
        if silent >= patience.mul_f64(0.9) {
            self.replace(&lease.live);
        }
    }

    /// Nobody picks this process any more, and its supervisor kills it.
    fn replace(&self, live: &Arc<Live>) {
        let is_it = |standing: &Standing| standing.ready().is_some_and(|now| now.generation == live.generation);
        let first = self
            .shared
            .standings
            .send_if_modified(|all| match all.get_mut(live.index) {
                Some(standing) if is_it(standing) => {
                    *standing = Standing::Starting;
                    true
                }
                _ => false,
            });
        if first {
            let order = Command::Replace {
                generation: live.generation,
            };
            if let Some(commands) = self.commands.get(live.index).cloned() {
                tokio::spawn(async move {
                    let _supervisor_gone = commands.send(order).await;
                });
            }
        }
    }

    fn order(&self, index: usize, command: Command) -> bool {
        self.commands
            .get(index)
            .is_some_and(|commands| commands.try_send(command).is_ok())
    }
}

/// What came of asking one worker.
enum Asked {
    Done(Reply),
    /// The worker is replaced; a request that bears it can be asked of another.
    WorkerGone(Reply),
}

/// Errors that a sick worker also gives: the canary tells them apart. A token that was moved away shows as missing keys.
fn is_suspicious(error: &HsmError) -> bool {
    matches!(
        error,
        HsmError::DeviceDown { .. }
            | HsmError::Pkcs11 { .. }
            | HsmError::SessionLost(_)
            | HsmError::Misconfigured(_)
            | HsmError::KeyNotFound(_)
    )
}

/// Making a key takes its time: RSA-3072 needs seconds in SoftHSM.
fn is_long(request: &Request) -> bool {
    matches!(
        request.operation(),
        Operation::Generate
            | Operation::CreateWrapped
            | Operation::MakeGuards
            | Operation::MakeMacKey
            | Operation::Rewrap
    )
}
