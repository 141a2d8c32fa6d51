//! Many clients over HTTP/1.1, each with one connection that it keeps and one question at a time; as little work as can be, since
//! it shares the processors with the server.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

use crate::census;

/// What the clients got.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Got {
    pub answers: u64,
    pub took: Duration,
    pub p50: Duration,
    pub p99: Duration,
    /// Processor time of the clients.
    pub processor: Duration,
}

pub struct Asker {
    runtime: Runtime,
    requests: Arc<Vec<Vec<u8>>>,
    clients: Vec<Arc<Mutex<TcpStream>>>,
    next: Arc<AtomicUsize>,
}

/// Writes whole HTTP requests to a file for [`Asker::open`].
pub fn write_requests(path: &Path, requests: &[Vec<u8>]) -> Result<()> {
    let mut octets = Vec::new();
    for request in requests {
        octets.extend(u32::try_from(request.len())?.to_be_bytes());
        octets.extend_from_slice(request);
    }
    Ok(fs::write(path, octets)?)
}

fn read_requests(path: &Path) -> Result<Vec<Vec<u8>>> {
    let octets = fs::read(path)?;
    let mut rest = octets.as_slice();
    let mut requests = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length))?;
        let (request, after) = after.split_at_checked(length).context("half a request")?;
        requests.push(request.to_vec());
        rest = after;
    }
    Ok(requests)
}

impl Asker {
    pub fn open(address: SocketAddr, requests: &Path, connections: usize) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let connect = async {
            let mut clients = Vec::new();
            for _ in 0..connections {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                clients.push(Arc::new(Mutex::new(stream)));
            }
            anyhow::Ok(clients)
        };
        Ok(Self {
            clients: runtime.block_on(connect)?,
            requests: Arc::new(read_requests(requests)?),
            next: Arc::new(AtomicUsize::new(0)),
            runtime,
        })
    }

    /// Every client asks again and again for `each`; what is asked goes round.
    pub fn run(&self, each: Duration) -> Result<Got> {
        let own = [std::process::id()];
        let before = census::processor(&own)?;
        let began = Instant::now();
        let mut waits = self.runtime.block_on(async {
            let tasks: Vec<_> = self
                .clients
                .iter()
                .map(|client| {
                    let (client, requests, next) = (client.clone(), self.requests.clone(), self.next.clone());
                    tokio::spawn(async move { ask_for(&client, &requests, &next, began, each).await })
                })
                .collect();
            let mut waits = Vec::new();
            for task in tasks {
                waits.extend(task.await??);
            }
            anyhow::Ok(waits)
        })?;
        let took = began.elapsed();
        waits.sort_unstable();
        let at = |share: usize| waits.get(waits.len() * share / 100).copied().unwrap_or_default();
        Ok(Got {
            answers: waits.len() as u64,
            took,
            p50: at(50),
            p99: at(99),
            processor: census::processor(&own)?.saturating_sub(before),
        })
    }
}

async fn ask_for(
    client: &Mutex<TcpStream>,
    requests: &[Vec<u8>],
    next: &AtomicUsize,
    began: Instant,
    each: Duration,
) -> Result<Vec<Duration>> {
    let mut stream = client.lock().await;
    let mut answer = vec![0; 16 * 1024];
    let mut waits = Vec::new();
    while began.elapsed() < each {
        let place = next.fetch_add(1, Ordering::Relaxed) % requests.len().max(1);
        let request = requests.get(place).context("nothing to ask")?;
        let asked = Instant::now();
        stream.write_all(request).await?;
        read_answer(&mut stream, &mut answer).await?;
        waits.push(asked.elapsed());
    }
    Ok(waits)
}

/// One answer: 200, as long as it says, an OCSPResponse or TimeStampResp whose status is 0.
async fn read_answer(stream: &mut TcpStream, answer: &mut [u8]) -> Result<()> {
    let mut filled = 0;
    loop {
        let room = answer
            .get_mut(filled..)
            .filter(|room| !room.is_empty())
            .context("a long answer")?;
        let more = stream.read(room).await?;
        ensure!(more > 0, "the server hung up");
        filled += more;
        let so_far = answer.get(..filled).unwrap_or_default();
        let Some(end) = so_far.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let (head, body) = so_far.split_at(end + 4);
        let head = std::str::from_utf8(head)?;
        ensure!(head.starts_with("HTTP/1.1 200"), "{head}");
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .context("no length")?
            .parse()?;
        if body.len() >= length {
            let granted = [&[0x0a_u8, 0x01, 0x00][..], &[0x30, 0x03, 0x02, 0x01, 0x00]];
            let status = body.get(4..9).unwrap_or_default();
            ensure!(granted.iter().any(|good| status.starts_with(good)), "a refusal");
            return Ok(());
        }
    }
}
