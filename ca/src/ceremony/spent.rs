//! Each ceremony is held once on a machine: its nonce is remembered with the transcript that it opened.

use std::io::{self, Write};
use std::path::Path;

use super::CeremonyFault;

/// Remembers that `nonce` opened the transcript whose first line has the hash `opening`; again only for that transcript.
pub(super) fn spend(folder: &Path, nonce: &[u8; 32], opening: &str) -> Result<(), CeremonyFault> {
    let path = folder.join(hex::encode(nonce));
    let write = || -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
        file.write_all(opening.as_bytes())?;
        file.sync_all()?;
        std::fs::File::open(folder)?.sync_all()
    };
    match write() {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match std::fs::read_to_string(&path) {
            // A crash while it was written leaves a part; whoever wrote it had the transcript's lock.
            Ok(known) if opening.starts_with(&known) => Ok(()),
            Ok(_) => Err(CeremonyFault::Spent),
            Err(error) => Err(CeremonyFault::Input(format!("{}: {error}", path.display()))),
        },
        Err(error) => Err(CeremonyFault::Input(format!("{}: {error}", path.display()))),
    }
}
