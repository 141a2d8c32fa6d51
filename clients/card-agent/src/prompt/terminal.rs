//! The terminal this process belongs to, where there is no window: standard input and output belong to the browser.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{PinQuestion, Prompt, PromptError, Question};

/// Octets of a line: more than a PIN or a yes has.
const LONGEST: usize = 256;

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
        match text(&typed) {
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
        Ok(text(&*line(&terminal)?) == "1")
    }
}

fn open() -> Result<File, PromptError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .map_err(failed)
}

/// One line, octet by octet: no buffer but this one ever holds what is typed, and it is wiped.
fn line(mut terminal: impl Read) -> Result<Zeroizing<[u8; LONGEST]>, PromptError> {
    let mut typed = Zeroizing::new([0; LONGEST]);
    let mut places = typed.iter_mut();
    loop {
        // Too long for any answer. The rest of the line stays unread, and is none.
        let next = places.next().ok_or(PromptError::Cancelled)?;
        match terminal.read(std::slice::from_mut(next)).map_err(failed)? {
            0 => return Ok(typed),
            _ if *next == b'\n' => return Ok(typed),
            _ => {}
        }
    }
}

/// Without blanks around it, and what was never filled.
fn text(typed: &[u8; LONGEST]) -> &str {
    let text = std::str::from_utf8(typed).unwrap_or_default();
    text.trim_matches(|c: char| c == '\0' || c.is_whitespace())
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_typed_line_is_read_to_its_end_and_no_further() {
        let mut terminal: &[u8] = b" 1234 \r\nrest";
        assert_eq!(text(&line(&mut terminal).unwrap()), "1234");
        assert_eq!(terminal, b"rest", "nothing of the next line lies in a buffer");
        assert_eq!(text(&line(&b"12"[..]).unwrap()), "12");
        assert_eq!(text(&line(&b""[..]).unwrap()), "");
        assert_eq!(text(&line(&b"\xff1\n"[..]).unwrap()), "");
        assert_eq!(line(&[b'1'; LONGEST + 1][..]), Err(PromptError::Cancelled));
    }
}
