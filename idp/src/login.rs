//! Log-in as a seam: a means proves who is there; session, interaction and audit are the same code for all of them.
//!
//! A means is a [`Means`]: its part of the log-in page, and routes of its own below `/login/NAME`. Its handlers know the provider
//! only through a [`Door`]: they take a [`Visit`] (cookie and CSRF token were right), and hand over an [`Outcome`] or a refusal.
//! Nothing is admitted by default: a means counts for no more than its [`best_level`](Means::best_level), and the program
//! `signum` has no way to add one (`Service::new` knows the passkey, and the eID card where authorities of cards are configured).

pub(crate) mod card;
pub(crate) mod client_certificate;
mod door;
pub(crate) mod passkey;
pub(crate) mod web_eid;

use std::net::IpAddr;

use async_trait::async_trait;
use axum::Router;
use maud::Markup;
use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::i18n::Lang;
use signum_core::{DbError, Id, Timestamp, Tx, retry_on_db_conflict};

pub use card::settings::CardSettings;
pub use door::{Door, VisitQuery};

use crate::abuse::attempts;
use crate::account::activity::{self, Entry, Kind};
use crate::interaction::{self, Interaction};
use crate::level::Level;
use crate::people::{Person, standing};
use crate::secret;
use crate::service::Idp;
use crate::session::{self, Amr, Authentication, Session};
use crate::worth::Levels;

/// A means of log-in.
pub trait Means: Send + Sync {
    /// In the audit log and in addresses: lower-case letters.
    fn name(&self) -> &'static str;
    /// The best level that it reaches by the operator's table. It is shown for no request above, and admits nobody above.
    fn best_level(&self, levels: &Levels) -> Level;
    /// Its part of the log-in page.
    fn markup(&self, on: &Shown<'_>) -> Markup;
    /// Scripts of the house that its part of the page needs.
    fn scripts(&self) -> &'static [&'static str] {
        &[]
    }
    /// Its addresses, all below `/login/NAME`.
    fn routes(&self, door: Door) -> Router;
}

/// The log-in page that a means has a part in.
pub struct Shown<'a> {
    pub lang: Lang,
    /// Goes into the addresses of the means as `?i=`.
    pub interaction: &'a str,
    /// For forms; the page gives it to scripts itself.
    pub csrf: &'a str,
    /// The last attempt with this means, on this page, was refused.
    pub refused: bool,
    /// What it said of that: whatever stands in the address.
    pub why: Option<&'a str>,
    /// The least level that the request takes.
    pub acr: Level,
    /// Only a log-in for which the person does something now will do.
    pub presence: bool,
}

/// A person at the door for an open interaction; only [`Door::visit`] makes one.
pub struct Visit {
    pub(crate) interaction: Id<Interaction>,
    /// Whose session the browser had until now.
    pub(crate) old: Option<Session>,
    /// From where; `None` when nothing trustworthy says so.
    pub(crate) address: Option<IpAddr>,
}

/// Who was there, and how that was proven.
pub struct Outcome {
    pub person: Id<Person>,
    pub level: Level,
    /// Names of RFC 8176, for `amr`.
    pub amr: Vec<String>,
}

/// What must happen with a proof in the very transaction that logs in: a counter moves on, a challenge is used up.
#[async_trait]
pub trait Spend: Send + Sync {
    async fn spend(&self, tx: &Tx, now: Timestamp) -> Result<(), LoginError>;

    /// Which credential was used, if one can be suspended: that is what "this wasn't me" does.
    fn credential(&self) -> Option<&[u8]> {
        None
    }
}

/// For proofs that were spent before, or may be used again.
pub struct Nothing;

#[async_trait]
impl Spend for Nothing {
    async fn spend(&self, _: &Tx, _: Timestamp) -> Result<(), LoginError> {
        Ok(())
    }
}

/// A log-in that is done.
pub(crate) struct Admitted {
    /// The new session cookie.
    pub cookie: String,
    /// Where the interaction goes on.
    pub next: String,
}

