//! Reading: file, environment, and the refusal of what is unknown.

use std::path::Path;

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::nearest::nearest;
use super::show::find;
use super::{Described, Settings};

/// `SIGNUM__IDP__LISTEN` sets `idp.listen`.
pub const ENVIRONMENT_PREFIX: &str = "SIGNUM__";

/// Why a configuration is refused; messages are for the operator and carry no value.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read the configuration {path}: {source}")]
    Read { path: String, source: std::io::Error },
    #[error("{place}: {problem}")]
    Syntax { place: String, problem: String },
    #[error("{place}: there is no setting `{name}`{}", nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    Unknown {
        place: String,
        name: String,
        nearest: Option<String>,
    },
    #[error("configuration ({place}): {problem}")]
    Invalid { place: String, problem: String },
}

/// Reads `file`, if one is given, with the process's environment over it.
pub fn load<T: Settings>(file: Option<&Path>) -> Result<T, ConfigError> {
    let environment = std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
    let Some(path) = file else {
        return load_from(None, environment);
    };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: name.clone(),
        source,
    })?;
    load_from(Some((&name, &text)), environment)
}

/// As [`load`], from the name and text of a file and from given variables.
pub fn load_from<T: Settings>(
    file: Option<(&str, &str)>,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<T, ConfigError> {
    let known = T::describe("");
    let mut table = Table::new();
    if let Some((name, text)) = file {
        check_names(name, text, &known)?;
        table = text.parse().map_err(|error| syntax(name, &error))?;
    }
    let defaults = Value::try_from(T::default()).unwrap_or_else(|_| Value::Table(Table::new()));
    let mut places = file.map(|(name, _)| name.to_owned()).into_iter().collect::<Vec<_>>();
    for (variable, text) in environment {
        let Some(path) = variable.strip_prefix(ENVIRONMENT_PREFIX) else {
            continue;
        };
        let path = path.to_lowercase().replace("__", ".");
        if !known.iter().any(|one| one.path == path) {
            return Err(unknown(format!("environment variable {variable}"), &path, &known));
        }
        set(&mut table, &path, value_of(text, find(&defaults, &path)));
        places.push(variable);
    }
    T::deserialize(table).map_err(|error| ConfigError::Invalid {
        place: places.join(", "),
        problem: plain(&error),
    })
}

/// A variable's text as the type that the setting has: a text stays a text, the rest is read as TOML.
fn value_of(text: String, default: Option<&Value>) -> Value {
    if matches!(default, Some(Value::String(_))) {
        return Value::String(text);
    }
    let parsed = format!("value = {text}")
        .parse::<Table>()
        .ok()
        .and_then(|mut table| table.remove("value"));
    parsed.unwrap_or(Value::String(text))
}

fn set(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((section, rest)) => {
            let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            // A section that is not one is refused when the whole is read.
            if let Value::Table(inner) = inner {
                set(inner, rest, value);
            }
        }
    }
}

/// Walks the file's own keys, so that a refusal can say in which line they stand.
fn check_names(file: &str, text: &str, known: &[Described]) -> Result<(), ConfigError> {
    let document = DeTable::parse(text).map_err(|error| syntax(file, &error))?;
    walk(document.get_ref(), "", known).map_err(|(name, at)| {
        let line = text.get(..at).unwrap_or_default().lines().count().max(1);
        let starts_line = text
            .get(..at)
            .is_some_and(|before| before.is_empty() || before.ends_with('\n'));
        let line = line + usize::from(starts_line && at > 0);
        unknown(format!("{file}, line {line}"), &name, known)
    })
}

fn walk(table: &DeTable<'_>, prefix: &str, known: &[Described]) -> Result<(), (String, usize)> {
    for (key, value) in table {
        let path = format!("{prefix}{}", key.get_ref());
        if known.iter().any(|one| one.path == path) {
            continue;
        }
        let section = format!("{path}.");
        if !known.iter().any(|one| one.path.starts_with(&section)) {
            return Err((path, key.span().start));
        }
        if let DeValue::Table(inner) = value.get_ref() {
            walk(inner, &section, known)?;
        }
    }
    Ok(())
}

fn unknown(place: String, name: &str, known: &[Described]) -> ConfigError {
    let depth = name.split('.').count();
    let mut names: Vec<String> = known
        .iter()
        .map(|one| one.path.split('.').take(depth).collect::<Vec<_>>().join("."))
        .collect();
    names.sort();
    names.dedup();
    let nearest = nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
    ConfigError::Unknown {
        place,
        name: name.to_owned(),
        nearest,
    }
}

fn syntax(file: &str, error: &toml::de::Error) -> ConfigError {
    ConfigError::Syntax {
        place: file.to_owned(),
        problem: plain(error),
    }
}

/// Without the excerpt of the file, which may hold a secret.
fn plain(error: &toml::de::Error) -> String {
    let whole = error.to_string();
    let key = whole.lines().find(|line| line.starts_with("in `")).unwrap_or_default();
    let place = whole
        .lines()
        .find(|line| line.starts_with("TOML parse error"))
        .unwrap_or_default();
    let message = without_value(error.message());
    [place, &message, key]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// serde quotes the value that it did not like, and that may be a PIN written as a number.
fn without_value(message: &str) -> String {
    let quoted = ["invalid type: ", "invalid value: "]
        .iter()
        .find(|start| message.starts_with(**start));
    match (quoted, message.rsplit_once(", expected ")) {
        (Some(start), Some((found, expected))) => {
            let kind = found.trim_start_matches(start).split(' ').next().unwrap_or_default();
            format!("{start}{kind}, expected {expected}")
        }
        _ => message.to_owned(),
    }
}
