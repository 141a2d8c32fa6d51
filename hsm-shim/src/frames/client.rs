//! The asking end, for tokio: concurrent callers share one connection, which is made anew after it broke.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{FrameError, HEADER, decode, encode, header, same_user};

/// Frames waiting to be written.
const OUTBOX: usize = 256;

/// Speaks to one [`serve`](super::serve).
pub struct Client {
    path: PathBuf,
    next_id: AtomicU64,
    connection: tokio::sync::Mutex<Option<Arc<Connection>>>,
}

impl Client {
    pub async fn connect(path: &Path) -> Result<Self, FrameError> {
        let client = Self {
            path: path.to_owned(),
            next_id: AtomicU64::new(1),
            connection: tokio::sync::Mutex::new(None),
        };
        client.connection().await?;
        Ok(client)
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

    async fn connection(&self) -> Result<Arc<Connection>, FrameError> {
        let mut current = self.connection.lock().await;
        if let Some(connection) = &*current
            && !connection.is_broken()
        {
            return Ok(connection.clone());
        }
        let stream = UnixStream::connect(&self.path).await?;
        same_user(&stream)?;
        let connection = Arc::new(Connection::over(stream));
        *current = Some(connection.clone());
        Ok(connection)
    }
}

/// Callers waiting for their answers; `None` once the connection is broken.
type Waiting = Arc<Mutex<Option<HashMap<u64, oneshot::Sender<Vec<u8>>>>>>;

struct Connection {
    waiting: Waiting,
    outbox: mpsc::Sender<Vec<u8>>,
    tasks: [JoinHandle<()>; 2],
}

impl Connection {
    fn over(stream: UnixStream) -> Self {
        let (input, output) = stream.into_split();
        let (outbox, frames) = mpsc::channel(OUTBOX);
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let (for_reader, for_writer) = (waiting.clone(), waiting.clone());
        let reader = tokio::spawn(async move {
            let ended = read_answers(input, &for_reader).await;
            tracing::debug!(?ended, "connection ended");
            break_off(&for_reader);
        });
        let writer = tokio::spawn(async move {
            write_frames(output, frames).await;
            break_off(&for_writer);
        });
        Self {
            waiting,
            outbox,
            tasks: [reader, writer],
        }
    }

    fn is_broken(&self) -> bool {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    async fn exchange(&self, id: u64, frame: Vec<u8>) -> Result<Vec<u8>, FrameError> {
        let (sender, answer) = oneshot::channel();
        match &mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(waiting) => waiting.insert(id, sender),
            None => return Err(FrameError::Broken),
        };
        // A caller that gives up (deadline) takes its place in the list away again.
        let _place = Place { connection: self, id };
        self.outbox.send(frame).await.map_err(|_| FrameError::Broken)?;
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
        let mut waiting = self.connection.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = &mut *waiting {
            waiting.remove(&self.id);
        }
    }
}

/// Drops every waiting sender, so that every caller learns of it.
fn break_off(waiting: &Waiting) {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
}

async fn read_answers(input: OwnedReadHalf, waiting: &Waiting) -> Result<(), FrameError> {
    let mut input = BufReader::new(input);
    loop {
        let mut head = [0; HEADER];
        input.read_exact(&mut head).await?;
        let (length, id) = header(head)?;
        let mut payload = vec![0; length];
        input.read_exact(&mut payload).await?;
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(caller) = waiting.as_mut().and_then(|waiting| waiting.remove(&id)) {
            let _caller_gave_up = caller.send(payload);
        }
    }
}

async fn write_frames(mut output: OwnedWriteHalf, mut frames: mpsc::Receiver<Vec<u8>>) {
    let mut batch = Vec::new();
    while frames.recv_many(&mut batch, OUTBOX).await > 0 {
        if output.write_all(&batch.concat()).await.is_err() {
            return;
        }
        batch.clear();
    }
}
