//! The terminal this process belongs to, where there is no window: standard input and output belong to the browser.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{PinQuestion, Prompt, PromptError, Question};

/// `/dev/tty`.
pub struct Terminal;

impl Prompt for Terminal {
    fn pin(&mut self, question: &PinQuestion<'_>) -> Result<SecretString, PromptError> {
        let mut terminal = open()?;
        let error = question.error.unwrap_or_default();
        write!(terminal, "\n{error}\n{}\n{}: ", question.text, question.prompt).map_err(failed)?;
        let silent = Silent::begin(&terminal)?;
        let typed = line(&terminal);
        drop(silent);
        writeln!(terminal).map_err(failed)?;
        let typed = typed?;
        match typed.trim_end() {
            "" => Err(PromptError::Cancelled),
            digits => Ok(SecretString::from(digits)),
        }
    }

    fn confirm(&mut self, question: &Question<'_>) -> Result<bool, PromptError> {
        let mut terminal = open()?;
        write!(
            terminal,
            "\n{}\n[1] {}  [0] {}: ",
            question.text, question.go, question.cancel
        )
        .map_err(failed)?;
        Ok(line(&terminal)?.trim() == "1")
    }
}

fn open() -> Result<File, PromptError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .map_err(failed)
}

fn line(terminal: &File) -> Result<Zeroizing<String>, PromptError> {
    let mut typed = Zeroizing::new(String::with_capacity(256));
    let mut reader = BufReader::with_capacity(256, terminal);
    reader.read_line(&mut typed).map_err(failed)?;
    Ok(typed)
}

fn failed(error: std::io::Error) -> PromptError {
    PromptError::Unavailable(format!("terminal: {error}"))
}

/// No echo while it lives.
struct Silent<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Silent<'a> {
    fn begin(terminal: &'a File) -> Result<Self, PromptError> {
        let before = tcgetattr(terminal).map_err(|error| failed(error.into()))?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &silent).map_err(|error| failed(error.into()))?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        // The terminal may be gone.
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}
