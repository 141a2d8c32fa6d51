//! The line before a token: so many requests are served at a time, so many wait, whoever comes then is told when to return.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout_at;

use crate::error::HsmError;

/// How long the rate is measured before it is believed.
const WINDOW: Duration = Duration::from_millis(250);
/// A window this long was mostly idle: it says nothing about the rate.
const IDLE: Duration = Duration::from_secs(5);
const SHORTEST_RETRY_MS: u64 = 10;
const LONGEST_RETRY_MS: u64 = 60_000;

pub(crate) struct Queue {
    served: Semaphore,
    places: usize,
    waiting: AtomicUsize,
    longest: usize,
    pace: Mutex<Pace>,
}

/// The right to be served; given back when dropped.
pub(crate) struct Turn<'a> {
    queue: &'a Queue,
    _place: SemaphorePermit<'a>,
}

/// Completions per second.
struct Pace {
    since: Instant,
    done: u32,
    per_second: Option<f64>,
}

impl Queue {
    /// `places` are served at a time, `longest` more may wait.
    pub(crate) fn new(places: usize, longest: usize) -> Self {
        let places = places.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            served: Semaphore::new(places),
            places,
            waiting: AtomicUsize::new(0),
            longest,
            pace: Mutex::new(Pace {
                since: Instant::now(),
                done: 0,
                per_second: None,
            }),
        }
    }

    /// Waits for a turn in order of arrival. Nothing has been executed when this fails.
    pub(crate) async fn enter(&self, until: tokio::time::Instant) -> Result<Turn<'_>, HsmError> {
        let place = match self.served.try_acquire() {
            Ok(place) => place,
            Err(_) => {
                let _waiting = self.wait()?;
                timeout_at(until, self.served.acquire())
                    .await
                    .map_err(|_| HsmError::Timeout { maybe_executed: false })?
                    .map_err(|_| HsmError::down("the queue is closed"))?
            }
        };
        Ok(Turn {
            queue: self,
            _place: place,
        })
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.places.saturating_sub(self.served.available_permits())
    }

    fn wait(&self) -> Result<Waiting<'_>, HsmError> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let waiting = Waiting(self);
        if before >= self.longest {
            return Err(HsmError::Overloaded {
                retry_after_ms: self.retry_after_ms(before),
            });
        }
        Ok(waiting)
    }

    /// How long the requests that wait now will take.
    fn retry_after_ms(&self, waiting: usize) -> u64 {
        let pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        match pace.per_second {
            Some(rate) if rate > 0.0 => {
                let ms = (waiting + self.places) as f64 * 1000.0 / rate;
                (ms as u64).clamp(SHORTEST_RETRY_MS, LONGEST_RETRY_MS)
            }
            _ => 1_000,
        }
    }
}

/// Counts one who waits, for as long as that is so.
struct Waiting<'a>(&'a Queue);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut pace = self.queue.pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.done += 1;
        let elapsed = pace.since.elapsed();
        if elapsed >= WINDOW {
            if elapsed < IDLE {
                let rate = f64::from(pace.done) / elapsed.as_secs_f64();
                pace.per_second = Some(pace.per_second.map_or(rate, |before| (before + rate) / 2.0));
            }
            pace.done = 0;
            pace.since = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn late() -> tokio::time::Instant {
        tokio::time::Instant::now() + Duration::from_secs(60)
    }

    #[tokio::test]
    async fn one_more_than_may_wait_is_told_when_to_return() {
        let queue = Queue::new(1, 1);
        let first = queue.enter(late()).await.unwrap();
        let mut second = std::pin::pin!(queue.enter(late()));
        assert!(futures_poll(second.as_mut()).is_none());
        assert_eq!((queue.waiting(), queue.in_flight()), (1, 1));
        let third = queue.enter(late()).await.err();
        assert!(matches!(third, Some(HsmError::Overloaded { retry_after_ms }) if retry_after_ms >= 10));
        drop(first);
        let second = second.await.unwrap();
        assert_eq!((queue.waiting(), queue.in_flight()), (0, 1));
        drop(second);
        assert_eq!(queue.in_flight(), 0);
    }

    #[tokio::test]
    async fn who_waits_past_the_deadline_learns_that_nothing_was_executed() {
        let queue = Queue::new(1, 1);
        let _first = queue.enter(late()).await.unwrap();
        let second = queue.enter(tokio::time::Instant::now()).await.err();
        assert_eq!(second, Some(HsmError::Timeout { maybe_executed: false }));
        assert_eq!(queue.waiting(), 0);
    }

    fn futures_poll<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        match future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
}
