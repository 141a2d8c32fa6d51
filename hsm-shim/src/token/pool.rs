//! A bounded pool of logged-in sessions, with one retry when the module has lost a session, a handle or the login.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, SessionState, UserType};

use crate::error::HsmError;
use crate::token::TokenConfig;
use crate::token::fault::Fault;
use crate::token::module::Module;

/// How long a caller queues for a session before it is told to come back.
const LONGEST_QUEUE: Duration = Duration::from_secs(2);

/// Counts logins: handles and sessions of an earlier epoch are never used again.
pub(crate) type Epoch = u64;

pub(crate) struct Pool {
    pub(crate) module: Arc<Module>,
    config: TokenConfig,
    state: Mutex<State>,
    returned: Condvar,
}

struct State {
    idle: Vec<(Session, Epoch)>,
    in_use: usize,
    /// Callers that wait for a turn: without any, nobody need be woken (a system call).
    waiting: usize,
    epoch: Epoch,
}

impl Pool {
    /// Loads the module and logs in once, so that a wrong PIN shows at start.
    pub(crate) fn open(config: TokenConfig) -> Result<Self, HsmError> {
        if config.sessions == 0 {
            return Err(HsmError::Misconfigured("sessions: at least one".into()));
        }
        let pool = Self {
            module: Module::load(&config.module)?,
            config,
            state: Mutex::new(State {
                idle: Vec::new(),
                in_use: 0,
                waiting: 0,
                epoch: 0,
            }),
            returned: Condvar::new(),
        };
        let first = pool.fresh_session()?;
        pool.state().idle.push(first);
        Ok(pool)
    }

    /// Runs `work` with a session. A lost session, login or handle is replaced and `work` tried once more.
    pub(crate) fn run<T>(&self, mut work: impl FnMut(&Session, Epoch) -> Result<T, Fault>) -> Result<T, HsmError> {
        let turn = self.turn()?;
        let (session, epoch) = match turn.idle_session() {
            Some(pair) => pair,
            None => self.fresh_session()?,
        };
        let fault = match work(&session, epoch) {
            Ok(value) => {
                turn.give_back(session, epoch);
                return Ok(value);
            }
            Err(Fault::Refused(error)) => {
                turn.give_back(session, epoch);
                return Err(error);
            }
            Err(fault) => fault,
        };
        let lost = fault.is_stale() || (fault.is_vague() && !is_logged_in(&session));
        // After any error of the module the session is closed: SoftHSM may leave an operation active on it for ever.
        drop(session);
        if !lost {
            return Err(fault.into());
        }
        tracing::warn!(token = %self.config.token, error = ?fault, "session renewed");
        self.start_epoch_after(epoch);
        let (session, epoch) = self.fresh_session()?;
        let value = work(&session, epoch)?;
        turn.give_back(session, epoch);
        Ok(value)
    }

    /// Most sessions in use at a time.
    pub(crate) fn sessions(&self) -> usize {
        self.config.sessions
    }

    /// Counts the logins that were lost.
    pub(crate) fn epoch(&self) -> Epoch {
        self.state().epoch
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Only the first of several callers that met the same loss starts a new epoch.
    fn start_epoch_after(&self, lost: Epoch) {
        let mut state = self.state();
        if state.epoch == lost {
            state.epoch += 1;
            state.idle.clear();
        }
    }

    fn fresh_session(&self) -> Result<(Session, Epoch), HsmError> {
        // The state lock makes one login out of several: a PIN is never tried by two threads at once.
        let state = self.state();
        if self.module.is_latched(&self.config.token) {
            return Err(HsmError::PinLatched);
        }
        self.module.initialize()?;
        let slot = self.module.slot(&self.config.token)?;
        let session = self.module.context.open_rw_session(slot).map_err(Fault::from)?;
        let pin = self.config.pin.read()?;
        match session.login(UserType::User, Some(&pin)) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok((session, state.epoch)),
            Err(error) => {
                let error = HsmError::from(Fault::Module(error));
                if error == HsmError::PinLatched {
                    self.module.latch(&self.config.token);
                    tracing::error!(token = %self.config.token, "PIN refused: no further login is tried");
                }
                Err(error)
            }
        }
    }

    fn turn(&self) -> Result<Turn<'_>, HsmError> {
        let full = |state: &mut State| state.in_use >= self.config.sessions;
        let mut state = self.state();
        if full(&mut state) {
            state.waiting += 1;
            let (waited_for, waited) = self
                .returned
                .wait_timeout_while(state, LONGEST_QUEUE, full)
                .unwrap_or_else(PoisonError::into_inner);
            state = waited_for;
            state.waiting -= 1;
            if waited.timed_out() {
                return Err(HsmError::Overloaded { retry_after_ms: 1_000 });
            }
        }
        state.in_use += 1;
        Ok(Turn { pool: self })
    }
}

fn is_logged_in(session: &Session) -> bool {
    let state = session.get_session_info().map(|info| info.session_state());
    matches!(state, Ok(SessionState::RoUser | SessionState::RwUser))
}

/// The right to use one session; freed on every path.
struct Turn<'a> {
    pool: &'a Pool,
}

impl Turn<'_> {
    fn idle_session(&self) -> Option<(Session, Epoch)> {
        self.pool.state().idle.pop()
    }

    fn give_back(&self, session: Session, epoch: Epoch) {
        let mut state = self.pool.state();
        if epoch == state.epoch {
            state.idle.push((session, epoch));
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state();
        state.in_use -= 1;
        if state.waiting > 0 {
            self.pool.returned.notify_one();
        }
    }
}
