//! The answering end: blocking, on plain threads, so that the executables with PKCS#11 sessions stay small.

use std::collections::HashMap;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::net::Shutdown;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{FrameError, decode, encode, read_frame, same_user};

/// Requests read but not yet begun; beyond that the connections wait.
const QUEUE: usize = 1024;
/// A client that does not read its answers loses its connection.
const LONGEST_WRITE: Duration = Duration::from_secs(5);

/// Ends a [`serve`]: no new connection or request is taken, begun ones are finished.
#[derive(Clone, Default)]
pub struct Stop(Arc<StopState>);

#[derive(Default)]
struct StopState {
    stopped: AtomicBool,
    /// What to shut down so that blocked readers and the accepting thread wake.
    open: Mutex<HashMap<u64, UnixStream>>,
    listener: Mutex<Option<UnixListener>>,
}

impl Stop {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::SeqCst);
        if let Some(listener) = &*self.0.listener.lock().unwrap_or_else(PoisonError::into_inner) {
            // Shutting down a listening Unix socket makes a blocked accept return (Linux).
            let _already_closed = rustix::net::shutdown(listener, rustix::net::Shutdown::Both);
        }
        for stream in self.0.open.lock().unwrap_or_else(PoisonError::into_inner).values() {
            let _already_closed = stream.shutdown(Shutdown::Read);
        }
    }

    /// Stops when the parent process closes our standard input, that is, when it ends.
    pub fn when_stdin_closes(&self) {
        let stop = self.clone();
        thread::spawn(move || {
            let _ended = io::copy(&mut io::stdin().lock(), &mut io::sink());
            stop.stop();
        });
    }

    fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::SeqCst)
    }
}

/// A listening socket of mode 0600; a socket left over from an earlier process is removed.
pub fn bind(path: &Path) -> io::Result<UnixListener> {
    if fs::symlink_metadata(path).is_ok_and(|facts| facts.file_type().is_socket()) {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

struct Job {
    id: u64,
    payload: Vec<u8>,
    output: Arc<Mutex<UnixStream>>,
}

/// Answers requests with `handler` on `threads` threads until `stop`; returns when all begun requests are answered.
///
/// Answers of one connection may come in another order than its requests. What does not decode ends its connection.
pub fn serve<Request, Answer>(
    listener: UnixListener,
    threads: usize,
    stop: &Stop,
    handler: impl Fn(Request) -> Answer + Sync,
) -> Result<(), FrameError>
where
    Request: DeserializeOwned,
    Answer: Serialize,
{
    let to_wake = || stop.0.listener.lock().unwrap_or_else(PoisonError::into_inner);
    *to_wake() = Some(listener.try_clone()?);
    let (sender, receiver) = sync_channel::<Job>(QUEUE);
    let receiver = Mutex::new(receiver);
    let ended = thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| answer_jobs(&receiver, &handler));
        }
        let mut number = 0_u64;
        while !stop.is_stopped() {
            let stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(_) if stop.is_stopped() => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    stop.stop();
                    return Err(error.into());
                }
            };
            if let Err(error) = same_user(&stream) {
                tracing::warn!(%error, "connection refused");
                continue;
            }
            number += 1;
            let sender = sender.clone();
            scope.spawn(move || {
                if let Err(error) = read_jobs(stream, number, stop, &sender) {
                    tracing::warn!(%error, "connection ended");
                }
            });
        }
        drop(sender);
        Ok(())
    });
    to_wake().take();
    ended
}

fn read_jobs(stream: UnixStream, number: u64, stop: &Stop, jobs: &SyncSender<Job>) -> Result<(), FrameError> {
    let open = || stop.0.open.lock().unwrap_or_else(PoisonError::into_inner);
    open().insert(number, stream.try_clone()?);
    stream.set_write_timeout(Some(LONGEST_WRITE))?;
    let output = Arc::new(Mutex::new(stream.try_clone()?));
    let mut input = io::BufReader::new(stream);
    let ended = loop {
        if stop.is_stopped() {
            break Ok(());
        }
        match read_frame(&mut input) {
            Ok((id, payload)) => {
                let output = output.clone();
                if jobs.send(Job { id, payload, output }).is_err() {
                    break Ok(());
                }
            }
            Err(FrameError::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    open().remove(&number);
    ended
}

fn answer_jobs<Request, Answer>(jobs: &Mutex<Receiver<Job>>, handler: &impl Fn(Request) -> Answer)
where
    Request: DeserializeOwned,
    Answer: Serialize,
{
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        let answered = decode::<Request>(&job.payload).and_then(|request| {
            // A handler that panics loses its own connection, not the whole process.
            let answer = catch_unwind(AssertUnwindSafe(|| handler(request))).map_err(|_| FrameError::Broken)?;
            encode(job.id, &answer)
        });
        let mut output = job.output.lock().unwrap_or_else(PoisonError::into_inner);
        let written = answered.and_then(|frame| Ok(output.write_all(&frame)?));
        if let Err(error) = written {
            tracing::warn!(%error, "request not answered");
            let _already_closed = output.shutdown(Shutdown::Both);
        }
    }
}