/// Why nobody is logged in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The person sees one text for all reasons, the audit log this code.
    #[error("login refused: {0}")]
    Refused(&'static str),
    /// A library or a stored form fails: ours.
    #[error("log-in: {0}")]
    Internal(String),
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(LoginError);

/// Logs in: proof, session and interaction move together.
pub(crate) async fn admit(
    idp: &Idp,
    visit: &Visit,
    means: &'static str,
    outcome: &Outcome,
    proof: &dyn Spend,
) -> Result<Admitted, LoginError> {
    let person = Some(outcome.person);
    if !counted(idp, visit, person).await? {
        return record_refusal(idp, visit, means, person, "locked_out").await;
    }
    match rotate(idp, visit, means, outcome, proof).await {
        Err(LoginError::Refused(why)) => record_refusal(idp, visit, means, person, why).await,
        other => other,
    }
}

async fn rotate(
    idp: &Idp,
    visit: &Visit,
    means: &'static str,
    outcome: &Outcome,
    proof: &dyn Spend,
) -> Result<Admitted, LoginError> {
    let best = idp.means.iter().find(|known| known.name() == means);
    let best = best.ok_or_else(|| LoginError::Internal(format!("no such means: {means}")))?;
    if outcome.level > best.best_level(&idp.config.levels) {
        return Err(LoginError::Internal(format!("{means} goes beyond its level")));
    }
    let (cx, interaction, acr) = (&idp.cx, visit.interaction, outcome.level);
    let authentication = &Authentication {
        time: cx.now(),
        acr,
        amr: Amr::of(&outcome.amr).ok_or_else(|| LoginError::Internal(format!("amr of {means}")))?,
    };
    let (cookie, hash) = secret::fresh(&*cx.random);
    let key = attempts::key(idp, Some(outcome.person), visit.address);
    cx.db
        .run("login", |tx| async move {
            proof.spend(&tx, cx.now()).await?;
            if !standing::is_active(&tx, outcome.person).await? {
                return Err(LoginError::Refused("person_not_active"));
            }
            let session = session::rotate(&tx, cx, visit.old.as_ref(), outcome.person, authentication, hash).await?;
            let client = interaction::logged_in(&tx, interaction, session).await?;
            attempts::mark(&tx, session, key).await?;
            let entry = &Entry {
                client: client.as_deref(),
                session: Some(session),
                acr: Some(acr),
                means: Some(means),
                credential: proof.credential(),
                ..Entry::of(Kind::LoggedIn)
            };
            activity::record(&tx, cx, outcome.person, entry).await?;
            let detail = json!({"interaction": interaction, "session": session, "means": means, "acr": acr.name()});
            audit::record(&tx, cx, &Event::new("login.succeeded", outcome.person, detail)).await?;
            Ok::<_, LoginError>(())
        })
        .await?;
    Ok(Admitted {
        cookie,
        next: format!("/authorize/resume?i={interaction}"),
    })
}

/// Counts an attempt; `false`: this identity is locked out from this address, now or already.
async fn counted(idp: &Idp, visit: &Visit, person: Option<Id<Person>>) -> Result<bool, DbError> {
    match attempts::key(idp, person, visit.address) {
        Some(key) => attempts::count(&idp.cx, &idp.config.limits, key).await,
        None => Ok(true),
    }
}

/// Counts and records a refusal; `person` as far as the attempt names one.
pub(crate) async fn refuse<T>(
    idp: &Idp,
    visit: &Visit,
    means: &'static str,
    person: Option<Id<Person>>,
    why: &'static str,
) -> Result<T, LoginError> {
    // Whether it is one too many changes nothing of the answer: nobody learns by it who is known here.
    counted(idp, visit, person).await?;
    record_refusal(idp, visit, means, person, why).await
}

async fn record_refusal<T>(
    idp: &Idp,
    visit: &Visit,
    means: &'static str,
    person: Option<Id<Person>>,
    why: &'static str,
) -> Result<T, LoginError> {
    let interaction = visit.interaction;
    tracing::warn!(%interaction, means, reason = why, "login refused");
    let cx = &idp.cx;
    let subject = person.map_or_else(|| "nobody".to_owned(), |person| person.to_string());
    let detail = json!({"interaction": interaction, "means": means, "reason": why});
    let event = &Event::new("login.refused", subject, detail);
    // Nobody is somebody who does not exist: the same statements for all.
    let named = person.unwrap_or_else(|| Id::new(&*cx.random));
    cx.db
        .run::<_, DbError, _, _>("login.refused", |tx| async move {
            activity::record_if_known(&tx, cx, named, Kind::LoginRefused, means).await?;
            audit::record(&tx, cx, event).await
        })
        .await?;
    Err(LoginError::Refused(why))
}
