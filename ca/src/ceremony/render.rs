//! The transcript as people read it: text and HTML, in three languages. Each is made from the lines alone, so that the check
//! makes them again and compares.

use signum_core::i18n::Lang;

use super::folder::{Folder, FolderError};
use super::plan::Plan;
use super::transcript::{Deed, KeyInToken, Opening, Transcript};
use super::words::say;

/// The languages of the law.
const LANGUAGES: [Lang; 3] = [Lang::Sq, Lang::SrLatn, Lang::En];
const STYLE: &str = "body{font:11pt/1.45 serif;max-width:48em;margin:2em auto;padding:0 1em}h1{font-size:1.4em}\
    dt{font-family:monospace;margin-top:.9em}dd{margin:0 0 0 1.5em;overflow-wrap:anywhere}@media print{body{margin:0}}";

/// Every form that lies beside a transcript, by its place in the folder.
pub(super) fn files(plan: &Plan, transcript: &Transcript) -> Vec<(String, String)> {
    let forms = |lang: Lang| {
        let name = format!("out/transcript.{}", lang.tag());
        [
            (format!("{name}.txt"), text(plan, transcript, lang)),
            (format!("{name}.html"), html(plan, transcript, lang)),
        ]
    };
    LANGUAGES.into_iter().flat_map(forms).collect()
}

/// Writes every form into the folder.
pub fn write_renderings(folder: &Folder, plan: &Plan, transcript: &Transcript) -> Result<(), FolderError> {
    for (file, text) in files(plan, transcript) {
        folder.write(&file, text.as_bytes())?;
    }
    Ok(())
}

/// A heading, then blocks: a time or nothing, and sentences.
struct Page {
    heading: String,
    blocks: Vec<(String, Vec<String>)>,
}

pub fn text(plan: &Plan, transcript: &Transcript, lang: Lang) -> String {
    let page = page(plan, transcript, lang);
    let mut out = format!("{}\n\n", page.heading);
    for (at, sentences) in page.blocks {
        out += &format!("{at}\n");
        for sentence in sentences {
            out += &format!("    {sentence}\n");
        }
    }
    out
}

pub fn html(plan: &Plan, transcript: &Transcript, lang: Lang) -> String {
    let page = page(plan, transcript, lang);
    let heading = escape(&page.heading);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<meta charset=\"utf-8\">\n<title>{heading}</title>\n<style>{STYLE}</style>\n<h1>{heading}</h1>\n<dl>\n",
        lang.tag()
    );
    for (at, sentences) in page.blocks {
        out += &format!("<dt>{}</dt>\n", escape(&at));
        for sentence in sentences {
            out += &format!("<dd>{}</dd>\n", escape(&sentence));
        }
    }
    out + "</dl>\n</html>\n"
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

fn page(plan: &Plan, transcript: &Transcript, lang: Lang) -> Page {
    let of_entry = |entry: &super::Entry| {
        let at = format!("{}  {}", entry.number, entry.at);
        (at, sentences(&entry.deed, lang))
    };
    let mut blocks: Vec<_> = transcript.entries.iter().map(of_entry).collect();
    let head = say(lang, "head", &[("hash", hex::encode(transcript.head))]);
    blocks.push((String::new(), vec![head, say(lang, "signature-place", &[])]));
    Page {
        heading: format!("{}: {}", say(lang, "transcript-heading", &[]), plan.file.title),
        blocks,
    }
}

