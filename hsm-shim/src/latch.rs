//! A refused PIN remembered beyond the process: a service that is started again and again must not try it again and again (a
//! real HSM locks its token after a few wrong PINs; kryoptic at the tenth).
//!
//! The file names the token and which PIN file was refused, never anything about the PIN. It is there: no login is tried. Only
//! an operator takes it away (`signum hsm unlatch`). One that cannot be read is one that is there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::error::HsmError;
use crate::token::{PinSource, Token, TokenConfig};

/// Where a token's refused PIN is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latch {
    path: PathBuf,
}

/// Which PIN was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// The token's label; empty when the file is damaged.
    pub token: String,
    #[serde(default, rename = "pin-file")]
    pub pin_files: Vec<PinFile>,
}

/// A file as it was when its PIN was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinFile {
    pub path: PathBuf,
    inode: u64,
    /// Nanoseconds since the Unix epoch, as text: TOML has no number that holds them all.
    modified: String,
}

impl Latch {
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The usual place: `FOLDER/pin-TOKEN.refused`.
    pub fn of_token(folder: &Path, token: &str) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let token: String = token.chars().map(plain).collect();
        Self::at(folder.join(format!("pin-{token}.refused")))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a login is forbidden; also when that cannot be told.
    pub fn is_set(&self) -> bool {
        self.path.try_exists().unwrap_or(true)
    }

    /// What was refused and when, in seconds since the Unix epoch; nothing of it is known of a damaged file.
    pub fn refused(&self) -> Option<(Refused, i64)> {
        if !self.is_set() {
            return None;
        }
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        let written = fs::metadata(&self.path).and_then(|facts| facts.modified()).ok();
        Some((toml::from_str(&text).unwrap_or_default(), written.map_or(0, seconds)))
    }

    /// Remembers durably that `pin` was refused, in the place of what was remembered before.
    pub fn set(&self, token: &str, pin: &PinSource) -> Result<(), HsmError> {
        let refused = Refused {
            token: token.to_owned(),
            pin_files: PinFile::of(pin),
        };
        let text = toml::to_string(&refused).map_err(|error| HsmError::Misconfigured(error.to_string()))?;
        self.write(text.as_bytes()).map_err(|error| self.failed(&error))
    }

    /// Takes it away, durably; false if there was none.
    pub fn lift(&self) -> Result<bool, HsmError> {
        match fs::remove_file(&self.path) {
            Ok(()) => self.sync_folder().map(|()| true).map_err(|error| self.failed(&error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// [`Token::open`] unless its PIN was refused before; a PIN that is refused now is remembered.
    pub fn open(&self, config: TokenConfig) -> Result<Token, HsmError> {
        if self.is_set() {
            return Err(HsmError::PinLatched);
        }
        let (token, pin) = (config.token.clone(), config.pin.clone());
        let opened = Token::open(config);
        if matches!(opened, Err(HsmError::PinLatched)) {
            self.set(&token, &pin)?;
        }
        opened
    }

    fn write(&self, text: &[u8]) -> io::Result<()> {
        let partial = self.path.with_extension("partial");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&partial)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&partial, &self.path)?;
        self.sync_folder()
    }

    fn sync_folder(&self) -> io::Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    fn failed(&self, error: &io::Error) -> HsmError {
        HsmError::Misconfigured(format!("{}: {error}", self.path.display()))
    }
}

impl Refused {
    /// Whether `pin` is exactly what was refused: the same files, unchanged.
    pub fn is(&self, pin: &PinSource) -> bool {
        !self.pin_files.is_empty() && self.pin_files == PinFile::of(pin)
    }
}

impl PinFile {
    /// Of each file of a source; one that cannot be seen is passed over.
    fn of(pin: &PinSource) -> Vec<Self> {
        let of = |path: &PathBuf| {
            let facts = fs::metadata(path).ok()?;
            let since = facts.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
            Some(Self {
                path: path.clone(),
                inode: facts.ino(),
                modified: since.as_nanos().to_string(),
            })
        };
        pin.files().iter().filter_map(of).collect()
    }
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn room() -> (Latch, PinSource, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let pin = folder.path().join("user.pin");
        fs::write(&pin, "48151623").unwrap();
        (
            Latch::of_token(folder.path(), "signum ca"),
            PinSource::File(pin),
            folder,
        )
    }

    #[test]
    fn a_refused_pin_is_remembered_by_its_file_and_nothing_of_the_pin_is_kept() {
        let (latch, pin, _folder) = room();
        assert_eq!(latch.refused(), None);
        latch.set("signum ca", &pin).unwrap();
        let (refused, at) = latch.refused().unwrap();
        assert_eq!((refused.token.as_str(), refused.is(&pin)), ("signum ca", true));
        assert!(at > 1_700_000_000);
        let text = fs::read_to_string(latch.path()).unwrap();
        assert!(!text.contains("48151623"), "{text}");
        assert_eq!(fs::metadata(latch.path()).unwrap().mode() & 0o777, 0o600);
        assert!(latch.lift().unwrap());
        assert!(!latch.is_set() && !latch.lift().unwrap());
    }

    #[test]
    fn a_pin_file_that_was_written_anew_is_another_one() {
        let (latch, pin, folder) = room();
        latch.set("signum ca", &pin).unwrap();
        let next = folder.path().join("next");
        fs::write(&next, "48151623").unwrap();
        fs::rename(next, folder.path().join("user.pin")).unwrap();
        assert!(!latch.refused().unwrap().0.is(&pin));
    }

    #[test]
    fn a_latch_that_cannot_be_read_is_a_latch() {
        let (latch, pin, _folder) = room();
        for damaged in [&b""[..], b"token = ", b"\xff\xfe"] {
            fs::write(latch.path(), damaged).unwrap();
            let (refused, _) = latch.refused().unwrap();
            assert!(latch.is_set() && refused.token.is_empty() && !refused.is(&pin));
        }
        assert!(Latch::at("/proc/self/mem/pin".into()).is_set());
    }
}
