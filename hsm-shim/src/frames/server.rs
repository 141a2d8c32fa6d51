//! The answering end: blocking, on plain threads, so that the executables with PKCS#11 sessions stay small.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{FrameError, HEADER, Peers, decode, encode, header, read_frame};

/// Requests read but not yet begun; beyond that the connections wait.
const QUEUE: usize = 1024;
const READ_BUFFER: usize = 64 * 1024;
/// An answer that took longer is sent at once.
const QUICK: Duration = Duration::from_micros(500);
/// Octets of gathered answers that are sent in any case: some sixteen signatures, half of what a caller's window holds.
const ENOUGH: usize = 1280;
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

/// A listening socket and who may connect to it.
pub struct Listener {
    socket: UnixListener,
    peers: Peers,
}

/// A listening socket of mode 0600 for our own user; a socket left over from an earlier process is removed.
pub fn bind(path: &Path) -> io::Result<Listener> {
    bind_for(path, Peers::same_user())
}

/// As [`bind`], for other users too.
pub fn bind_for(path: &Path, peers: Peers) -> io::Result<Listener> {
    if fs::symlink_metadata(path).is_ok_and(|facts| facts.file_type().is_socket()) {
        fs::remove_file(path)?;
    }
    let socket = UnixListener::bind(path)?;
    peers.open_path(path)?;
    Ok(Listener { socket, peers })
}

struct Job {
    id: u64,
    payload: Vec<u8>,
    output: Arc<Mutex<UnixStream>>,
}

/// Answers requests with `handler` on `threads` threads until `stop`; returns when all begun requests are answered.
///
/// Answers of one connection may come in another order than its requests. What does not decode ends its connection.
/// One thread takes requests straight from its connection and gathers answers: no hand-over, few system calls.
pub fn serve<Request, Answer>(
    listener: Listener,
    threads: usize,
    stop: &Stop,
    handler: impl Fn(Request) -> Answer + Sync,
) -> Result<(), FrameError>
where
    Request: DeserializeOwned,
    Answer: Serialize,
{
    let to_wake = || stop.0.listener.lock().unwrap_or_else(PoisonError::into_inner);
    *to_wake() = Some(listener.socket.try_clone()?);
    let (sender, receiver) = sync_channel::<Job>(QUEUE);
    let receiver = Mutex::new(receiver);
    let one_at_a_time = Mutex::new(());
    let ended = thread::scope(|scope| {
        let alone = threads <= 1;
        if !alone {
            for _ in 0..threads {
                scope.spawn(|| answer_jobs(&receiver, &handler));
            }
        }
        let mut number = 0_u64;
        while !stop.is_stopped() {
            let stream = match listener.socket.accept() {
                Ok((stream, _)) => stream,
                Err(_) if stop.is_stopped() => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    stop.stop();
                    return Err(error.into());
                }
            };
            if let Err(error) = listener.peers.check(&stream) {
                tracing::warn!(%error, "connection refused");
                continue;
            }
            number += 1;
            let sender = sender.clone();
            let (handler, one_at_a_time) = (&handler, &one_at_a_time);
            scope.spawn(move || {
                let ended = match alone {
                    true => answer_directly(stream, number, stop, one_at_a_time, handler),
                    false => read_jobs(stream, number, stop, &sender),
                };
                if let Err(error) = ended {
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
        let answered = answer_one(job.id, &job.payload, handler);
        let mut output = job.output.lock().unwrap_or_else(PoisonError::into_inner);
        let written = answered.and_then(|frame| Ok(output.write_all(&frame)?));
        if let Err(error) = written {
            tracing::warn!(%error, "request not answered");
            let _already_closed = output.shutdown(Shutdown::Both);
        }
    }
}

fn answer_one<Request, Answer>(
    id: u64,
    payload: &[u8],
    handler: &impl Fn(Request) -> Answer,
) -> Result<Vec<u8>, FrameError>
where
    Request: DeserializeOwned,
    Answer: Serialize,
{
    let request = decode::<Request>(payload)?;
    // A handler that panics loses its own connection, not the whole process.
    let answer = catch_unwind(AssertUnwindSafe(|| handler(request))).map_err(|_| FrameError::Broken)?;
    encode(id, &answer)
}

fn answer_directly<Request, Answer>(
    stream: UnixStream,
    number: u64,
    stop: &Stop,
    one_at_a_time: &Mutex<()>,
    handler: &impl Fn(Request) -> Answer,
) -> Result<(), FrameError>
where
    Request: DeserializeOwned,
    Answer: Serialize,
{
    let open = || stop.0.open.lock().unwrap_or_else(PoisonError::into_inner);
    open().insert(number, stream.try_clone()?);
    stream.set_write_timeout(Some(LONGEST_WRITE))?;
    let mut output = stream.try_clone()?;
    let mut input = BufReader::with_capacity(READ_BUFFER, stream);
    let mut answers = Vec::new();
    let ended = loop {
        if stop.is_stopped() {
            break Ok(());
        }
        let (id, payload) = match read_frame(&mut input) {
            Ok(frame) => frame,
            Err(FrameError::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => break Ok(()),
            Err(error) => break Err(error),
        };
        let begun = Instant::now();
        let answered = {
            let _turn = one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
            answer_one(id, &payload, handler)
        };
        match answered {
            Ok(frame) => answers.extend(frame),
            Err(error) => break Err(error),
        }
        // Short answers travel together, but only while the next request lies here already.
        let keep = begun.elapsed() < QUICK && answers.len() < ENOUGH && holds_frame(input.buffer());
        if !keep {
            output.write_all(&answers)?;
            answers.clear();
        }
    };
    let _last_words = output.write_all(&answers);
    let _already_closed = output.shutdown(Shutdown::Both);
    open().remove(&number);
    ended
}

/// Whether a whole frame has been read already.
fn holds_frame(buffer: &[u8]) -> bool {
    let Some((head, rest)) = buffer.split_first_chunk::<HEADER>() else {
        return false;
    };
    header(*head).is_ok_and(|(length, _)| rest.len() >= length)
}
