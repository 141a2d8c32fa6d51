//! GnuPG's pinentry: a native window of GNOME, KDE, Windows or macOS, or a text window (docs/decisions/0027).

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use ::pinentry::{ConfirmationDialog, Error, PassphraseInput};
use rustix::process::{Pid, Signal, kill_process};
use secrecy::SecretString;

use super::{PinQuestion, Prompt, PromptError, Question};
use crate::host::browser_is_gone;

/// Seconds a person has, after which pinentry closes its window; the browser extension waits longer (120), so that no window stays
/// when nobody waits for it.
const PATIENCE: u16 = 110;
/// Until a pinentry that did not keep its time is ended.
const GRACE: Duration = Duration::from_secs(5);
/// Between two looks at whether the browser is there.
const GLANCE: Duration = Duration::from_millis(250);
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
        watched(|| window.interact().map_err(failed))
    }

    fn confirm(&mut self, question: &Question<'_>) -> Result<bool, PromptError> {
        short(&[question.text])?;
        let mut window = ConfirmationDialog::with_binary(self.name).ok_or_else(gone)?;
        window
            .with_title(question.title)
            .with_ok(question.go)
            .with_cancel(question.cancel)
            .with_timeout(PATIENCE);
        watched(|| window.confirm(question.text).map_err(failed))
    }
}

/// Ends the window when the browser closes, and when pinentry does not keep its time: a PIN is typed for who still waits for it.
fn watched<T>(ask: impl FnOnce() -> Result<T, PromptError>) -> Result<T, PromptError> {
    let (answered, waits) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        let latest = Instant::now() + Duration::from_secs(PATIENCE.into()) + GRACE;
        while waits.recv_timeout(GLANCE) == Err(RecvTimeoutError::Timeout) {
            if Instant::now() > latest || browser_is_gone() {
                end_windows();
                return true;
            }
        }
        false
    });
    let answer = ask();
    drop(answered);
    match watch.join() {
        Ok(false) => answer,
        _ => Err(PromptError::TimedOut),
    }
}

/// This process starts nothing but pinentry. Where the system does not tell its children (other than Linux), pinentry's own time
/// ends the window.
fn end_windows() {
    for thread in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
            if let Some(child) = Pid::from_raw(child) {
                // It may have ended by itself.
                let _ = kill_process(child, Signal::KILL);
            }
        }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_window_ends_before_the_extension_gives_up() {
        let extension = include_str!("../../../extension/src/background.js");
        let (_, rest) = extension.split_once("const PATIENCE = ").unwrap();
        let milliseconds: u64 = rest.split(';').next().unwrap().replace('_', "").parse().unwrap();
        assert!(Duration::from_secs(PATIENCE.into()) + GRACE < Duration::from_millis(milliseconds));
    }
}
