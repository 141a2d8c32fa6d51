//! Three replicas as three processes on one database and one token: a change made by any of them is told by all (L-04).
//!
//! Each has a clock of its own that stands until it is told how much time has passed; so five seconds are five seconds on any
//! machine, however busy. Questions and answers go through the replica's own router, in its own process.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use openssl::hash::MessageDigest;
use signum_core::contract::{AskedBy, CertificateAuthority, LeafProfile, StatusAction, StatusChange};
use signum_core::{Cx, ManualClock, OsRandom, Timestamp};
use signum_hsm_shim::token::Token;
use signum_pki::ocsp::response::Status;

use crate::house::{self, House, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;
use crate::ocsp::read;
use crate::presigned::{get, plain};

const REPLICA: &str = "SIGNUM_CA_TEST_REPLICA";
const DATABASE: &str = "SIGNUM_CA_TEST_DATABASE";
const TEST: &str = "replicas::every_process_tells_every_change_within_five_seconds_whichever_made_it";
const ANSWER: &str = "replica says ";

/// One process.
struct Replica {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Replica {
    fn start(database: &str, now: Timestamp) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([TEST, "--exact", "--nocapture"])
            .env(REPLICA, now.0.to_string())
            .env(DATABASE, database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (
            child.stdin.take().unwrap(),
            BufReader::new(child.stdout.take().unwrap()),
        );
        let mut replica = Self { child, to, from };
        // One after the other: SoftHSM rewrites its token's file at each log-in.
        replica.say("passes 0");
        replica
    }

    fn say(&mut self, command: &str) -> String {
        writeln!(self.to, "{command}").unwrap();
        loop {
            let mut line = String::new();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "a replica has ended");
            if let Some((_, answer)) = line.split_once(ANSWER) {
                return answer.trim().to_owned();
            }
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The replica's part: reads commands until the other side is gone.
#[tokio::main]
async fn serve(directory: &Path, now: Timestamp) {
    let clock = Arc::new(ManualClock::at(now));
    let cx = Cx {
        db: house::open_database(std::env::var(DATABASE).unwrap()).await,
        clock: clock.clone(),
        random: Arc::new(OsRandom),
    };
    let token = Arc::new(Token::open(house::token_config(directory)).unwrap());
    let service = house::service(config(), &cx, &token);
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let said = match line.split_once(' ') {
            Some(("passes", seconds)) => {
                clock.advance(Duration::from_secs(seconds.parse().unwrap()));
                "so it does"
            }
            Some(("ask", question)) => {
                let answer = read(&get(&service, &hex::decode(question).unwrap()).await);
                match answer.responses[0].status {
                    Status::Good(_) => "good",
                    Status::Revoked(_) => "revoked",
                    Status::Unknown(_) => "unknown",
                }
            }
            Some((action, serial)) => {
                let action = match action {
                    "suspend" => StatusAction::Suspend,
                    "reinstate" => StatusAction::Reinstate,
                    _ => StatusAction::Revoke { reason: 1 },
                };
                let change = StatusChange::new(&hex::decode(serial).unwrap(), action, AskedBy::Operator);
                service.change_status(change).await.unwrap();
                "changed"
            }
            None => "what?",
        };
        println!("\n{ANSWER}{said}");
    }
}

/// The address of the house's database.
async fn address(house: &House, directory: &Path) -> String {
    let cluster = std::env::var("SIGNUM_TEST_POSTGRES").unwrap_or_default();
    let Some((server, _)) = cluster.rsplit_once('/') else {
        return format!("sqlite:{}", directory.join("ca.sqlite").display());
    };
    let sql = "SELECT CAST(current_database() AS TEXT) AS name";
    let row = house.cx.db.opt(sql, vec![]).await.unwrap().unwrap();
    format!("{server}/{}", row.get::<String>("name").unwrap())
}

#[test]
fn every_process_tells_every_change_within_five_seconds_whichever_made_it() {
    if let Ok(now) = std::env::var(REPLICA) {
        let directory = PathBuf::from(std::env::var_os(house::DIRECTORY).unwrap());
        return serve(&directory, Timestamp(now.parse().unwrap()));
    }
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        let issued = house.service.issue(asked).await.unwrap();
        house.service.presign_due().await.unwrap();
        let question = format!("ask {}", hex::encode(plain(&issued, MessageDigest::sha1())));
        let serial = hex::encode(serial(&issued.certificate));
        let (database, now) = (address(&house, &dir).await, house.now());
        // The second one's clock is three seconds behind, the third one's two seconds ahead.
        let second = Duration::from_secs(1);
        let clocks = [now, now.minus(3 * second), now.plus(2 * second)];
        let mut replicas = clocks.map(|at| Replica::start(&database, at));
        let mut told = "good";
        for (number, action) in ["suspend", "reinstate", "suspend", "revoke"].into_iter().enumerate() {
            for replica in &mut replicas {
                // From the table, then from memory.
                assert_eq!([replica.say(&question), replica.say(&question)], [told, told]);
            }
            assert_eq!(replicas[number % 3].say(&format!("{action} {serial}")), "changed");
            told = if action == "reinstate" { "good" } else { "revoked" };
            for replica in &mut replicas {
                replica.say("passes 5");
                assert_eq!(replica.say(&question), told, "{action}");
            }
        }
    });
}
