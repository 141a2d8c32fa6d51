//! `card-agent doctor`: the pieces between browser and card in order, each present, or missing with the way to mend it.

use std::path::PathBuf;
use std::process::ExitCode;

use signum_card::{CardError, Inserted, Key, Reader, ReaderError, Readers, Secret, recognised};

use crate::certificate::holder;
use crate::install::{self, Browser, Standing};
use crate::prompt::Pinentry;
use crate::words::{Words, filled};

/// One line of the report.
#[derive(Debug, PartialEq, Eq)]
pub enum Finding {
    Fine(String),
    Missing(String),
}

/// Prints everything; fails when a piece is missing.
pub fn run(words: &Words) -> ExitCode {
    let mut findings = card_stack(words);
    findings.push(match Pinentry::find() {
        Some(_) => Finding::Fine(words.doctor.window.to_owned()),
        None => Finding::Missing(words.doctor.no_window.to_owned()),
    });
    if let Some(home) = std::env::var_os("HOME") {
        findings.extend(browsers(words, &PathBuf::from(home)));
    }
    let mut missing = false;
    for finding in &findings {
        match finding {
            Finding::Fine(text) => println!("[ok]      {text}"),
            Finding::Missing(text) => {
                missing = true;
                println!("[missing] {text}");
            }
        }
    }
    match missing {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

/// Service, readers, cards and their tries. What cannot be looked at without a missing piece is left out.
fn card_stack(words: &Words) -> Vec<Finding> {
    let texts = &words.doctor;
    let unreadable =
        |error: &dyn std::fmt::Display| Finding::Missing(filled(texts.unreadable, &[("why", &error.to_string())]));
    let opened = Readers::open();
    let readers = match &opened {
        Err(ReaderError::NoService) => return vec![Finding::Missing(texts.no_service.to_owned())],
        Err(error) => return vec![unreadable(error)],
        Ok(readers) => readers,
    };
    let mut findings = vec![Finding::Fine(texts.service.to_owned())];
    let list = match readers.list() {
        Ok(list) => list,
        Err(error) => {
            findings.push(unreadable(&error));
            return findings;
        }
    };
    if list.is_empty() {
        findings.push(Finding::Missing(texts.no_reader.to_owned()));
        return findings;
    }
    for reader in &list {
        findings.push(Finding::Fine(filled(texts.reader, &[("name", &reader.name())])));
    }
    let with_card: Vec<_> = list.iter().filter(|reader| reader.answer_to_reset.is_some()).collect();
    if with_card.is_empty() {
        findings.push(Finding::Missing(texts.no_card.to_owned()));
    }
    for reader in with_card {
        findings.extend(card(words, readers, reader).unwrap_or_else(|error| vec![unreadable(&error)]));
    }
    findings
}

fn card(words: &Words, readers: &Readers, reader: &Reader) -> Result<Vec<Finding>, CardError> {
    let texts = &words.doctor;
    let answer = reader.answer_to_reset.as_deref().unwrap_or_default();
    let Some(profile) = recognised(answer) else {
        let answer = hex::encode_upper(answer);
        return Ok(vec![Finding::Missing(filled(
            texts.unknown_card,
            &[("answer", &answer)],
        ))]);
    };
    let mut card = Inserted::connect(readers, reader, profile)?;
    let number = card.document_number()?;
    let name = holder(&card.certificate(Key::Authentication)?).unwrap_or_default();
    card.certificate(Key::Signature)?;
    let mut findings = vec![Finding::Fine(filled(
        texts.card,
        &[("name", &name), ("number", &number)],
    ))];
    for secret in [Secret::Pin1, Secret::Pin2, Secret::Puk] {
        let left = card.tries(secret)?.left;
        let values = [("secret", secret.to_string()), ("left", left.to_string())];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        findings.push(match left {
            0 => Finding::Missing(filled(texts.blocked, &values)),
            _ => Finding::Fine(filled(texts.tries, &values)),
        });
    }
    Ok(findings)
}

/// Browsers that know this program, those that know another place of it, or that none does.
pub fn browsers(words: &Words, home: &std::path::Path) -> Vec<Finding> {
    let texts = &words.doctor;
    let finding = |browser: Browser| {
        let values = [("browser", browser.name())];
        match install::look(browser, home) {
            Ok(Standing::Ours) => Some(Finding::Fine(filled(texts.browser, &values))),
            Ok(Standing::Foreign) => Some(Finding::Missing(filled(texts.stale, &values))),
            Ok(Standing::Absent) | Err(_) => None,
        }
    };
    let found: Vec<_> = Browser::ALL.into_iter().filter_map(finding).collect();
    match found.is_empty() {
        true => vec![Finding::Missing(texts.no_browser.to_owned())],
        false => found,
    }
}
