//! The machine's readers, by PC/SC.

use std::ffi::CString;
use std::time::Duration;

use pcsc::{Context, ReaderState, Scope, State};

use crate::error::ReaderError;

/// A connection to the smart card service.
pub struct Readers {
    pub(crate) context: Context,
}

/// One reader and what is in it.
pub struct Reader {
    pub(crate) name: CString,
    /// Of the card in it.
    pub answer_to_reset: Option<Vec<u8>>,
}

impl Reader {
    /// As the system calls it.
    pub fn name(&self) -> String {
        self.name.to_string_lossy().into_owned()
    }
}

impl Readers {
    pub fn open() -> Result<Self, ReaderError> {
        let context = Context::establish(Scope::User)?;
        Ok(Self { context })
    }

    /// All of them, at this moment.
    pub fn list(&self) -> Result<Vec<Reader>, ReaderError> {
        let names = match self.context.list_readers_owned() {
            Ok(names) => names,
            Err(pcsc::Error::NoReadersAvailable) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut states: Vec<_> = names
            .into_iter()
            .map(|name| ReaderState::new(name, State::UNAWARE))
            .collect();
        if states.is_empty() {
            return Ok(Vec::new());
        }
        self.context.get_status_change(Duration::ZERO, &mut states)?;
        let reader = |state: &ReaderState| Reader {
            name: state.name().to_owned(),
            answer_to_reset: state
                .event_state()
                .contains(State::PRESENT)
                .then(|| state.atr().to_vec()),
        };
        Ok(states.iter().map(reader).collect())
    }
}
