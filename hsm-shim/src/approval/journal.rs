//! Ceremonies that were carried out: one line each with its nonce, written durably before the act, locked against others.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use super::ApprovalError;

const LINE: usize = 64;

/// Remembers a nonce for ever; [`ApprovalError::Spent`] if it is remembered already.
pub(super) fn spend(path: &Path, nonce: &[u8; 32]) -> Result<(), ApprovalError> {
    match try_spend(path, &hex::encode(nonce)) {
        Ok(true) => Ok(()),
        Ok(false) => Err(ApprovalError::Spent),
        Err(error) => Err(ApprovalError::Journal(format!("{}: {error}", path.display()))),
    }
}

fn try_spend(path: &Path, nonce: &str) -> io::Result<bool> {
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    // Several processes of a token may hold ceremonies: reading and writing is one step.
    flock(&file, FlockOperation::LockExclusive)?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    for line in text.lines() {
        if line == nonce {
            return Ok(false);
        }
        // A shorter line was torn: its ceremony was never begun. Anything else is not ours.
        let hexadecimal = line.bytes().all(|b| b.is_ascii_hexdigit());
        if line.len() > LINE || !hexadecimal {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "damaged"));
        }
    }
    let torn = !text.is_empty() && !text.ends_with('\n');
    let line = format!("{}{nonce}\n", if torn { "\n" } else { "" });
    file.write_all(line.as_bytes())?;
    file.sync_all()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(true)
}
