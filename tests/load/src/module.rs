//! The modules that are measured, and where a fresh token of each lives.

use std::path::{Path, PathBuf};

use anyhow::Result;
use signum_hsm_shim::init;

/// A PKCS#11 module.
#[derive(Clone, Debug)]
pub struct Module {
    pub name: &'static str,
    pub path: PathBuf,
    /// Debian's OpenSSL 3.0 leaves kryoptic without Ed25519.
    pub has_ed25519: bool,
}

impl Module {
    pub fn softhsm() -> Self {
        Self {
            name: "SoftHSM",
            path: PathBuf::from("/usr/lib/softhsm/libsofthsm2.so"),
            has_ed25519: true,
        }
    }

    pub fn kryoptic(path: PathBuf) -> Self {
        Self {
            name: "kryoptic",
            path,
            has_ed25519: false,
        }
    }

    /// Makes the module keep its token below `directory`; returns the environment of the processes that load it.
    pub fn configure(&self, directory: &Path) -> Result<Vec<(String, String)>> {
        let (name, conf) = if self.name == "SoftHSM" {
            ("SOFTHSM2_CONF", init::softhsm_conf(directory)?)
        } else {
            let path = directory.join("kryoptic.toml");
            let token = directory.join("token.sql");
            let text = format!(
                "[[slots]]\nslot = 1\ndbtype = \"sqlite\"\ndbargs = \"{}\"\n",
                token.display()
            );
            std::fs::write(&path, text)?;
            ("KRYOPTIC_CONF", path)
        };
        Ok(vec![(name.to_owned(), conf.display().to_string())])
    }
}

/// A folder for one token, in memory where the machine has such a place: disks are not what is measured.
pub fn folder() -> Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    let folder = match tempfile::Builder::new().prefix("signum-load").tempdir_in(memory) {
        Ok(folder) => folder,
        Err(_) => tempfile::tempdir()?,
    };
    Ok(folder)
}
