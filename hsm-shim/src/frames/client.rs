//! The asking end, for tokio: concurrent callers share one connection, which is made anew after it broke.
//!
//! A lone caller writes its frame itself; among many, one task writes what has gathered, so that a system call carries
//! several frames.

use std::collections::HashMap;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Notify, oneshot};
use tokio::task::{JoinHandle, yield_now};
use tokio::time::timeout;

use super::{FrameError, HEADER, Peers, decode, encode, header};

const READ_BUFFER: usize = 64 * 1024;
/// With at most so many requests in flight a caller writes itself.
const FEW: usize = 2;

/// Speaks to one [`serve`](super::serve).
pub struct Client {
    path: PathBuf,
    peers: Peers,
    next_id: AtomicU64,
    connection: tokio::sync::Mutex<Arc<Connection>>,
    /// The same, for a look without waiting.
    latest: Mutex<Arc<Connection>>,
}

impl Client {
    /// To a server of our own user.
    pub async fn connect(path: &Path) -> Result<Self, FrameError> {
        Self::connect_to(path, Peers::same_user()).await
    }

    /// To a server that runs as one of `peers`.
    pub async fn connect_to(path: &Path, peers: Peers) -> Result<Self, FrameError> {
        let connection = Arc::new(Connection::to(path, &peers).await?);
        Ok(Self {
            path: path.to_owned(),
            peers,
            next_id: AtomicU64::new(1),
            latest: Mutex::new(connection.clone()),
            connection: tokio::sync::Mutex::new(connection),
        })
    }

    /// Asks and waits until the deadline. [`FrameError::Timeout`] and [`FrameError::Broken`] leave open whether the request
    /// was carried out; the next call makes a new connection if this one broke.
    pub async fn call<Request, Answer>(&self, request: &Request, deadline: Duration) -> Result<Answer, FrameError>
    where
        Request: Serialize,
        Answer: DeserializeOwned,
    {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let frame = encode(id, request)?;
        let exchange = async {
            let connection = self.connection().await?;
            connection.exchange(id, frame).await
        };
        let payload = timeout(deadline, exchange).await.map_err(|_| FrameError::Timeout)??;
        decode(&payload)
    }

    /// How long the server has owed an answer without giving any; zero when it owes none.
    pub fn silent_for(&self) -> Duration {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut waiting = latest.waiting();
        waiting.as_mut().map(Waiting::silent_for).unwrap_or_default()
    }

    async fn connection(&self) -> Result<Arc<Connection>, FrameError> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !latest.is_broken() {
            return Ok(latest);
        }
        let mut current = self.connection.lock().await;
        if !current.is_broken() {
            return Ok(current.clone());
        }
        let connection = Arc::new(Connection::to(&self.path, &self.peers).await?);
        *current = connection.clone();
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = connection.clone();
        Ok(connection)
    }
}

/// Callers waiting for their answers, and how long the server has kept silent.
struct Waiting {
    callers: HashMap<u64, oneshot::Sender<Vec<u8>>>,
    /// Frames sent whose answer has not come, those of callers that gave up included.
    owed: usize,
    /// When the last answer came, or the first request after a time without any.
    since: Instant,
}

impl Waiting {
    fn silent_for(&mut self) -> Duration {
        match self.owed {
            0 => Duration::ZERO,
            _ => self.since.elapsed(),
        }
    }
}

/// Frames not yet written.
#[derive(Default)]
struct Outbox {
    frames: Vec<u8>,
    /// The writing task has taken frames and not finished: nobody else writes.
    busy: bool,
}

struct Connection {
    shared: Arc<Shared>,
    tasks: [JoinHandle<()>; 2],
}

struct Shared {
    /// `None` once the connection is broken.
    waiting: Mutex<Option<Waiting>>,
    outbox: Mutex<Outbox>,
    output: tokio::sync::Mutex<OwnedWriteHalf>,
    to_write: Notify,
}

