//! The agent with a card and a person of a test's own: no PC/SC, no window.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod conversation;
mod installation;
mod messages;
mod origins;
mod texts;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde_json::{Value, json};
use signum_card::{CardError, Channel, Digest, HashFunction, Key, PROFILES, Pin, PinRule, ReaderError, Secret, Tries};
use signum_vcard::{Card, Store, test_issuer};
use tempfile::TempDir;

use crate::action::Agent;
use crate::eid::{Cards, Eid};
use crate::host;
use crate::origin::Rule;
use crate::prompt::{PinQuestion, Prompt, PromptError, Question};

const ORIGIN: &str = "https://idp.example";
const CHALLENGE: &str = "12345678123456781234567812345678912356789123";

/// The virtual card behind the profile of its kind.
#[derive(Clone)]
struct Virtual {
    card: Rc<RefCell<Card>>,
    _folder: Rc<TempDir>,
}

impl Virtual {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Store::create(folder.path()).unwrap();
        let mut card = Card::open(folder.path()).unwrap();
        test_issuer::personalise(&mut card, &test_issuer::HOLDER).unwrap();
        Self {
            card: Rc::new(RefCell::new(card)),
            _folder: Rc::new(folder),
        }
    }
}

impl Channel for Virtual {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ReaderError> {
        Ok(self.card.borrow_mut().transmit(command))
    }
}

impl Eid for Virtual {
    fn document_number(&mut self) -> Result<String, CardError> {
        PROFILES[0].document_number(self)
    }
    fn certificate(&mut self, key: Key) -> Result<Vec<u8>, CardError> {
        PROFILES[0].certificate(self, key)
    }
    fn pin_rule(&self, secret: Secret) -> PinRule {
        PROFILES[0].pin_rule(secret)
    }
    fn tries(&mut self, secret: Secret) -> Result<Tries, CardError> {
        PROFILES[0].tries(self, secret)
    }
    fn authentication_algorithm(&self) -> &'static str {
        PROFILES[0].authentication_algorithm()
    }
    fn hash_functions(&self) -> &'static [HashFunction] {
        PROFILES[0].hash_functions()
    }
    fn authenticate(&mut self, shown: Tries, pin: &Pin, origin: &str, challenge: &str) -> Result<Vec<u8>, CardError> {
        signum_card::still(PROFILES[0], self, Secret::Pin1, shown)?;
        PROFILES[0].authenticate(self, pin, origin, challenge)
    }
    fn sign(&mut self, shown: Tries, pin: &Pin, digest: &Digest) -> Result<Vec<u8>, CardError> {
        signum_card::still(PROFILES[0], self, Secret::Pin2, shown)?;
        PROFILES[0].sign(self, pin, digest)
    }
}

/// Cards by how often one looked: the last entry stays.
struct Table(VecDeque<Vec<Virtual>>);

impl Cards for Table {
    fn look(&mut self) -> Result<Vec<Box<dyn Eid>>, ReaderError> {
        let cards = if self.0.len() > 1 {
            self.0.pop_front().unwrap()
        } else {
            self.0[0].clone()
        };
        Ok(cards.into_iter().map(|card| Box::new(card) as Box<dyn Eid>).collect())
    }
}

/// What the person answers, in order, and what was shown.
#[derive(Default)]
struct Person {
    answers: VecDeque<Answer>,
    shown: Vec<String>,
    browser_gone: Rc<Cell<bool>>,
}

enum Answer {
    Pin(&'static str),
    /// Typed while another program spends a try of PIN1 on this card.
    PinMeanwhile(&'static str, Virtual),
    /// Typed after the browser closed.
    PinTooLate(&'static str),
    Yes,
    No,
    Gone(PromptError),
}

impl Prompt for Person {
    fn pin(&mut self, question: &PinQuestion<'_>) -> Result<SecretString, PromptError> {
        let error = question.error.unwrap_or_default();
        self.shown
            .push(format!("{error}|{}|{}", question.text, question.prompt));
        match self.answers.pop_front() {
            Some(Answer::Pin(digits)) => Ok(digits.into()),
            Some(Answer::PinMeanwhile(digits, mut card)) => {
                let wrong = Pin::typed("0000", card.pin_rule(Secret::Pin1)).unwrap();
                let spent = PROFILES[0].authenticate(&mut card, &wrong, "https://other.example", CHALLENGE);
                assert!(matches!(spent, Err(CardError::WrongPin { .. })));
                Ok(digits.into())
            }
            Some(Answer::PinTooLate(digits)) => {
                self.browser_gone.set(true);
                Ok(digits.into())
            }
            Some(Answer::Gone(error)) => Err(error),
            _ => panic!("a PIN was asked for: {}", question.text),
        }
    }

    fn confirm(&mut self, question: &Question<'_>) -> Result<bool, PromptError> {
        self.shown.push(question.text.to_owned());
        match self.answers.pop_front() {
            Some(Answer::Yes) => Ok(true),
            Some(Answer::No) => Ok(false),
            Some(Answer::Gone(error)) => Err(error),
            _ => panic!("a yes was asked for: {}", question.text),
        }
    }
}

/// One run of the host with one message.
struct Run {
    response: Value,
    shown: Vec<String>,
}

fn run(cards: Vec<Vec<Virtual>>, answers: impl IntoIterator<Item = Answer>, message: &Value) -> Run {
    let text = serde_json::to_vec(message).unwrap();
    let mut input = u32::try_from(text.len()).unwrap().to_ne_bytes().to_vec();
    input.extend(text);
    let (output, shown) = raw(cards, answers, &input);
    assert!(output[0]["version"].as_str().unwrap().starts_with("2."));
    assert_eq!(output.len(), 2);
    Run {
        response: output[1].clone(),
        shown,
    }
}

fn raw(
    cards: Vec<Vec<Virtual>>,
    answers: impl IntoIterator<Item = Answer>,
    mut input: &[u8],
) -> (Vec<Value>, Vec<String>) {
    let mut person = Person {
        answers: answers.into_iter().collect(),
        ..Person::default()
    };
    let gone = Rc::clone(&person.browser_gone);
    let mut output = Vec::new();
    let mut agent = Agent {
        cards: &mut Table(cards.into()),
        prompt: &mut person,
        rule: Rule::HttpsAlone,
        gone: &|| gone.get(),
    };
    host::serve(&mut input, &mut output, &mut agent).unwrap();
    assert!(
        person.answers.is_empty(),
        "not everything was asked: {:?}",
        person.shown
    );
    let mut messages = Vec::new();
    let mut rest = output.as_slice();
    while !rest.is_empty() {
        let length = u32::from_ne_bytes(rest[..4].try_into().unwrap()) as usize;
        messages.push(serde_json::from_slice(&rest[4..4 + length]).unwrap());
        rest = &rest[4 + length..];
    }
    (messages, person.shown)
}

fn authenticate() -> Value {
    json!({ "command": "authenticate", "arguments": { "challengeNonce": CHALLENGE, "origin": ORIGIN, "lang": "en" } })
}

fn sign(card: &mut Virtual) -> Value {
    let certificate = STANDARD.encode(Eid::certificate(card, Key::Signature).unwrap());
    json!({ "command": "sign", "arguments": {
        "certificate": certificate, "hash": STANDARD.encode([0xab; 48]), "hashFunction": "SHA-384",
        "origin": ORIGIN, "lang": "en",
    }})
}

fn code(run: &Run) -> &str {
    run.response["error"]["code"].as_str().unwrap_or_default()
}
