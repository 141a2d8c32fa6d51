//! The effective configuration as commented TOML.

use std::fmt::Write;

use super::{Described, Settings};

/// Every value with its documentation and its default; secrets are masked. What comes out is itself a configuration file.
pub fn show<T: Settings>(settings: &T) -> String {
    let values = toml::Value::try_from(settings).unwrap_or_else(|_| toml::Value::Table(toml::Table::new()));
    let described = T::describe("");
    let mut sections: Vec<&str> = Vec::new();
    for one in &described {
        let (section, _) = split(&one.path);
        if !sections.contains(&section) {
            sections.push(section);
        }
    }
    // Values of the file itself come before its first section.
    sections.sort_by_key(|section| !section.is_empty());
    let mut out = String::new();
    for section in sections {
        if !section.is_empty() {
            let _ = writeln!(out, "[{section}]");
        }
        for one in described.iter().filter(|one| split(&one.path).0 == section) {
            write_one(&mut out, one, find(&values, &one.path));
        }
    }
    out
}

fn write_one(out: &mut String, one: &Described, value: Option<&toml::Value>) {
    for line in one.doc.lines() {
        let _ = writeln!(out, "{}", format!("# {line}").trim_end());
    }
    let _ = writeln!(
        out,
        "# Default: {}",
        if one.default.is_empty() {
            "not set"
        } else {
            &one.default
        }
    );
    let (_, name) = split(&one.path);
    let _ = match value {
        Some(value) => writeln!(out, "{name} = {value}\n"),
        None => writeln!(out, "# {name} is not set\n"),
    };
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

pub(super) fn find<'a>(values: &'a toml::Value, path: &str) -> Option<&'a toml::Value> {
    path.split('.').try_fold(values, |value, part| value.get(part))
}
