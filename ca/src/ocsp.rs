//! The OCSP responder: RFC 6960, RFC 9654 (nonce), RFC 5019 (answers made in advance). Each CA has its own delegated key.
//!
//! A plain question is answered from memory, or from the table of answers that a job signs in advance ([`presign`]), without
//! the HSM; a nonce, several certificates in one question and what has changed a moment ago are signed live. An answer is told
//! only beside the history that it tells of, and while thisUpdate <= now < nextUpdate.
//!
//! A serial number that was never issued is answered `revoked` since 1970 with extended-revoked (RFC 6960 section 2.2) or
//! `unauthorized`, as configured, never `good`: a certificate forged under our CA's name must not pass.

mod cache;
mod changes;
mod compose;
mod presign;
mod question;
mod responder;
mod standing;

use std::sync::Arc;
use std::time::Duration;

use der::Encode;
use signum_core::{DbError, Timestamp};
use signum_hsm_shim::HsmError;
use signum_pki::ocsp::cert_id::CertId;
use signum_pki::ocsp::response::{OcspResponse, ResponseStatus};

pub(crate) use presign::authority_fell;

use crate::Service;
use crate::authority::AuthorityName;
use crate::config::Unissued;
use crate::issue::IssueError;
use crate::status::Status;
use cache::{Cache, Kept, Key};
use changes::Changes;
use question::{Form, Question};
use responder::{Office, Offices};
use standing::Standing;

