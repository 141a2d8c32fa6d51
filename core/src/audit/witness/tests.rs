//! What is taken from witnesses, and what the log does when they are away or contradict it.
#![allow(clippy::unwrap_used)]
use std::collections::VecDeque;
use std::sync::Mutex;

use super::*;
use crate::audit::test_key::TestKey;
use crate::audit::{CheckpointSigner, Event, record};
use crate::db::scratch;

const NAME: &str = "witness.example/w1";

/// Answers as it is told to, and signs with its key where it is told nothing.
struct Scripted {
    key: TestKey,
    answers: Mutex<VecDeque<Result<WitnessAnswer, String>>>,
    asked: Mutex<Vec<String>>,
}

impl Scripted {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            key: TestKey::named(NAME),
            answers: Mutex::default(),
            asked: Mutex::default(),
        })
    }

    fn says(&self, status: u16, body: &str) {
        let body = body.to_owned();
        self.answers
            .lock()
            .unwrap()
            .push_back(Ok(WitnessAnswer { status, body }));
    }

    fn line(&self, signer: &TestKey, body: &str) -> String {
        let (origin, head) = Checkpoint::text_of(body.split_once("\n\n").unwrap().1).unwrap();
        let at = Timestamp::from_seconds(1_790_000_007);
        let checkpoint = Checkpoint { origin, head, at };
        checkpoint.signature_line(signer.key(), &signer.signature(&checkpoint.message()))
    }

    fn old_sizes(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .map(|body| body.lines().next().unwrap().to_owned())
            .collect()
    }
}

#[async_trait]
impl Witness for Scripted {
    fn key(&self) -> &VerifierKey {
        self.key.key()
    }
    async fn add_checkpoint(&self, body: String) -> Result<WitnessAnswer, String> {
        self.asked.lock().unwrap().push(body.clone());
        let told = self.answers.lock().unwrap().pop_front();
        told.unwrap_or_else(|| {
            let body = self.line(&self.key, &body);
            Ok(WitnessAnswer { status: 200, body })
        })
    }
}

struct House {
    log: Log,
    key: Arc<TestKey>,
    _dir: tempfile::TempDir,
}

impl House {
    async fn watched_by(witnesses: &[Arc<Scripted>]) -> Self {
        let (cx, _, dir) = scratch::cx().await;
        let key = Arc::new(TestKey::new());
        let witnesses = witnesses.iter().map(|w| w.clone() as Arc<dyn Witness>).collect();
        let log = Log::new(cx, "idp")
            .signed(key.clone(), Duration::ZERO)
            .witnessed(witnesses);
        let house = Self { log, key, _dir: dir };
        house.grow(3).await;
        house
    }

    async fn grow(&self, events: u32) {
        let cx = self.log.cx();
        cx.db
            .run("write", |tx| async move {
                for n in 0..events {
                    record(&tx, cx, &Event::new("test.done", n, serde_json::json!({}))).await?;
                }
                Ok::<_, DbError>(())
            })
            .await
            .unwrap();
        self.log.sequence().await.unwrap();
        assert!(self.log.checkpoint().await.unwrap());
    }

    async fn problem(&self) -> Option<String> {
        let states = self.log.witness_states().await.unwrap();
        states.into_iter().next().unwrap().problem
    }
}

#[tokio::test]
async fn a_cosignature_is_kept_and_served_with_the_checkpoint() {
    let witness = Scripted::new();
    let house = House::watched_by(std::slice::from_ref(&witness)).await;
    assert_eq!(house.log.ask_witnesses().await.unwrap(), 1);
    assert_eq!(house.log.ask_witnesses().await.unwrap(), 0, "asked once");
    let note = house.log.newest_note().await.unwrap().unwrap();
    assert_eq!(Checkpoint::open(&note, house.key.key()).unwrap().head.size, 3);
    let seen = Checkpoint::signed_by(&note, witness.key()).unwrap().unwrap();
    assert_eq!((seen.head.size, seen.at), (3, Timestamp::from_seconds(1_790_000_007)));
    house.grow(4).await;
    assert_eq!(house.log.ask_witnesses().await.unwrap(), 1);
    assert_eq!(witness.old_sizes(), ["old 0", "old 3"]);
    let state = house.log.witness_states().await.unwrap();
    assert_eq!((state.len(), state.first().unwrap().size), (1, 7));
    let proof = house.log.prove(1, None).await.unwrap();
    assert!(Checkpoint::signed_by(&proof.note, witness.key()).unwrap().is_some());
}

