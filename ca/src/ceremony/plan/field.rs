//! Single fields of a ceremony file: their forms and bounds, with the name of the field in each refusal.

use signum_core::Timestamp;

use super::PlanError;
use crate::authority::AuthorityName;
use crate::config::Config;
use crate::name;
use crate::profile::{DAY, Profile};

pub(super) fn wrong(field: impl Into<String>, problem: impl Into<String>) -> PlanError {
    PlanError {
        field: field.into(),
        problem: problem.into(),
    }
}

pub(super) fn not_empty(section: &str, empty: bool) -> Result<(), PlanError> {
    if empty { Err(wrong(section, "is empty")) } else { Ok(()) }
}

pub(super) fn check_label(
    section: &str,
    label: &str,
    authority: AuthorityName,
    config: &Config,
) -> Result<(), PlanError> {
    let expected = format!("{authority}-g{}", config.generation);
    if label == expected {
        Ok(())
    } else {
        Err(wrong(
            format!("{section}.label"),
            format!("the service looks for {expected:?}"),
        ))
    }
}

pub(super) fn issuing(text: &str, config: &Config) -> Result<AuthorityName, PlanError> {
    let found = AuthorityName::parse(text).filter(|name| !name.is_root() && name.algorithms == config.algorithms);
    found.ok_or_else(|| wrong("authority", format!("{text:?} is no issuing CA of these algorithms")))
}

pub(super) fn days(field: &str, days: i64, profile: &Profile) -> Result<i64, PlanError> {
    let longest = profile.longest / DAY;
    if (1..=longest).contains(&days) {
        Ok(days)
    } else {
        Err(wrong(field, format!("profile {} allows 1 to {longest}", profile.id)))
    }
}

pub(super) fn serial(field: &str, text: &str) -> Result<Vec<u8>, PlanError> {
    let octets = hex::decode(text).unwrap_or_default();
    let positive = octets.first().is_some_and(|first| (1..=127).contains(first));
    if positive && octets.len() <= 20 && text == hex::encode(&octets) {
        Ok(octets)
    } else {
        Err(wrong(field, "a serial number in lower-case hexadecimal digits"))
    }
}

/// One spelling for one value.
pub(super) fn octets<const N: usize>(field: &str, text: &str) -> Result<[u8; N], PlanError> {
    let mut out = [0; N];
    let fits = hex::decode_to_slice(text, &mut out).is_ok() && text == hex::encode(out);
    if fits {
        Ok(out)
    } else {
        Err(wrong(field, format!("{} lower-case hexadecimal digits", 2 * N)))
    }
}

pub(super) fn time(field: &str, text: &str) -> Result<Timestamp, PlanError> {
    let parsed: Result<der::DateTime, _> = text.parse();
    let at = parsed
        .ok()
        .and_then(|at| i64::try_from(at.unix_duration().as_secs()).ok());
    at.map(Timestamp::from_seconds)
        .filter(|at| at.to_string() == text)
        .ok_or_else(|| wrong(field, "a time in UTC, such as 2026-11-24T08:00:00Z"))
}

pub(super) fn text_of(field: &str, text: &str, longest: usize) -> Result<(), PlanError> {
    name::check_text(text).map_err(|problem| wrong(field, problem))?;
    if text.chars().count() > longest {
        return Err(wrong(field, format!("longer than {longest} characters")));
    }
    Ok(())
}
