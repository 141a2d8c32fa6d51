//! The card: its memory, what holds while it has power, and which command goes where.

use std::path::Path;

use crate::apdu::{Command, Outcome, Status};
use crate::file::{Directory, File};
use crate::state::{Key, Secret, State};
use crate::store::{Store, StoreError};
use crate::{data, personalise, pin, select, sign};

/// What is forgotten at reset.
#[derive(Default)]
pub(crate) struct Session {
    pub directory: Directory,
    pub file: Option<File>,
    pub pin1: bool,
    pub pin2: bool,
    pub puk: bool,
    /// The key that MANAGE SECURITY ENVIRONMENT chose.
    pub key: Option<Key>,
    /// A personalisation object that comes in blocks.
    pub incoming: Option<personalise::Incoming>,
}

impl Session {
    pub fn verified(&mut self, secret: Secret) -> &mut bool {
        match secret {
            Secret::Pin1 => &mut self.pin1,
            Secret::Pin2 => &mut self.pin2,
            Secret::Puk => &mut self.puk,
        }
    }
}

/// A card with power.
pub struct Card {
    pub(crate) state: State,
    pub(crate) session: Session,
    store: Store,
}

impl Card {
    /// The card in `folder`, just inserted.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let (store, state) = Store::open(folder)?;
        Ok(Self {
            state,
            session: Session::default(),
            store,
        })
    }

    /// Power off, or a reset: nothing is verified and nothing selected.
    pub fn reset(&mut self) {
        self.session = Session::default();
    }

    /// Answers one command APDU with one response APDU.
    pub fn transmit(&mut self, command: &[u8]) -> Vec<u8> {
        let (mut data, status) = match Command::read(command).and_then(|command| self.answer(&command)) {
            Ok(answer) => (answer.data, answer.status),
            Err(status) => (Vec::new(), status),
        };
        data.extend_from_slice(&status.0.to_be_bytes());
        data
    }

    /// Changes the memory, on disk before here: what could not be kept has not happened.
    pub(crate) fn keep(&mut self, change: impl FnOnce(&mut State)) -> Result<(), Status> {
        let mut next = self.state.clone();
        change(&mut next);
        self.store.write(&next).map_err(|_| Status::MEMORY_FAILURE)?;
        self.state = next;
        Ok(())
    }

    fn answer(&mut self, command: &Command<'_>) -> Outcome {
        match (command.class, command.instruction) {
            (0x00, 0xa4) => select::select(self, command),
            (0x00, 0xb0) => select::read_binary(self, command),
            (0x00, 0xcb) => data::get_data(self, command),
            (0x00, 0x20) => pin::verify(self, command),
            (0x00, 0x24) => pin::change(self, command),
            (0x00, 0x2c) => pin::reset_retry_counter(self, command),
            (0x00, 0x22) => sign::manage_security_environment(self, command),
            (0x00, 0x88) => sign::internal_authenticate(self, command),
            (0x00, 0x2a) => sign::compute_digital_signature(self, command),
            (personalise::CLASS, _) => personalise::answer(self, command),
            (0x00, _) => Err(Status::UNKNOWN_INSTRUCTION),
            _ => Err(Status::UNKNOWN_CLASS),
        }
    }
}
