//! What the browser is told when nothing was done: the codes of Web eID, and a sentence without anything personal.

use signum_card::{CardError, ReaderError};

use crate::prompt::PromptError;

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("{0}")]
    InvalidArgument(&'static str),
    #[error("the person declined")]
    Cancelled,
    #[error("the person did not answer in time")]
    TimedOut,
    #[error("the browser closed meanwhile")]
    BrowserGone,
    #[error(transparent)]
    Card(#[from] CardError),
    #[error("no PIN window: {0}")]
    NoPrompt(String),
    #[error("the certificate on the card cannot be read")]
    Certificate,
}

impl Refusal {
    /// Of the fixed list.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidArgument(_) => "ERR_WEBEID_NATIVE_INVALID_ARGUMENT",
            Self::Cancelled | Self::BrowserGone => "ERR_WEBEID_USER_CANCELLED",
            Self::TimedOut => "ERR_WEBEID_USER_TIMEOUT",
            Self::Card(_) | Self::NoPrompt(_) | Self::Certificate => "ERR_WEBEID_NATIVE_FATAL",
        }
    }
}

impl From<PromptError> for Refusal {
    fn from(error: PromptError) -> Self {
        match error {
            PromptError::Cancelled => Self::Cancelled,
            PromptError::TimedOut => Self::TimedOut,
            PromptError::Unavailable(why) => Self::NoPrompt(why),
        }
    }
}

impl From<ReaderError> for Refusal {
    fn from(error: ReaderError) -> Self {
        Self::Card(error.into())
    }
}
