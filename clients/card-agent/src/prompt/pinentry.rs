//! GnuPG's pinentry: a native window of GNOME, KDE, Windows or macOS, or a text window (docs/decisions/0027).

use ::pinentry::{ConfirmationDialog, Error, PassphraseInput};
use secrecy::SecretString;

use super::{PinQuestion, Prompt, PromptError, Question};

/// Seconds a person has, after which pinentry closes its window; the browser extension waits longer (120), so that no window stays
/// when nobody waits for it.
const PATIENCE: u16 = 110;
/// The protocol's lines are short, and the crate would not split them.
const LONGEST: usize = 900;
const NAMES: [&str; 2] = ["pinentry", "pinentry-mac"];

/// The installed program.
pub struct Pinentry {
    name: &'static str,
}

impl Pinentry {
    /// None when there is none.
    pub fn find() -> Option<Self> {
        let there = |name: &&str| PassphraseInput::with_binary(*name).is_some();
        NAMES.into_iter().find(there).map(|name| Self { name })
    }
}

impl Prompt for Pinentry {
    fn pin(&mut self, question: &PinQuestion<'_>) -> Result<SecretString, PromptError> {
        short(&[
            question.title,
            question.text,
            question.prompt,
            question.error.unwrap_or_default(),
        ])?;
        let mut window = PassphraseInput::with_binary(self.name).ok_or_else(gone)?;
        window
            .with_title(question.title)
            .with_description(question.text)
            .with_prompt(question.prompt)
            .with_ok(question.go)
            .with_cancel(question.cancel)
            .with_timeout(PATIENCE);
        if let Some(error) = question.error {
            window.with_error(error);
        }
        window.interact().map_err(failed)
    }

    fn confirm(&mut self, question: &Question<'_>) -> Result<bool, PromptError> {
        short(&[question.text])?;
        let mut window = ConfirmationDialog::with_binary(self.name).ok_or_else(gone)?;
        window
            .with_title(question.title)
            .with_ok(question.go)
            .with_cancel(question.cancel)
            .with_timeout(PATIENCE);
        window.confirm(question.text).map_err(failed)
    }
}

/// A text that would be cut is not shown: what is left out could be what matters.
fn short(texts: &[&str]) -> Result<(), PromptError> {
    let length = |text: &str| text.len() + 2 * text.matches(['\n', '\r', '%']).count();
    match texts.iter().all(|text| length(text) <= LONGEST) {
        true => Ok(()),
        false => Err(PromptError::Unavailable(
            "the text is too long for the window".to_owned(),
        )),
    }
}

fn gone() -> PromptError {
    PromptError::Unavailable("pinentry is gone".to_owned())
}

fn failed(error: Error) -> PromptError {
    match error {
        Error::Cancelled => PromptError::Cancelled,
        Error::Timeout => PromptError::TimedOut,
        other => PromptError::Unavailable(other.to_string()),
    }
}
