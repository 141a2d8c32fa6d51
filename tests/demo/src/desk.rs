//! The desk of the demo officers: each logs in by one key and vouches by another, through the signer's desk API in its real
//! form.
//!
//! As a real desk must, it computes what it vouches for itself; unlike an officer, it knows the demo people from a list and
//! leaves everybody else to people.

use crate::{
    browser::{http_client, origin},
    officers::{self, Officer},
    people::People,
    voucher::Shown,
};
use anyhow::{Context, Result, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use url::Url;

const POLL: Duration = Duration::from_secs(1);
/// A pause while only others wait: each look at them is recorded, because it names them.
const PAUSE: Duration = Duration::from_secs(5);
/// After so many refusals an enrolment is left to people.
const MOST_ATTEMPTS: u8 = 3;

/// An officer at work.
pub struct Desk {
    officer: Officer,
    signer: Url,
    /// Where the officer logs in.
    desk: Url,
    people: People,
    http: reqwest::Client,
    /// The token and until when it is used: half of its life.
    token: Option<(String, Instant)>,
    attempts: BTreeMap<String, u8>,
    /// Until when nothing is asked.
    paused: Option<Instant>,
}

impl Desk {
    /// An officer who has not logged in yet and vouches for these people.
    pub fn new(officer: Officer, signer: &Url, people: People) -> Result<Self> {
        Ok(Self {
            officer,
            signer: signer.clone(),
            desk: officers::desk(signer)?,
            people,
            http: http_client(false)?,
            token: None,
            attempts: BTreeMap::new(),
            paused: None,
        })
    }

    /// Vouches for the demo people who wait; gives how many vouchers were made.
    pub async fn round(&mut self) -> Result<usize> {
        let token = match &self.token {
            Some((token, until)) if Instant::now() < *until => token.clone(),
            _ => self.log_in().await?,
        };
        let url = self.signer.join("/desk/enrolments")?;
        let answer = self.http.get(url).bearer_auth(&token).send().await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            self.token = None; // The signer may have been set up anew: the next round logs in again.
            return Ok(0);
        }
        let enrolments: Vec<Value> = read(answer)
            .await?
            .as_array()
            .cloned()
            .context("the desk did not list")?;
        let people = self.people.read()?;
        let mut made = 0;
        let officer = self.officer.id.clone();
        for enrolment in enrolments.iter().filter(|enrolment| waits_for(enrolment, &officer)) {
            if !people.contains(&identifier(enrolment)) {
                continue;
            }
            let id = enrolment
                .get("id")
                .and_then(Value::as_str)
                .context("an enrolment without id")?;
            let attempts = self.attempts.entry(id.to_owned()).or_default();
            if *attempts >= MOST_ATTEMPTS {
                continue;
            }
            *attempts += 1;
            self.vouch(&token, id, enrolment)
                .await
                .with_context(|| format!("voucher for enrolment {id}"))?;
            made += 1;
        }
        self.paused = (made == 0 && !enrolments.is_empty()).then(|| Instant::now() + PAUSE);
        Ok(made)
    }

    async fn log_in(&mut self) -> Result<String> {
        let asked = json!({ "officer": self.officer.id });
        let options = self.post("/desk/session/options", None, &asked).await?;
        let credential = self.officer.log_in.gesture(&options, &origin(&self.desk))?;
        let session = json!({ "officer": self.officer.id, "credential": credential });
        let session = self.post("/desk/session", None, &session).await?;
        let token = session
            .get("token")
            .and_then(Value::as_str)
            .context("the desk gave no token")?
            .to_owned();
        let seconds = session.get("expires_in").and_then(Value::as_u64).unwrap_or_default();
        self.token = Some((token.clone(), Instant::now() + Duration::from_secs(seconds / 2)));
        Ok(token)
    }

    async fn vouch(&mut self, token: &str, id: &str, enrolment: &Value) -> Result<()> {
        Shown::read(enrolment)?; // Refuses when the challenge is over anything but what is shown.
        let options = enrolment.get("options").context("an enrolment without options")?;
        let credential = self.officer.vouching.gesture(options, &origin(&self.signer))?;
        let path = format!("/desk/enrolments/{id}/vouchers");
        self.post(&path, Some(token), &json!({ "credential": credential }))
            .await?;
        Ok(())
    }

    async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Result<Value> {
        let mut request = self.http.post(self.signer.join(path)?).json(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        read(request.send().await?).await.with_context(|| path.to_owned())
    }
}

/// Works until `done` resolves. Each kind of trouble is told once, not every second.
pub async fn work(mut desks: Vec<Desk>, done: impl Future<Output = ()>) {
    let mut told = String::new();
    let mut clock = tokio::time::interval(POLL);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    tokio::pin!(done);
    loop {
        tokio::select! {
            () = &mut done => return,
            _ = clock.tick() => {}
        }
        for desk in &mut desks {
            if desk.paused.is_some_and(|until| Instant::now() < until) {
                continue;
            }
            match desk.round().await {
                Ok(0) => {}
                Ok(made) => eprintln!("{}: {made} voucher(s) made", desk.officer.id),
                // The signer may start later, and may be away for a while.
                Err(error) if is_away(&error) => {}
                Err(error) => {
                    let trouble = format!("{}: {error:#}", desk.officer.id);
                    if trouble != told {
                        eprintln!("{trouble}");
                        told = trouble;
                    }
                }
            }
        }
    }
}

fn is_away(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<reqwest::Error>())
        .any(reqwest::Error::is_connect)
}

fn waits_for(enrolment: &Value, officer: &str) -> bool {
    let vouched = enrolment.get("vouched_by").and_then(Value::as_array);
    let vouched = vouched.is_some_and(|by| by.iter().any(|id| id.as_str() == Some(officer)));
    enrolment.get("state").and_then(Value::as_str) == Some("vouchers") && !vouched
}

/// Who waits, as the list of people names them.
fn identifier(enrolment: &Value) -> String {
    let text = |member: &str| enrolment.get(member).and_then(Value::as_str).unwrap_or_default();
    format!("PNO{}-{}", text("country"), text("personal_number"))
}

async fn read(answer: reqwest::Response) -> Result<Value> {
    let (status, body) = (answer.status(), answer.bytes().await?);
    let gist: String = String::from_utf8_lossy(&body).chars().take(300).collect();
    ensure!(status.is_success(), "answered {status}: {gist}");
    serde_json::from_slice(&body).context("did not answer JSON")
}

#[cfg(test)]
mod tests;