impl Connection {
    async fn to(path: &Path, peers: &Peers) -> Result<Self, FrameError> {
        let stream = UnixStream::connect(path).await?;
        peers.check(&stream)?;
        let (input, output) = stream.into_split();
        let shared = Arc::new(Shared {
            waiting: Mutex::new(Some(Waiting {
                callers: HashMap::new(),
                owed: 0,
                since: Instant::now(),
            })),
            outbox: Mutex::default(),
            output: tokio::sync::Mutex::new(output),
            to_write: Notify::new(),
        });
        let (reader, writer) = (shared.clone(), shared.clone());
        let tasks = [
            tokio::spawn(async move {
                let ended = reader.read_answers(input).await;
                tracing::debug!(?ended, "connection ended");
                reader.break_off();
            }),
            tokio::spawn(async move {
                let ended = writer.write_frames().await;
                tracing::debug!(?ended, "connection ended");
                writer.break_off();
            }),
        ];
        Ok(Self { shared, tasks })
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Waiting>> {
        self.shared.waiting()
    }

    fn is_broken(&self) -> bool {
        self.waiting().is_none()
    }

    async fn exchange(&self, id: u64, frame: Vec<u8>) -> Result<Vec<u8>, FrameError> {
        let (sender, answer) = oneshot::channel();
        let in_flight = match &mut *self.waiting() {
            Some(waiting) => {
                if waiting.owed == 0 {
                    waiting.since = Instant::now();
                }
                waiting.owed += 1;
                waiting.callers.insert(id, sender);
                waiting.owed
            }
            None => return Err(FrameError::Broken),
        };
        // A caller that gives up (deadline) takes its place in the list away again.
        let _place = Place { connection: self, id };
        self.shared.send(&frame, in_flight);
        answer.await.map_err(|_| FrameError::Broken)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

struct Place<'a> {
    connection: &'a Connection,
    id: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(waiting) = &mut *self.connection.waiting() {
            waiting.callers.remove(&self.id);
        }
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Option<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops every waiting sender, so that every caller learns of it.
    fn break_off(&self) {
        self.waiting().take();
    }

    /// Writes the frame now if nothing stands in the way, or leaves it to the writing task.
    fn send(&self, frame: &[u8], in_flight: usize) {
        let mut outbox = self.outbox();
        let mut written = 0;
        if in_flight <= FEW
            && !outbox.busy
            && outbox.frames.is_empty()
            && let Ok(output) = self.output.try_lock()
        {
            // An error shows again in the writing task, which ends the connection.
            written = output.try_write(frame).unwrap_or(0);
        }
        let left = frame.get(written..).unwrap_or_default();
        if !left.is_empty() {
            outbox.frames.extend_from_slice(left);
            drop(outbox);
            self.to_write.notify_one();
        }
    }

    async fn write_frames(&self) -> Result<(), FrameError> {
        let mut batch = Vec::new();
        loop {
            self.to_write.notified().await;
            // Callers that are about to run put their frames into the same batch.
            yield_now().await;
            {
                let mut outbox = self.outbox();
                mem::swap(&mut batch, &mut outbox.frames);
                outbox.busy = !batch.is_empty();
            }
            self.output.lock().await.write_all(&batch).await?;
            batch.clear();
            self.outbox().busy = false;
        }
    }

    async fn read_answers(&self, input: OwnedReadHalf) -> Result<(), FrameError> {
        let mut input = BufReader::with_capacity(READ_BUFFER, input);
        loop {
            let mut head = [0; HEADER];
            input.read_exact(&mut head).await?;
            let (length, id) = header(head)?;
            let mut payload = vec![0; length];
            input.read_exact(&mut payload).await?;
            let caller = self.waiting().as_mut().and_then(|waiting| {
                waiting.owed = waiting.owed.saturating_sub(1);
                waiting.since = Instant::now();
                waiting.callers.remove(&id)
            });
            if let Some(caller) = caller {
                let _caller_gave_up = caller.send(payload);
            }
        }
    }
}
