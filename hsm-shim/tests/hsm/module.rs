//! The PKCS#11 module under test: Debian's SoftHSM, or kryoptic when `SIGNUM_TEST_MODULE` names it.

use std::path::{Path, PathBuf};

use signum_hsm_shim::init;

const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";
/// Slots a kryoptic configuration of the tests has; SoftHSM has always one more than it has tokens.
const KRYOPTIC_SLOTS: u32 = 3;

/// A module and what is particular about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    pub path: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    SoftHsm,
    Kryoptic,
}

impl Module {
    pub fn under_test() -> Self {
        let path = std::env::var_os("SIGNUM_TEST_MODULE").map_or_else(|| PathBuf::from(SOFTHSM), PathBuf::from);
        let kind = if path.to_string_lossy().contains("kryoptic") {
            Kind::Kryoptic
        } else {
            Kind::SoftHsm
        };
        Self { path, kind }
    }

    pub fn is_softhsm(&self) -> bool {
        self.kind == Kind::SoftHsm
    }

    /// Debian's OpenSSL 3.0 leaves kryoptic without Ed25519.
    pub fn has_ed25519(&self) -> bool {
        self.is_softhsm()
    }

    /// Makes the module keep its tokens below `directory`; returns the environment a process that loads it needs.
    pub fn configure(&self, directory: &Path) -> Vec<(String, String)> {
        let (name, conf) = match self.kind {
            Kind::SoftHsm => ("SOFTHSM2_CONF", init::softhsm_conf(directory).unwrap()),
            Kind::Kryoptic => ("KRYOPTIC_CONF", kryoptic_conf(directory)),
        };
        vec![(name.to_owned(), conf.to_str().unwrap().to_owned())]
    }
}

/// One SQLite file for each slot, in the folder SoftHSM uses too.
fn kryoptic_conf(directory: &Path) -> PathBuf {
    let tokens = directory.join("tokens");
    std::fs::create_dir_all(&tokens).unwrap();
    let slot = |slot: u32| {
        let file = tokens.join(format!("{slot}.sql"));
        format!(
            "[[slots]]\nslot = {slot}\ndbtype = \"sqlite\"\ndbargs = \"{}\"\n",
            file.display()
        )
    };
    let path = directory.join("kryoptic.toml");
    std::fs::write(&path, (1..=KRYOPTIC_SLOTS).map(slot).collect::<String>()).unwrap();
    path
}