#[tokio::test]
async fn a_proof_is_given_under_a_checkpoint_that_was_witnessed_while_the_newest_is_not_yet() {
    let witness = Scripted::new();
    let house = House::watched_by(std::slice::from_ref(&witness)).await;
    house.log.ask_witnesses().await.unwrap();
    house.grow(2).await;
    assert_eq!(house.log.prove(2, None).await.unwrap().head.size, 3);
    assert_eq!(house.log.prove(4, None).await.unwrap().head.size, 5);
}

#[tokio::test]
async fn nothing_is_kept_that_the_pinned_key_did_not_sign() {
    let witness = Scripted::new();
    let house = House::watched_by(std::slice::from_ref(&witness)).await;
    let note = house.log.newest_note().await.unwrap().unwrap();
    let body = format!("old 0\n\n{note}");
    let stranger = witness.line(&TestKey::named(NAME), &body);
    let other = body.replace("\n3\n", "\n4\n");
    let another_tree = witness.line(&witness.key, &other);
    for answer in [
        "",
        "hello",
        &stranger,
        &another_tree,
        &note,
        "\u{2014} witness.example/w1 AAAA\n",
    ] {
        witness.says(200, answer);
        assert_eq!(house.log.ask_witnesses().await.unwrap(), 0, "{answer}");
        assert!(house.problem().await.is_some(), "{answer}");
    }
    assert_eq!(house.log.newest_note().await.unwrap().unwrap(), note);
    assert_eq!(house.log.ask_witnesses().await.unwrap(), 1);
    assert_eq!(house.problem().await, None);
}

#[tokio::test]
async fn a_witness_that_knows_another_size_gets_the_proof_from_there() {
    let witness = Scripted::new();
    let house = House::watched_by(std::slice::from_ref(&witness)).await;
    witness.says(409, "2\n");
    assert_eq!(house.log.ask_witnesses().await.unwrap(), 1);
    assert_eq!(witness.old_sizes(), ["old 0", "old 2"]);
    let asked = witness.asked.lock().unwrap().last().unwrap().clone();
    // RFC 6962: from two to three entries it takes the third leaf alone.
    assert_eq!(asked.split_once("\n\n").unwrap().0.lines().count(), 2);
}

#[tokio::test]
async fn a_witness_that_contradicts_the_log_is_told_as_such() {
    let witness = Scripted::new();
    let house = House::watched_by(std::slice::from_ref(&witness)).await;
    for (status, body, expected) in [
        (409, "9\n", "has seen 9 entries of this log, here are 3"),
        (409, "x", "not one of the protocol"),
        (422, "", "no consistency"),
        (404, "", "does not know this log"),
        (403, "", "does not know the key"),
        (500, "", "status 500"),
    ] {
        witness.says(status, body);
        assert_eq!(house.log.ask_witnesses().await.unwrap(), 0);
        let problem = house.problem().await.unwrap();
        assert!(problem.contains(expected), "{status} {body}: {problem}");
    }
}

#[tokio::test]
async fn a_witness_whose_answer_was_lost_is_asked_again_and_a_fork_is_told() {
    let witness = Scripted::new();
    let house = House::watched_by(std::slice::from_ref(&witness)).await;
    witness.says(409, "3\n");
    assert_eq!(house.log.ask_witnesses().await.unwrap(), 1);
    assert_eq!(witness.old_sizes(), ["old 0", "old 3"]);
    house.grow(1).await;
    witness.says(409, "4\n");
    witness.says(409, "4\n");
    assert_eq!(house.log.ask_witnesses().await.unwrap(), 0);
    assert!(house.problem().await.unwrap().contains("another log of the same size"));
}

#[tokio::test]
async fn a_witness_that_is_away_stops_neither_the_log_nor_the_others() {
    let (away, there) = (Scripted::new(), Scripted::new());
    let house = House::watched_by(&[away.clone(), there]).await;
    for _ in 0..3 {
        away.answers
            .lock()
            .unwrap()
            .push_back(Err("connection refused".to_owned()));
        house.log.ask_witnesses().await.unwrap();
        house.grow(1).await;
    }
    assert_eq!(house.log.verify(house.key.key(), &[]).await.unwrap().problems, []);
    assert_eq!(house.log.signed_size().await.unwrap(), 6);
}
