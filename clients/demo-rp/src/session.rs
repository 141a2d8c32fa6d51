//! Sessions in memory: who is here, and which log-ins this browser has begun.

use crate::{App, claims::Person};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use openidconnect::{CsrfToken, Nonce, PkceCodeVerifier, core::CoreIdToken};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

const COOKIE: &str = "komuna";
const IDLE: Duration = Duration::from_secs(15 * 60);
const LOGIN_TIME: Duration = Duration::from_secs(10 * 60);
const LOGINS_AT_ONCE: usize = 5;
const MOST_SESSIONS: usize = 10_000;

/// A log-in on its way: what the answer is checked against (OpenID Connect Core 1.0 section 3.1.2, RFC 7636).
pub(crate) struct Begun {
    pub(crate) state: CsrfToken,
    pub(crate) nonce: Nonce,
    pub(crate) verifier: PkceCodeVerifier,
    pub(crate) at: Instant,
}

/// Somebody who has logged in.
#[derive(Clone)]
pub(crate) struct LoggedIn {
    pub(crate) person: Person,
    /// Sent back as `id_token_hint` when the person logs out.
    pub(crate) id_token: CoreIdToken,
    /// Hidden in this person's forms.
    pub(crate) csrf: String,
}

struct Session {
    begun: Vec<Begun>,
    logged_in: Option<LoggedIn>,
    /// `state` of a log-out on its way to the provider and back.
    leaving: Option<String>,
    last_seen: Instant,
}

impl Session {
    fn new() -> Self {
        Self {
            begun: Vec::new(),
            logged_in: None,
            leaving: None,
            last_seen: Instant::now(),
        }
    }
}

/// All sessions of this process; they end with it.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Session>>);

impl Sessions {
    fn open(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, session| session.last_seen.elapsed() < IDLE);
        all
    }

    /// Remembers a log-in that begins; `None` when too many people are here already.
    pub(crate) fn begin(&self, app: &App, jar: CookieJar, begun: Begun) -> Option<CookieJar> {
        let mut all = self.open();
        if let Some(session) = id(&jar).and_then(|id| all.get_mut(id)) {
            session.begun.retain(|older| older.at.elapsed() < LOGIN_TIME);
            if session.begun.len() >= LOGINS_AT_ONCE {
                session.begun.remove(0);
            }
            session.begun.push(begun);
            session.last_seen = Instant::now();
            return Some(jar);
        }
        if all.len() >= MOST_SESSIONS {
            return None;
        }
        Some(insert(
            &mut all,
            app,
            jar,
            Session {
                begun: vec![begun],
                ..Session::new()
            },
        ))
    }

    /// The log-in of this browser with this `state`, once.
    pub(crate) fn take_begun(&self, jar: &CookieJar, state: &str) -> Option<Begun> {
        let mut all = self.open();
        let session = all.get_mut(id(jar)?)?;
        let place = session.begun.iter().position(|begun| begun.state.secret() == state)?;
        Some(session.begun.remove(place)).filter(|begun| begun.at.elapsed() < LOGIN_TIME)
    }

    /// A person has logged in: the session gets a new name, so that nobody who knew the old one is logged in too.
    pub(crate) fn log_in(&self, app: &App, jar: CookieJar, logged_in: LoggedIn) -> CookieJar {
        let mut all = self.open();
        if let Some(id) = id(&jar) {
            all.remove(id);
        }
        insert(
            &mut all,
            app,
            jar,
            Session {
                logged_in: Some(logged_in),
                ..Session::new()
            },
        )
    }

    /// Who is logged in on this browser.
    pub(crate) fn who(&self, jar: &CookieJar) -> Option<LoggedIn> {
        let mut all = self.open();
        let session = all.get_mut(id(jar)?)?;
        session.last_seen = Instant::now();
        session.logged_in.clone()
    }

    /// Ends the session; what remains only knows the log-out's `state`.
    pub(crate) fn log_out(&self, app: &App, jar: CookieJar, state: String) -> CookieJar {
        let mut all = self.open();
        if let Some(id) = id(&jar) {
            all.remove(id);
        }
        insert(
            &mut all,
            app,
            jar,
            Session {
                leaving: Some(state),
                ..Session::new()
            },
        )
    }

    /// Whether the provider answers the log-out that this browser began; true once.
    pub(crate) fn has_left(&self, jar: &CookieJar, state: &str) -> bool {
        let mut all = self.open();
        let Some(session) = id(jar).and_then(|id| all.get_mut(id)) else {
            return false;
        };
        session.leaving.take_if(|leaving| leaving == state).is_some()
    }
}

fn id(jar: &CookieJar) -> Option<&str> {
    jar.get(COOKIE).map(|cookie| cookie.value())
}

fn insert(all: &mut HashMap<String, Session>, app: &App, jar: CookieJar, session: Session) -> CookieJar {
    let id = random();
    all.insert(id.clone(), session);
    jar.add(
        Cookie::build((COOKIE, id))
            .path("/")
            .http_only(true)
            .secure(app.secure)
            .same_site(SameSite::Lax)
            .build(),
    )
}

/// 256 random bits as text.
pub(crate) fn random() -> String {
    CsrfToken::new_random_len(32).into_secret()
}
