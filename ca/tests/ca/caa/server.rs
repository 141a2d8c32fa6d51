//! A name server of a page, written octet by octet (RFC 1035 section 4), so that nothing of the resolver's library judges itself.
//! It answers from a table what a resolver would, and counts what it is asked.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

const CAA: u16 = 257;
const CNAME: u16 = 5;

/// What is said about a name.
#[derive(Clone)]
pub enum Said {
    /// CAA records: flags, tag, value.
    Caa(Vec<(u8, &'static str, &'static str)>),
    /// An alias, with what follows of it in the same answer.
    Alias(&'static str, Vec<(u8, &'static str, &'static str)>),
    /// The same as [`Said::Caa`], in TCP alone.
    Long(Vec<(u8, &'static str, &'static str)>),
    /// RDATA of one CAA record as it is.
    Raw(Vec<u8>),
    /// A response code without anything.
    Code(u8),
    /// Whom else to ask: what a server says that is no resolver.
    Referral,
    Silence,
}

#[derive(Clone, Default)]
pub struct Zone {
    said: Arc<Mutex<HashMap<String, Said>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Zone {
    /// What is in no table does not exist.
    pub fn say(&self, name: &str, said: Said) {
        self.said.lock().unwrap().insert(name.to_owned(), said);
    }

    /// Names that were asked about since the last call.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// Serves UDP and TCP on one port until the runtime ends.
    pub async fn serve(&self) -> SocketAddr {
        let (udp, tcp) = loop {
            let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
                break (udp, tcp);
            }
        };
        let address = udp.local_addr().unwrap();
        let zone = self.clone();
        tokio::spawn(async move {
            let mut question = [0; 1500];
            while let Ok((length, from)) = udp.recv_from(&mut question).await {
                if let Some(answer) = zone.answer(&question[..length], false) {
                    udp.send_to(&answer, from).await.ok();
                }
            }
        });
        let zone = self.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = tcp.accept().await {
                let zone = zone.clone();
                tokio::spawn(async move {
                    while let Ok(length) = stream.read_u16().await {
                        let mut question = vec![0; length.into()];
                        stream.read_exact(&mut question).await.unwrap();
                        let answer = zone.answer(&question, true).unwrap_or_default();
                        let mut framed = u16::try_from(answer.len()).unwrap().to_be_bytes().to_vec();
                        framed.extend(answer);
                        stream.write_all(&framed).await.unwrap();
                    }
                });
            }
        });
        address
    }

    fn answer(&self, question: &[u8], tcp: bool) -> Option<Vec<u8>> {
        let (name, end) = name(question, 12);
        assert_eq!(question[end..end + 4], [1, 1, 0, 1], "CAA, IN");
        if !tcp {
            self.asked.lock().unwrap().push(name.clone());
        }
        let said = self.said.lock().unwrap().get(&name).cloned().unwrap_or(Said::Code(3));
        let mut answer = Answer::to(question, end + 4);
        match said {
            Said::Silence => return None,
            Said::Code(code) => answer.flags |= u16::from(code),
            Said::Caa(records) => answer.caa(&name, &records),
            Said::Long(records) if tcp => answer.caa(&name, &records),
            Said::Long(_) => answer.flags |= 0x0200,
            Said::Raw(rdata) => answer.record(&name, CAA, &rdata),
            Said::Alias(target, records) => {
                answer.record(&name, CNAME, &encoded(target));
                answer.caa(target, &records);
            }
            Said::Referral => answer.referral(&name),
        }
        Some(answer.finish())
    }
}

/// An answer that is being written.
struct Answer {
    octets: Vec<u8>,
    /// QR, RD, RA.
    flags: u16,
    answers: u16,
    authorities: u16,
}

impl Answer {
    fn to(question: &[u8], end: usize) -> Self {
        Self {
            octets: question[..end].to_vec(),
            flags: 0x8180,
            answers: 0,
            authorities: 0,
        }
    }

    fn caa(&mut self, owner: &str, records: &[(u8, &str, &str)]) {
        for (flags, tag, value) in records {
            let mut rdata = vec![*flags, u8::try_from(tag.len()).unwrap()];
            rdata.extend(tag.bytes().chain(value.bytes()));
            self.record(owner, CAA, &rdata);
        }
    }

    fn record(&mut self, owner: &str, kind: u16, rdata: &[u8]) {
        self.octets.extend(encoded(owner));
        self.octets.extend(kind.to_be_bytes());
        self.octets.extend([0, 1, 0, 0, 0, 60]);
        self.octets.extend(u16::try_from(rdata.len()).unwrap().to_be_bytes());
        self.octets.extend(rdata);
        self.answers += 1;
    }

    fn referral(&mut self, name: &str) {
        self.record(name, 2, &encoded("ns.example.net"));
        self.authorities = std::mem::take(&mut self.answers);
    }

    fn finish(mut self) -> Vec<u8> {
        self.octets[2..4].copy_from_slice(&self.flags.to_be_bytes());
        for (at, count) in [(4, 1), (6, self.answers), (8, self.authorities), (10, 0)] {
            self.octets[at..at + 2].copy_from_slice(&count.to_be_bytes());
        }
        self.octets
    }
}

fn encoded(name: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for label in name.split('.') {
        octets.push(u8::try_from(label.len()).unwrap());
        octets.extend(label.bytes());
    }
    octets.push(0);
    octets
}

/// The name that starts there, in lower case, and where it ends.
fn name(message: &[u8], mut at: usize) -> (String, usize) {
    let mut labels = Vec::new();
    while message[at] != 0 {
        let end = at + 1 + usize::from(message[at]);
        labels.push(String::from_utf8(message[at + 1..end].to_ascii_lowercase()).unwrap());
        at = end;
    }
    (labels.join("."), at + 1)
}
