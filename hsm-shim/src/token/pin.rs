//! Where a token's PIN comes from: a file only its owner can read (systemd `LoadCredential`), never arguments or environment.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::HsmError;

/// Longest PIN read; SoftHSM takes at most 255 octets.
const LONGEST: u64 = 255;

/// Names the PIN without holding it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinSource {
    /// A file of our own user (or root), mode 0600 or stricter. One trailing newline is dropped.
    File(PathBuf),
}

impl PinSource {
    /// Reads the PIN; it is read anew for each login and not kept.
    pub fn read(&self) -> Result<SecretString, HsmError> {
        let Self::File(path) = self;
        let wrong = |why: &str| HsmError::Misconfigured(format!("PIN file {}: {why}", path.display()));
        let file = File::open(path).map_err(|e| wrong(&e.kind().to_string()))?;
        let facts = file.metadata().map_err(|e| wrong(&e.kind().to_string()))?;
        if !facts.is_file() {
            return Err(wrong("not a regular file"));
        }
        if facts.mode() & 0o077 != 0 {
            return Err(wrong("readable by group or others; it must have mode 0600 or stricter"));
        }
        let owner = facts.uid();
        if owner != rustix::process::geteuid().as_raw() && owner != 0 {
            return Err(wrong("belongs to another user"));
        }
        let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize + 2));
        file.take(LONGEST + 2)
            .read_to_string(&mut text)
            .map_err(|_| wrong("not text"))?;
        let pin = text.strip_suffix('\n').unwrap_or(&text);
        if pin.is_empty() || pin.len() as u64 > LONGEST {
            return Err(wrong("a PIN has 1 to 255 octets"));
        }
        Ok(SecretString::from(pin))
    }
}
