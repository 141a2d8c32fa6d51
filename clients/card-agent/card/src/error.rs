//! What goes wrong between a program and a card. No variant holds a PIN or what a certificate says.

use crate::pin::Secret;

/// The card did not do it.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    #[error("{secret} is wrong, {left} tries left")]
    WrongPin { secret: Secret, left: u8 },
    #[error("{0} is blocked")]
    Blocked(Secret),
    /// Costs no try: fewer are left than the person was told.
    #[error("{left} tries of {secret} are left, fewer than were shown")]
    FewerTries { secret: Secret, left: u8 },
    /// Costs no try.
    #[error("the card does not take {0} of this form")]
    PinForm(Secret),
    #[error("the card has no {0}")]
    Missing(&'static str),
    #[error("the card answered {status:04X} to {command}")]
    Refused { command: &'static str, status: u16 },
    #[error("the card's answer to {0} is malformed")]
    Malformed(&'static str),
    #[error(transparent)]
    Reader(#[from] ReaderError),
}

/// PC/SC, the reader or the way to the card.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    #[error("the smart card service does not run")]
    NoService,
    #[error("the card was taken out")]
    Removed,
    #[error("another program uses the card alone")]
    InUse,
    #[error("smart card service: {0}")]
    Service(pcsc::Error),
    #[error("the log of commands: {0}")]
    Log(std::io::Error),
}

impl From<pcsc::Error> for ReaderError {
    fn from(error: pcsc::Error) -> Self {
        match error {
            pcsc::Error::NoService | pcsc::Error::ServiceStopped => Self::NoService,
            pcsc::Error::RemovedCard | pcsc::Error::NoSmartcard | pcsc::Error::ReaderUnavailable => Self::Removed,
            pcsc::Error::SharingViolation => Self::InUse,
            other => Self::Service(other),
        }
    }
}