fn sentences(deed: &Deed, lang: Lang) -> Vec<String> {
    let one = |key: &str, values: &[(&str, &str)]| {
        let values: Vec<_> = values
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        say(lang, key, &values)
    };
    match deed {
        Deed::Opened(opening) => opened(opening, lang),
        Deed::Resumed { binary } => vec![one("resumed", &[]), one("binary", &[("hash", binary)])],
        Deed::Token { module, token, keys } => vec![one(
            "token",
            &[
                ("label", &token.label),
                ("model", &format!("{} {}", token.manufacturer, token.model)),
                ("serial", &token.serial),
                ("module", &module.description),
                ("version", &module.version),
                ("keys", &labels(keys)),
            ],
        )],
        Deed::KeyIntended { label, algorithm } => {
            vec![one("key-intended", &[("label", label), ("algorithm", algorithm)])]
        }
        Deed::KeyMade {
            label,
            algorithm,
            public_key,
            found_after_a_crash,
            report,
        } => {
            let key = if *found_after_a_crash { "key-found" } else { "key-made" };
            let values = [
                ("label", label.as_str()),
                ("algorithm", algorithm),
                ("hash", public_key),
            ];
            vec![one(key, &values), attributes(report, lang)]
        }
        Deed::KeyProven { label, .. } => vec![one("key-proven", &[("label", label)])],
        Deed::KeyUsed {
            label,
            certificate,
            report,
            ..
        } => vec![
            one("key-used", &[("label", label), ("hash", certificate)]),
            attributes(report, lang),
        ],
        Deed::RequestSigned {
            subject, file, sha256, ..
        } => vec![one(
            "request-signed",
            &[("subject", subject), ("file", file), ("hash", sha256)],
        )],
        Deed::CertificateLinted {
            subject,
            issuer,
            serial,
            not_before,
            not_after,
            tbs_sha256,
            rules,
            findings,
            ..
        } => vec![one(
            "certificate-linted",
            &[
                ("subject", subject),
                ("issuer", issuer),
                ("serial", serial),
                ("from", not_before),
                ("to", not_after),
                ("rules", &rules.to_string()),
                ("findings", &findings.len().to_string()),
                ("hash", tbs_sha256),
            ],
        )],
        Deed::CertificateSigned { file, sha256, .. } => {
            vec![one("certificate-signed", &[("file", file), ("hash", sha256)])]
        }
        Deed::ListIntended {
            number,
            this_update,
            next_update,
            revoked,
            tbs_sha256,
            ..
        } => vec![one(
            "list-intended",
            &[
                ("number", &number.to_string()),
                ("from", this_update),
                ("to", next_update),
                ("count", &revoked.len().to_string()),
                ("hash", tbs_sha256),
            ],
        )],
        Deed::ListSigned { file, sha256, .. } => vec![one("list-signed", &[("file", file), ("hash", sha256)])],
        Deed::Closed { keys, files } => {
            let mut out = vec![one("closed", &[("keys", &labels(keys))])];
            out.extend(files.iter().map(|made| format!("{}  {}", made.sha256, made.file)));
            out
        }
    }
}

fn opened(opening: &Opening, lang: Lang) -> Vec<String> {
    let hash = |key: &str, hash: &str| say(lang, key, &[("hash", hash.to_owned())]);
    let mut out = vec![
        say(lang, &format!("kind-{}", opening.kind), &[]),
        hash("file-hash", &opening.file),
        hash("genesis", &opening.genesis),
        say(
            lang,
            "list",
            &[
                ("version", opening.list_version.to_string()),
                ("hash", opening.list.clone()),
            ],
        ),
        hash("binary", &opening.binary),
        hash("auditor", &opening.auditor),
        say(
            lang,
            "approvals",
            &[
                ("count", opening.approvals.len().to_string()),
                ("needed", opening.operators_needed.to_string()),
            ],
        ),
    ];
    out.extend(opening.approvals.iter().map(|approval| {
        let values = [
            ("officer", approval.officer.clone()),
            ("hash", approval.gesture.clone()),
        ];
        say(lang, "approval", &values)
    }));
    out.push(say(lang, "opened", &[]));
    out
}

fn attributes(report: &super::transcript::KeyAttributes, lang: Lang) -> String {
    let yes = |holds: bool| say(lang, if holds { "yes" } else { "no" }, &[]);
    let values = [
        ("local", yes(report.local)),
        ("sensitive", yes(report.sensitive)),
        ("always", yes(report.always_sensitive)),
        ("extractable", yes(report.extractable)),
        ("never", yes(report.never_extractable)),
        ("rights", report.rights.join(", ")),
    ];
    say(lang, "key-attributes", &values)
}

fn labels(keys: &[KeyInToken]) -> String {
    let labels: Vec<_> = keys.iter().map(|key| key.label.as_str()).collect();
    labels.join(", ")
}
