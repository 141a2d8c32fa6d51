//! Native-messaging manifests of this user's browsers. Nothing of another program is overwritten or removed.

mod browser;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

pub use self::browser::{Browser, Extension};

/// Which browsers, for which extension.
#[derive(Args)]
pub struct Target {
    /// Only this browser; may be repeated. Otherwise all of them.
    #[arg(long, value_enum)]
    pub browser: Vec<Browser>,
    /// Answer to the official Web eID extension, too, unless Web eID's own program is installed.
    #[arg(long)]
    pub web_eid: bool,
    /// The user's home, if not the environment's.
    #[arg(long)]
    pub home: Option<PathBuf>,
}

/// A manifest could not be written or removed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    #[error("HOME is not set")]
    NoHome,
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{0} belongs to another program; it was left as it is")]
    Foreign(PathBuf),
}

/// Where one manifest stands.
#[derive(Debug, PartialEq, Eq)]
pub enum Standing {
    Absent,
    /// It names this program.
    Ours,
    /// It names something else.
    Foreign,
}

impl Target {
    fn browsers(&self) -> Vec<Browser> {
        match self.browser.as_slice() {
            [] => Browser::ALL.to_vec(),
            some => some.to_vec(),
        }
    }

    fn extensions(&self) -> &'static [Extension] {
        match self.web_eid {
            true => &[Extension::Ours, Extension::WebEid],
            false => &[Extension::Ours],
        }
    }

    fn home(&self) -> Result<PathBuf, InstallError> {
        let home = self
            .home
            .clone()
            .or_else(|| std::env::var_os("HOME").map(PathBuf::from));
        home.ok_or(InstallError::NoHome)
    }
}

/// Writes the manifests; gives their paths.
pub fn install(target: &Target) -> Result<Vec<String>, InstallError> {
    let (home, program) = (target.home()?, program()?);
    let mut written = Vec::new();
    for browser in target.browsers() {
        for extension in target.extensions() {
            let path = browser.manifest(&home, *extension);
            if *extension == Extension::WebEid && standing(&path, &program) == Standing::Foreign {
                return Err(InstallError::Foreign(path));
            }
            let manifest = manifest(browser, *extension, &program);
            write(&path, &manifest).map_err(|source| InstallError::File {
                path: path.clone(),
                source,
            })?;
            written.push(path.display().to_string());
        }
    }
    Ok(written)
}

/// Removes those that name this program; gives their paths.
pub fn uninstall(target: &Target) -> Result<Vec<String>, InstallError> {
    let (home, program) = (target.home()?, program()?);
    let mut removed = Vec::new();
    for browser in target.browsers() {
        for extension in [Extension::Ours, Extension::WebEid] {
            let path = browser.manifest(&home, extension);
            if standing(&path, &program) == Standing::Ours {
                std::fs::remove_file(&path).map_err(|source| InstallError::File {
                    path: path.clone(),
                    source,
                })?;
                removed.push(path.display().to_string());
            }
        }
    }
    Ok(removed)
}

/// How the browser's manifest for our own extension stands.
pub fn look(browser: Browser, home: &Path) -> Result<Standing, InstallError> {
    Ok(standing(&browser.manifest(home, Extension::Ours), &program()?))
}

fn standing(path: &Path, program: &Path) -> Standing {
    let Ok(text) = std::fs::read(path) else {
        return Standing::Absent;
    };
    let manifest: Value = serde_json::from_slice(&text).unwrap_or_default();
    match manifest.get("path").and_then(Value::as_str) {
        Some(named) if Path::new(named) == program => Standing::Ours,
        _ => Standing::Foreign,
    }
}

fn manifest(browser: Browser, extension: Extension, program: &Path) -> Value {
    let mut manifest = json!({
        "name": extension.host(),
        "description": "eID card of this computer, for log-in and signature",
        "path": program,
        "type": "stdio",
    });
    if let Some(object) = manifest.as_object_mut() {
        let (field, callers) = browser.callers(extension);
        object.insert(field.to_owned(), json!(callers));
    }
    manifest
}

/// Whole or not at all: a browser may read it meanwhile.
fn write(path: &Path, manifest: &Value) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let next = path.with_extension("next");
    std::fs::write(&next, serde_json::to_vec_pretty(manifest)?)?;
    std::fs::rename(next, path)
}

fn program() -> Result<PathBuf, InstallError> {
    std::env::current_exe().map_err(|source| InstallError::File {
        path: PathBuf::from("this program"),
        source,
    })
}
