//! A Signum that runs on a data folder: its hold on it, and the facts it leaves there for others.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::config::Config;
use crate::layout::{Layout, write_private};

/// This process's hold on the data folder: two of them would overwrite one another's sockets and databases.
pub(super) struct Running {
    file: PathBuf,
    _lock: File,
}

impl Running {
    pub(super) fn lock(layout: &Layout) -> Result<Self> {
        let path = layout.path("run/up.lock");
        let lock = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        if lock.try_lock().is_err() {
            bail!("another Signum runs on the data folder {}", layout.root().display());
        }
        let file = layout.running();
        // Left by one that was killed.
        std::fs::remove_file(&file).ok();
        Ok(Self { file, _lock: lock })
    }

    /// Says for `./run demo` and `signum-demo` who runs here and where.
    pub(super) fn tell(&self, instance: &str, config: &Config) -> Result<()> {
        let facts = [
            ("instance", instance.to_owned()),
            ("operator", config.listen.operator.to_string()),
            ("idp", config.idp.public_url.clone()),
            ("signer", config.signer.public_url.clone()),
            ("demo", config.demo.public_url.clone()),
            ("pki", config.ca.public_url.clone()),
        ];
        let text: String = facts
            .map(|(name, value)| format!("{name} = {}\n", toml::Value::from(value)))
            .concat();
        write_private(&self.file, text.as_bytes())
    }

    pub(super) fn end(&self) {
        std::fs::remove_file(&self.file).ok();
    }
}