/// Why there is no answer at all; the router makes internalError or tryLater of it.
#[derive(Debug, thiserror::Error)]
pub enum OcspError {
    #[error(transparent)]
    Issue(#[from] IssueError),
    #[error(transparent)]
    Hsm(#[from] HsmError),
    #[error("status: {0}")]
    Db(#[from] DbError),
    #[error("encoding: {0}")]
    Encoding(#[from] der::Error),
    #[error("{0} has no valid responder certificate")]
    NoResponder(AuthorityName),
}

signum_core::retry_on_db_conflict!(OcspError);

/// What the responder remembers between questions.
pub(crate) struct Ocsp {
    offices: Offices,
    cache: Cache,
    changes: Changes,
    backfill: presign::Backfill,
}

impl Ocsp {
    pub fn new(cache_megabytes: u32) -> Self {
        Self {
            offices: Offices::default(),
            cache: Cache::new(cache_megabytes),
            changes: Changes::default(),
            backfill: presign::Backfill::default(),
        }
    }

    /// A status has changed here: the next answer tells it, without waiting for the next look at the database.
    pub fn status_changed(&self) {
        self.changes.look_again();
    }
}

/// An OCSPResponse.
pub(crate) struct Answer {
    pub der: Vec<u8>,
    /// Signed, and the same for everyone who asks: what caches are told.
    pub shared: Option<Shared>,
}

/// A shared answer's period, and a tag that no other answer has.
pub(crate) struct Shared {
    pub this_update: Timestamp,
    pub next_update: Timestamp,
    /// The end of its signature.
    pub tag: [u8; 16],
}

/// How old an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Any that may be told now.
    Any,
    /// Signed just now.
    Fresh,
}

impl Answer {
    pub fn error(status: ResponseStatus) -> Result<Self, der::Error> {
        Ok(Self {
            der: OcspResponse::error(status).to_der()?,
            shared: None,
        })
    }

    fn of(kept: &Kept) -> Self {
        let (_, tag) = kept.content.split_last_chunk::<16>().unwrap_or((&[], &[0; 16]));
        Self {
            der: compose::response(&kept.content, &kept.responder),
            shared: Some(Shared {
                this_update: kept.this_update,
                next_update: kept.next_update,
                tag: *tag,
            }),
        }
    }
}

impl Service {
    /// Answers an OCSPRequest (DER) for certificates of `authority`.
    pub(crate) async fn ocsp_answer(
        &self,
        authority: AuthorityName,
        request: &[u8],
        wanted: Wanted,
    ) -> Result<Answer, OcspError> {
        let now = self.cx.now();
        let believed = self.follow_changes(now).await;
        let office = self.office(authority, now).await?;
        if office.is_closed(now) {
            return Ok(Answer::error(ResponseStatus::Unauthorized)?);
        }
        // Step 1: a plain request is known by its octets, and mostly its answer.
        let plain = office.plain.recognise(request).filter(|_| wanted == Wanted::Any);
        if let Some((form, serial)) = plain {
            let key = Key::new(authority, form, serial);
            let kept = key.filter(|_| believed).and_then(|key| self.ocsp.cache.get(&key));
            if let Some(kept) = kept.filter(|kept| kept.may_be_told(now) && office.knows(kept.this_update)) {
                counted(authority, "memory");
                return Ok(Answer::of(&kept));
            }
        }
        // Step 2: everything else is read as DER.
        let Some(question) = Question::read(request) else {
            return Ok(Answer::error(ResponseStatus::MalformedRequest)?);
        };
        let is_ours = |id: &CertId| Form::of(id).is_some() && id.is_of(&office.authority.parsed);
        if !question.ids.iter().all(is_ours) {
            return Ok(Answer::error(ResponseStatus::Unauthorized)?);
        }
        match question.ids.as_slice() {
            [id] if question.nonce.is_none() => self.answer_one(&office, id, wanted, now).await,
            _ => self.answer_live(&office, question, now).await,
        }
    }

    /// One certificate, no nonce: the stored answer where there is one, else one signed now.
    async fn answer_one(
        &self,
        office: &Office,
        id: &CertId,
        wanted: Wanted,
        now: Timestamp,
    ) -> Result<Answer, OcspError> {
        let authority = office.authority.issuer.name;
        let (form, as_stored) = Form::of(id).ok_or(der::Error::from(der::ErrorKind::Failed))?;
        let mut standing = self.standing(authority, id.serial_number.as_bytes(), form).await?;
        if self.is_refused(&standing) {
            return Ok(Answer::error(ResponseStatus::Unauthorized)?);
        }
        let key = Key::new(authority, form, id.serial_number.as_bytes());
        let stored = standing
            .stored
            .take()
            .filter(|_| wanted == Wanted::Any)
            .and_then(|stored| {
                let kept = Kept {
                    content: stored.content.into_boxed_slice(),
                    responder: Arc::clone(office.by_serial(&stored.responder, now)?),
                    this_update: stored.this_update,
                    next_update: stored.next_update,
                    sequence: standing.sequence,
                    expires: standing.not_after.unwrap_or(stored.next_update),
                };
                (kept.may_be_told(now) && office.knows(kept.this_update)).then(|| Arc::new(kept))
            });
        if let Some(kept) = stored.as_ref().filter(|_| as_stored) {
            counted(authority, "table");
            self.keep(key, kept);
            return Ok(Answer::of(kept));
        }
        match self.sign_one(office, id, &standing, now).await {
            Ok(kept) => {
                // Nothing is kept of what does not exist: anybody can ask for that without end.
                if as_stored && wanted == Wanted::Any && standing.not_after.is_some() {
                    self.keep(key, &kept);
                }
                Ok(Answer::of(&kept))
            }
            // The same CertID but for its parameters (RFC 5754 section 2): better than none.
            Err(error) => stored.map_or(Err(error), |kept| Ok(Answer::of(&kept))),
        }
    }

    async fn sign_one(
        &self,
        office: &Office,
        id: &CertId,
        standing: &Standing,
        now: Timestamp,
    ) -> Result<Arc<Kept>, OcspError> {
        let authority = office.authority.issuer.name;
        let responder = office.signer(now).ok_or(OcspError::NoResponder(authority))?;
        let period = self.live_period(now);
        let single = self.single(office, id.clone(), standing, period)?;
        let unissued = standing.status == Status::Unissued;
        let data = compose::data(responder, vec![single], None, unissued, period.0)?;
        let content = compose::sign(self, responder, &[data]).await?.pop();
        counted(authority, "live");
        let ends = standing.not_after.filter(|_| !standing.has_expired(now));
        Ok(Arc::new(Kept {
            content: content.ok_or(HsmError::SelfCheckFailed)?,
            responder: Arc::clone(responder),
            this_update: period.0,
            next_update: period.1,
            sequence: standing.sequence,
            expires: ends.unwrap_or(period.1),
        }))
    }

    async fn answer_live(&self, office: &Office, question: Question, now: Timestamp) -> Result<Answer, OcspError> {
        let authority = office.authority.issuer.name;
        let responder = office.signer(now).ok_or(OcspError::NoResponder(authority))?;
        let period = self.live_period(now);
        let mut responses = Vec::new();
        let mut has_unissued = false;
        for id in question.ids {
            let (form, _) = Form::of(&id).ok_or(der::Error::from(der::ErrorKind::Failed))?;
            let standing = self.standing(authority, id.serial_number.as_bytes(), form).await?;
            if self.is_refused(&standing) {
                return Ok(Answer::error(ResponseStatus::Unauthorized)?);
            }
            has_unissued |= standing.status == Status::Unissued;
            responses.push(self.single(office, id, &standing, period)?);
        }
        let shared = question.nonce.is_none();
        let data = compose::data(responder, responses, question.nonce, has_unissued, period.0)?;
        let content = compose::sign(self, responder, &[data]).await?.pop();
        counted(authority, "live");
        let answer = Answer::of(&Kept {
            content: content.ok_or(HsmError::SelfCheckFailed)?,
            responder: Arc::clone(responder),
            this_update: period.0,
            next_update: period.1,
            sequence: 0,
            expires: period.1,
        });
        Ok(Answer {
            shared: answer.shared.filter(|_| shared),
            ..answer
        })
    }

    fn keep(&self, key: Option<Key>, kept: &Arc<Kept>) {
        let Some(key) = key else { return };
        self.ocsp
            .cache
            .keep(key, Arc::clone(kept), || self.ocsp.changes.outdate(&key, kept.sequence));
    }

    fn is_refused(&self, standing: &Standing) -> bool {
        standing.status == Status::Unissued && self.config.ocsp_unissued == Unissued::Unauthorized
    }

    /// Whole seconds, as GeneralizedTime has them here.
    fn live_period(&self, now: Timestamp) -> compose::Period {
        let this_update = Timestamp::from_seconds(now.seconds());
        let lives = Duration::from_secs(u64::from(self.config.ocsp_seconds));
        (this_update, this_update.plus(lives))
    }
}

fn counted(authority: AuthorityName, source: &'static str) {
    metrics::counter!("ca_ocsp_answers_total", "ca" => authority.as_str(), "source" => source).increment(1);
}
