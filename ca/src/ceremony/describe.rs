//! A ceremony file in plain words, before anybody approves it.

use signum_core::i18n::Lang;

use super::plan::{Plan, PlannedKey, PlannedList, Work};
use super::words::say;

/// What will happen, sentence by sentence; the last one has the hash that operators compare.
pub fn describe(plan: &Plan, lang: Lang) -> Vec<String> {
    let one = |key: &str, name: &str, value: &str| say(lang, key, &[(name, value.to_owned())]);
    let file = &plan.file;
    let serial = file.token.serial.clone();
    let serial = serial.unwrap_or_else(|| say(lang, "plan-any-serial", &[]));
    let mut out = vec![
        format!("{}: {}", say(lang, "plan-heading", &[]), file.title),
        say(lang, &format!("kind-{}", plan.kind()), &[]),
        say(
            lang,
            "plan-window",
            &[("from", plan.from.to_string()), ("until", plan.until.to_string())],
        ),
        say(
            lang,
            "plan-token",
            &[("label", file.token.label.clone()), ("serial", serial)],
        ),
        say(
            lang,
            "plan-officers",
            &[("list", plan.list.to_string()), ("genesis", plan.genesis.to_string())],
        ),
        one("plan-binary", "binary", &hex::encode(plan.binary)),
        one("plan-auditor", "auditor", &hex::encode(plan.auditor)),
    ];
    out.extend(work(plan, lang));
    out.push(one("plan-hash", "hash", &hex::encode(plan.hash)));
    out
}

fn work(plan: &Plan, lang: Lang) -> Vec<String> {
    let mut out = Vec::new();
    match &plan.work {
        Work::Root { key: planned, days, .. } => {
            out.push(key(planned, lang));
            let values = [
                ("subject", planned.subject.to_string()),
                ("days", days.to_string()),
                ("profile", planned.profile().id.to_owned()),
            ];
            out.push(say(lang, "plan-self", &values));
        }
        Work::Issuing(keys) => {
            for planned in keys {
                out.push(key(planned, lang));
                out.push(say(lang, "plan-request", &[("subject", planned.subject.to_string())]));
            }
        }
        Work::Sign { issuer, requests, .. } => {
            out.push(root(issuer.certificate, &issuer.label, lang));
            for planned in requests {
                let values = [
                    ("subject", planned.subject.to_string()),
                    ("days", planned.days.to_string()),
                    ("profile", planned.profile().id.to_owned()),
                    ("request", hex::encode(planned.request)),
                ];
                out.push(say(lang, "plan-certificate", &values));
            }
        }
        Work::List { issuer, .. } => out.push(root(issuer.certificate, &issuer.label, lang)),
    }
    let addresses = [("url", plan.config.public_url.clone()), ("cps", plan.config.cps())];
    out.push(say(lang, "plan-addresses", &addresses));
    out.extend(plan.work.list().into_iter().flat_map(|planned| list(planned, lang)));
    out
}

fn key(planned: &PlannedKey, lang: Lang) -> String {
    let values = [
        ("label", planned.label.clone()),
        ("algorithm", planned.algorithm.name().to_owned()),
        ("subject", planned.subject.to_string()),
    ];
    say(lang, "plan-key", &values)
}

fn root(certificate: [u8; 32], label: &str, lang: Lang) -> String {
    let values = [("certificate", hex::encode(certificate)), ("label", label.to_owned())];
    say(lang, "plan-issuer", &values)
}

fn list(planned: &PlannedList, lang: Lang) -> Vec<String> {
    let values = [
        ("number", planned.number.to_string()),
        ("days", planned.days.to_string()),
        ("count", planned.entries.len().to_string()),
    ];
    let mut out = vec![say(lang, "plan-list", &values)];
    for (serial, since, reason) in &planned.entries {
        let since = match since {
            Some(at) => say(lang, "plan-since", &[("at", at.to_string())]),
            None => say(lang, "plan-since-now", &[]),
        };
        let values = [
            ("serial", hex::encode(serial)),
            ("since", since),
            ("reason", format!("{reason:?}")),
        ];
        out.push(say(lang, "plan-entry", &values));
    }
    out
}
