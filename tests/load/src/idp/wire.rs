//! One kept HTTP/1.1 connection: a request, its whole answer. As little work as can be, since it shares the processors.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Wire {
    address: SocketAddr,
    stream: TcpStream,
    filled: Vec<u8>,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub cookies: Vec<String>,
    pub body: String,
}

impl Answer {
    pub fn expect(self, status: u16) -> Result<Self> {
        ensure!(
            self.status == status,
            "{} instead of {status}: {}",
            self.status,
            self.body
        );
        Ok(self)
    }
}

impl Wire {
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            address,
            stream,
            filled: Vec::with_capacity(32 * 1024),
        })
    }

    pub async fn ask(&mut self, request: &str) -> Result<Answer> {
        self.filled.clear();
        self.stream.write_all(request.as_bytes()).await?;
        let end = loop {
            if let Some(end) = self.filled.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8(self.filled.get(..end).unwrap_or_default().to_vec())?;
        let value = |name: &'static str| header(&head, name).next();
        let body = match value("transfer-encoding") {
            Some(_) => self.chunks(end).await?,
            None => {
                let length: usize = value("content-length").unwrap_or("0").parse()?;
                while self.filled.len() < end + length {
                    self.more().await?;
                }
                self.filled.get(end..end + length).unwrap_or_default().to_vec()
            }
        };
        if value("connection").is_some_and(|word| word.eq_ignore_ascii_case("close")) {
            *self = Self::open(self.address).await?;
        }
        Ok(Answer {
            status: head.split(' ').nth(1).context("a status")?.parse()?,
            location: value("location").map(str::to_owned),
            cookies: header(&head, "set-cookie").map(str::to_owned).collect(),
            body: String::from_utf8(body)?,
        })
    }

    /// RFC 9112 section 7.1, without trailers.
    async fn chunks(&mut self, mut at: usize) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                let rest = self.filled.get(at..).unwrap_or_default();
                if let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
                    break end;
                }
                self.more().await?;
            };
            let size = std::str::from_utf8(self.filled.get(at..at + line).unwrap_or_default())?;
            let size = usize::from_str_radix(size.trim(), 16)?;
            at += line + 2;
            while self.filled.len() < at + size + 2 {
                self.more().await?;
            }
            body.extend_from_slice(self.filled.get(at..at + size).unwrap_or_default());
            at += size + 2;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    async fn more(&mut self) -> Result<()> {
        let read = self.stream.read_buf(&mut self.filled).await?;
        ensure!(read > 0, "the server hung up");
        Ok(())
    }
}

fn header<'h>(head: &'h str, wanted: &'static str) -> impl Iterator<Item = &'h str> {
    let lines = head.split("\r\n").skip(1);
    lines
        .filter_map(|line| line.split_once(':'))
        .filter(move |(name, _)| name.eq_ignore_ascii_case(wanted))
        .map(|(_, value)| value.trim())
}
