//! How the person is asked. No PIN ever comes from the environment, an argument or the browser.

mod pinentry;
mod terminal;

use secrecy::SecretString;

pub use self::pinentry::Pinentry;
pub use self::terminal::Terminal;

/// A question for a PIN.
pub struct PinQuestion<'a> {
    pub title: &'a str,
    /// Who asks, for what, and how many tries are left.
    pub text: &'a str,
    /// Beside the field.
    pub prompt: &'a str,
    /// What went wrong just before.
    pub error: Option<&'a str>,
    pub go: &'a str,
    pub cancel: &'a str,
}

/// A question for yes or no.
pub struct Question<'a> {
    pub title: &'a str,
    pub text: &'a str,
    pub go: &'a str,
    pub cancel: &'a str,
}

/// The person gave no answer.
#[derive(Debug, PartialEq, Eq)]
pub enum PromptError {
    Cancelled,
    TimedOut,
    Unavailable(String),
}

/// A window, or a terminal.
pub trait Prompt {
    fn pin(&mut self, question: &PinQuestion<'_>) -> Result<SecretString, PromptError>;

    fn confirm(&mut self, question: &Question<'_>) -> Result<bool, PromptError>;
}

/// pinentry where it is installed, else the terminal this process belongs to.
pub fn best() -> Box<dyn Prompt> {
    match Pinentry::find() {
        Some(pinentry) => Box::new(pinentry),
        None => Box::new(Terminal),
    }
}
