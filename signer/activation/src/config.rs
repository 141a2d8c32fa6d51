//! `module.toml`: what the module believes without being told by the web tier.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use signum_gesture::RelyingParty;
use signum_gesture::key::VerifyingKey;
use signum_hsm_shim::HsmError;
use signum_hsm_shim::backup::CheckValue;
use signum_hsm_shim::frames::Peers;
use signum_hsm_shim::frames::peers::group_id;
use signum_hsm_shim::latch::Latch;
use signum_hsm_shim::token::{PinSource, TokenConfig};

use crate::officer::Officer;
use crate::protocol::Refusal;

/// Sessions held at the token: as many threads sign at the same time.
pub const THREADS: usize = 4;

/// The module's configuration; unknown members are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModuleConfig {
    /// The PKCS#11 module: `/usr/lib/softhsm/libsofthsm2.so`.
    pub module: PathBuf,
    /// Label of the people's token: `signum-people`.
    pub token: String,
    /// The token's PIN, mode 0600; `init` makes it. The security officer's PIN lies beside it, `.so` appended.
    pub pin_file: PathBuf,
    /// The Unix socket to serve on.
    pub socket: PathBuf,
    /// The journal of spent commitments.
    pub journal: PathBuf,
    /// How long a person has between seeing the documents and the signature: 30 to 900.
    pub ticket_seconds: i64,
    /// How old an OCSP response may be: 1 to 300.
    pub ocsp_max_age_seconds: i64,
    /// Issuing CAs of signing certificates, each a file with the certificate's DER.
    pub pinned_issuers: Vec<PathBuf>,
    /// User ids that may ask, beside the module's own. With any, the module is a service of its own: it does not end with
    /// its standard input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<u32>,
    /// Group (name or number) that may open the socket; the peers are in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket_group: Option<String>,
    /// The check value of the binding key, if it was made with a backup or came out of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding_key_check: Option<CheckValue>,
    /// The same of the seal key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal_key_check: Option<CheckValue>,
    /// The signer: gestures made elsewhere are worth nothing.
    pub relying_party: RelyingParty,
    /// Two at least.
    pub officers: Vec<Officer>,
    /// KEKs made in ceremonies. The newest wraps new keys, all open keys that are under them; without any, the module makes
    /// and uses one of epoch 1. `signum hsm rotate-kek` prints an entry.
    #[serde(default, rename = "kek", skip_serializing_if = "Vec::is_empty")]
    pub keks: Vec<PinnedKek>,
}

/// A KEK as a ceremony made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedKek {
    pub epoch: u32,
    pub check: CheckValue,
}

/// Why the module does not start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{0}")]
    Wrong(String),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Hsm(#[from] HsmError),
    #[error(transparent)]
    Refusal(#[from] Refusal),
}

impl ModuleConfig {
    /// Reads and checks a file, which nobody but its owner may be able to write.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let located = |why: &dyn std::fmt::Display| ConfigError::Wrong(format!("{}: {why}", path.display()));
        let facts = fs::metadata(path).map_err(|error| located(&error))?;
        if facts.permissions().mode() & 0o022 != 0 {
            return Err(located(&"others may write it; it pins officers and CAs"));
        }
        let text = fs::read_to_string(path).map_err(|error| located(&error))?;
        let config: Self = toml::from_str(&text).map_err(|error| located(&error))?;
        config.check()?;
        Ok(config)
    }

    /// The token as the HSM layer opens it.
    pub fn token_config(&self) -> TokenConfig {
        TokenConfig {
            module: self.module.clone(),
            token: self.token.clone(),
            pin: PinSource::File(self.pin_file.clone()),
            sessions: THREADS,
        }
    }

    /// Where a refused PIN is remembered, beside the journal.
    pub fn pin_latch(&self) -> Latch {
        let journal = self.journal.parent().unwrap_or(Path::new("."));
        Latch::of_token(journal, &self.token)
    }

    /// Where `init` writes the public half of the statement key (SubjectPublicKeyInfo, DER), for a CA to pin: beside the journal.
    pub fn statement_key_file(&self) -> PathBuf {
        self.journal.with_file_name("statement-key.der")
    }

    /// Who may connect.
    pub(crate) fn allowed_peers(&self) -> Result<Peers, ConfigError> {
        Ok(Peers {
            users: self.peers.clone(),
            group: self.socket_group.as_deref().map(group_id).transpose()?,
        })
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |why: &str| Err(ConfigError::Wrong(format!("module.toml: {why}")));
        if !(30..=900).contains(&self.ticket_seconds) {
            return wrong("ticket_seconds: 30 to 900");
        }
        if !(1..=300).contains(&self.ocsp_max_age_seconds) {
            return wrong("ocsp_max_age_seconds: 1 to 300");
        }
        if self.pinned_issuers.is_empty() {
            return wrong("pinned_issuers: one at least");
        }
        let rp = &self.relying_party;
        let host = rp.origin.split_once("://").map(|(_, host)| host);
        if host.and_then(|host| host.split(':').next()) != Some(rp.id.as_str()) {
            return wrong("relying_party: the id must be exactly the origin's host");
        }
        if self.socket_group.is_some() == self.peers.is_empty() {
            return wrong("peers and socket_group: both or neither");
        }
        for (at, kek) in self.keks.iter().enumerate() {
            if self.keks.iter().skip(at + 1).any(|other| other.epoch == kek.epoch) {
                return wrong("kek: two of the same epoch");
            }
        }
        self.check_officers()
    }

    fn check_officers(&self) -> Result<(), ConfigError> {
        let wrong = |why: &str| Err(ConfigError::Wrong(format!("module.toml: officers: {why}")));
        if self.officers.len() < 2 {
            return wrong("two at least");
        }
        for (at, officer) in self.officers.iter().enumerate() {
            if VerifyingKey::from_cose(&officer.authenticator.cose_key).is_err() {
                return wrong("a cose_key that is no key");
            }
            let like = |other: &Officer| {
                other.id == officer.id
                    || other.authenticator.credential_id == officer.authenticator.credential_id
                    || other.authenticator.cose_key == officer.authenticator.cose_key
            };
            if self.officers.iter().skip(at + 1).any(like) {
                return wrong("two with the same id or authenticator");
            }
        }
        Ok(())
    }

    pub(crate) fn read_issuers(&self) -> Result<Vec<Vec<u8>>, ConfigError> {
        let read = |path: &PathBuf| {
            let located = |why: &dyn std::fmt::Display| ConfigError::Wrong(format!("{}: {why}", path.display()));
            let bytes = fs::read(path).map_err(|error| located(&error))?;
            <x509_cert::Certificate as der::Decode>::from_der(&bytes).map_err(|error| located(&error))?;
            Ok(bytes)
        };
        self.pinned_issuers.iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests;
