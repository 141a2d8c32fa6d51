//! Where a token's PIN comes from: a file only its owner can read, a systemd credential, shares of several holders; never
//! arguments or environment.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::HsmError;
use crate::shares::{self, Share};

/// Longest PIN read; SoftHSM takes at most 255 octets.
const LONGEST: u64 = 255;
/// Names the folder of a service's credentials (systemd.exec(5)); the variable holds an address, not a secret.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// Where systemd mounts those folders.
const RUN_CREDENTIALS: &str = "/run/credentials";

/// Names the PIN without holding it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinSource {
    /// A file of our own user (or root), mode 0600 or stricter. One trailing newline is dropped.
    File(PathBuf),
    /// A systemd credential: the file of this name in `$CREDENTIALS_DIRECTORY`.
    Credential(String),
    /// Share files of several holders (`signum hsm split-pin`), each as private as a PIN file.
    Shares(Vec<PathBuf>),
}

impl PinSource {
    /// Reads the PIN; it is read anew for each login and not kept.
    pub fn read(&self) -> Result<SecretString, HsmError> {
        match self {
            Self::File(path) if path.starts_with(RUN_CREDENTIALS) => pin(&read_credential(path)?, path),
            Self::File(path) => pin(&read_private(path, "PIN file", LONGEST + 1)?, path),
            Self::Credential(name) => {
                let path = credential(name)?;
                pin(&read_credential(&path)?, &path)
            }
            Self::Shares(paths) => {
                let shares = paths
                    .iter()
                    .map(|path| Share::read(path))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(shares::combine(&shares)?)
            }
        }
    }

    /// The files it is read from.
    pub fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::File(path) => vec![path.clone()],
            Self::Credential(name) => credential(name).into_iter().collect(),
            Self::Shares(paths) => paths.clone(),
        }
    }

    /// The same source for a process that inherits no environment: a credential becomes the file it is.
    pub fn without_environment(self) -> Result<Self, HsmError> {
        match self {
            Self::Credential(name) => Ok(Self::File(credential(&name)?)),
            other => Ok(other),
        }
    }

    /// `pin-source` of a PKCS#11 address (RFC 7512 section 2.4) or of a setting: `file:/path`, a path, `credential:NAME`, or
    /// `shares:/path,/path` with two files at least.
    pub fn of_uri(source: &str) -> Result<Self, HsmError> {
        if let Some(name) = source.strip_prefix("credential:") {
            return Ok(Self::Credential(name.to_owned()));
        }
        if let Some(paths) = source.strip_prefix("shares:") {
            let paths: Vec<PathBuf> = paths.split(',').map(PathBuf::from).collect();
            return if paths.len() >= 2 && paths.iter().all(|path| path.is_absolute()) {
                Ok(Self::Shares(paths))
            } else {
                Err(HsmError::Misconfigured("pin-source: shares:/path,/path".into()))
            };
        }
        let path = source.strip_prefix("file:").unwrap_or(source);
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.starts_with('/') {
            Ok(Self::File(PathBuf::from(path)))
        } else {
            // A leading | would be a command to run: not here.
            Err(HsmError::Misconfigured(
                "pin-source: file:/path, credential:NAME or shares:/path,/path".into(),
            ))
        }
    }
}

fn pin(text: &str, path: &Path) -> Result<SecretString, HsmError> {
    let pin = text.strip_suffix('\n').unwrap_or(text);
    if pin.is_empty() || pin.len() as u64 > LONGEST {
        let why = format!("PIN file {}: a PIN has 1 to 255 octets", path.display());
        return Err(HsmError::Misconfigured(why));
    }
    Ok(SecretString::from(pin))
}

fn credential(name: &str) -> Result<PathBuf, HsmError> {
    let wrong = |why: &str| HsmError::Misconfigured(format!("credential {name}: {why}"));
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        return Err(wrong("not a credential's name"));
    }
    let directory =
        std::env::var_os(CREDENTIALS).ok_or_else(|| wrong("no CREDENTIALS_DIRECTORY: not run by systemd"))?;
    let directory = PathBuf::from(directory);
    if !directory.is_absolute() {
        return Err(wrong("CREDENTIALS_DIRECTORY is not an absolute path"));
    }
    Ok(directory.join(name))
}

/// systemd lets the service's user in by an access control list, which shows as the group's read bit on root's file.
fn read_credential(path: &Path) -> Result<Zeroizing<String>, HsmError> {
    read(path, "credential", LONGEST + 1, |owner, mode| {
        owner == 0 && mode & 0o037 == 0
    })
}

/// A file nobody but its owner (this user or root) can read; at most `longest` octets of text.
pub(crate) fn read_private(path: &Path, what: &str, longest: u64) -> Result<Zeroizing<String>, HsmError> {
    read(path, what, longest, |_, _| false)
}

fn read(path: &Path, what: &str, longest: u64, also: impl Fn(u32, u32) -> bool) -> Result<Zeroizing<String>, HsmError> {
    let wrong = |why: &str| HsmError::Misconfigured(format!("{what} {}: {why}", path.display()));
    let file = File::open(path).map_err(|e| wrong(&e.kind().to_string()))?;
    let facts = file.metadata().map_err(|e| wrong(&e.kind().to_string()))?;
    if !facts.is_file() {
        return Err(wrong("not a regular file"));
    }
    let (owner, mode) = (facts.uid(), facts.mode());
    if mode & 0o077 != 0 && !also(owner, mode) {
        return Err(wrong("readable by group or others; it must have mode 0600 or stricter"));
    }
    if owner != rustix::process::geteuid().as_raw() && owner != 0 {
        return Err(wrong("belongs to another user"));
    }
    // Room for all of it at once: growing would leave copies behind that nobody wipes.
    let mut text = Zeroizing::new(String::with_capacity(longest as usize + 1));
    file.take(longest + 1)
        .read_to_string(&mut text)
        .map_err(|_| wrong("not text"))?;
    if text.len() as u64 > longest {
        return Err(wrong("too long"));
    }
    Ok(text)
}
