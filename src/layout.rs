//! Where things lie under the data folder (`./var`), and with which permissions.

use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use secrecy::{ExposeSecret, SecretString};
use signum_hsm_shim::latch::Latch;

/// The data folder. Everything in it belongs to the user who runs Signum and to nobody else.
#[derive(Clone, Debug)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Makes the folder and its rooms (mode 0700) where they are missing.
    pub fn create(root: &Path) -> Result<Self> {
        let root = std::path::absolute(root)?;
        for room in [
            "", "tokens", "secrets", "db", "run", "module", "ceremony", "demo", "tls",
        ] {
            let path = root.join(room);
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path)
                .with_context(|| format!("cannot make the folder {}", path.display()))?;
        }
        Ok(Self { root })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }
    pub fn pin(&self, token: &str) -> PathBuf {
        self.path(&format!("secrets/{token}.pin"))
    }
    /// Where it is remembered that a token's PIN was refused.
    pub fn pin_latch(&self, token: &str) -> Latch {
        Latch::of_token(&self.path("run"), token)
    }
    pub fn client_secret(&self, client: &str) -> PathBuf {
        self.path(&format!("secrets/client-{client}"))
    }
    /// The key of a service's CSRF tokens, in hex; the same file on every replica.
    pub fn csrf_key(&self, service: &str) -> PathBuf {
        self.path(&format!("secrets/{service}.csrf"))
    }
    pub fn module_config(&self) -> PathBuf {
        self.path("module/module.toml")
    }
    /// The public key of a service's audit checkpoints (C2SP vkey).
    pub fn audit_key(&self, service: &str) -> PathBuf {
        self.path(&format!("ceremony/audit-{service}.vkey"))
    }
    /// Which Signum runs on this folder, and where it listens.
    pub fn running(&self) -> PathBuf {
        self.path("run/up.toml")
    }
    pub fn officers(&self) -> PathBuf {
        self.path("officers.json")
    }
    /// Whom the demonstration's officers vouch for.
    pub fn demo_people(&self) -> PathBuf {
        self.path("demo/people.txt")
    }
}

/// Writes a secret to a new file that only its owner can read; an existing file is left as it is and read instead, and one that
/// cannot be read is an error, never replaced.
pub fn keep_secret(path: &Path, make: impl FnOnce() -> SecretString) -> Result<SecretString> {
    match std::fs::read_to_string(path).map(SecretString::from) {
        Ok(text) => Ok(text.expose_secret().trim().into()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let secret = make();
            write_private(path, secret.expose_secret().as_bytes())?;
            Ok(secret)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Writes a file (mode 0600) whole or not at all.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    let partial = path.with_extension("partial");
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&partial, path)?;
        // The name is in the folder: without this a power cut could take the file back.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_private_file_is_written_anew_and_belongs_to_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for text in ["one", "two"] {
            write_private(&path, text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no partial file is left"
        );
        assert!(write_private(&folder.path().join("nowhere/secret"), b"x").is_err());
    }
}
