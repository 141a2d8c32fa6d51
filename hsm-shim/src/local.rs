//! The HSM in this process, for modules that allow one application and for tests: each call goes to a blocking thread, never
//! more threads than the token has sessions.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, timeout_at};

use crate::error::HsmError;
use crate::key::{KeyAlgorithm, KeyUri, PublicKey, SignatureAlgorithm};
use crate::queue::Queue;
use crate::token::Token;
use crate::worker::{AllowList, Answer, Operation, Policy, Reply, Request, Service, unfitting};
use crate::{Hsm, SignRequest};

/// Requests that may wait.
const QUEUE: usize = 1024;
/// Longest a request may take. A module that hangs keeps its thread: only a process can be killed.
const LONGEST: Duration = Duration::from_secs(60);

/// A [`Token`] behind the [`Hsm`] interface.
#[derive(Clone)]
pub struct Local {
    service: Arc<Service>,
    queue: Arc<Queue>,
}

impl Local {
    /// Keys may be used and made, none destroyed.
    pub fn new(token: Arc<Token>) -> Self {
        let making = [
            Operation::Generate,
            Operation::MakeGuards,
            Operation::MakeMacKey,
            Operation::Mac,
        ];
        Self::with_policy(token, AllowList::default().and("*", &making))
    }

    pub fn with_policy(token: Arc<Token>, policy: impl Policy + 'static) -> Self {
        let service = Service::new(token, Box::new(policy));
        Self {
            queue: Arc::new(Queue::new(service.sessions(), QUEUE)),
            service: Arc::new(service),
        }
    }

    async fn ask_within(&self, request: Request, within: Option<Duration>) -> Reply {
        let until = Instant::now() + within.unwrap_or(LONGEST).min(LONGEST);
        let turn = self.queue.enter(until).await?;
        let service = self.service.clone();
        let work = tokio::task::spawn_blocking(move || service.answer(request));
        let reply = timeout_at(until, work).await;
        drop(turn);
        reply
            .map_err(|_| HsmError::Timeout { maybe_executed: true })?
            .map_err(|_| HsmError::down("the signing thread ended"))?
    }
}

#[async_trait]
impl Hsm for Local {
    async fn sign(
        &self,
        key: &KeyUri,
        algorithm: SignatureAlgorithm,
        inputs: &[Vec<u8>],
    ) -> Result<Vec<Vec<u8>>, HsmError> {
        self.sign_request(SignRequest::new(key, algorithm, inputs)).await
    }

    async fn sign_request(&self, request: SignRequest<'_>) -> Result<Vec<Vec<u8>>, HsmError> {
        match self.ask_within(Request::from(request), request.within).await? {
            Answer::Signatures(signatures) => Ok(signatures),
            _ => Err(unfitting()),
        }
    }

    async fn public_key(&self, key: &KeyUri) -> Result<PublicKey, HsmError> {
        self.ask(Request::PublicKey(key.clone())).await?.public_key()
    }

    async fn generate(&self, key: &KeyUri, algorithm: KeyAlgorithm) -> Result<PublicKey, HsmError> {
        self.ask(Request::Generate(key.clone(), algorithm)).await?.public_key()
    }

    async fn health(&self) -> Result<(), HsmError> {
        self.ask(Request::Health).await.map(drop)
    }

    async fn ask(&self, request: Request) -> Reply {
        self.ask_within(request, None).await
    }
}
