//! A software authenticator with the browser's part in front of it (WebAuthn Level 3 sections 5 and 6), for tests and demos alone.
//!
//! It answers `{"publicKey": ...}` options with what `PublicKeyCredential.toJSON()` would give, and misbehaves on demand.
//! Its keys are software keys: no crate that ships depends on this one.

mod answer;
pub mod behaviour;
pub mod credential;
mod options;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use behaviour::Behaviour;
pub use credential::{Algorithm, Credential};

/// Several credentials of one imagined device.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SoftAuthenticator {
    /// Credentials in the order they were made.
    pub credentials: Vec<Credential>,
    /// Model; all zeros unless set.
    #[serde(default, with = "credential::bytes")]
    pub aaguid: Vec<u8>,
    /// What to do wrong from now on; never stored.
    #[serde(skip)]
    pub behaviour: Behaviour,
}

/// Why no credential came back, as a page would see it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The browser's refusal: the RP ID is not the origin's host.
    #[error("SecurityError: RP ID does not belong to the origin")]
    Security,
    /// An excluded credential is present.
    #[error("InvalidStateError: this authenticator is registered already")]
    InvalidState,
    /// No credential fits, or no algorithm is supported.
    #[error("NotAllowedError: {0}")]
    NotAllowed(&'static str),
    #[error("options: {0}")]
    Options(&'static str),
    #[error(transparent)]
    Crypto(#[from] openssl::error::ErrorStack),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl SoftAuthenticator {
    /// An empty authenticator that behaves well.
    pub fn new() -> Self {
        Self::default()
    }

    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    }

    /// Writes keys and counters, mode 0600; an existing file is replaced.
    pub fn to_file(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let fresh = path.with_extension("new");
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        Ok(std::fs::rename(fresh, path)?)
    }

    /// `navigator.credentials.create()` on a page of `origin`; attestation `none`.
    pub fn create(&mut self, options: &Value, origin: &str) -> Result<Value, Error> {
        let options = options::Creation::read(options)?;
        self.check_origin(&options.rp_id, origin)?;
        if self.find(&options.rp_id, &options.exclude).is_some() {
            return Err(Error::InvalidState);
        }
        let algorithm = match self.behaviour.algorithm {
            Some(forced) => forced,
            None => options.algorithm()?,
        };
        let credential = Credential::make(algorithm, &options.rp_id, &options.user_handle)?;
        let answer = answer::create(&credential, &self.aaguid, &self.behaviour, &options.challenge, origin)?;
        self.credentials.push(credential);
        Ok(answer)
    }

    /// `navigator.credentials.get()` on a page of `origin`, with the first credential that fits.
    pub fn get(&mut self, options: &Value, origin: &str) -> Result<Value, Error> {
        let options = options::Request::read(options)?;
        self.check_origin(&options.rp_id, origin)?;
        let at = self
            .find(&options.rp_id, &options.allow)
            .or_else(|| (options.allow.is_empty()).then(|| self.any(&options.rp_id)).flatten())
            .ok_or(Error::NotAllowed("no credential of this authenticator fits"))?;
        let behaviour = self.behaviour.clone();
        let credential = self.credentials.get_mut(at).ok_or(Error::NotAllowed("no credential"))?;
        credential.counter = behaviour.counter.unwrap_or(credential.counter.saturating_add(1));
        answer::get(credential, &behaviour, &options.challenge, origin)
    }

    fn find(&self, rp_id: &str, ids: &[Vec<u8>]) -> Option<usize> {
        let fits = |c: &Credential| c.rp_id == rp_id && ids.contains(&c.id);
        self.credentials.iter().position(fits)
    }

    fn any(&self, rp_id: &str) -> Option<usize> {
        self.credentials.iter().position(|c| c.rp_id == rp_id)
    }

    /// What a browser does first (section 5.1.3, RP ID is a registrable suffix of the effective domain).
    fn check_origin(&self, rp_id: &str, origin: &str) -> Result<(), Error> {
        let host = origin.split("://").nth(1).unwrap_or_default();
        let host = host.split([':', '/']).next().unwrap_or_default();
        let parent = rp_id.contains('.') && host.ends_with(&format!(".{rp_id}"));
        if host == rp_id || parent || self.behaviour.skip_origin_check {
            Ok(())
        } else {
            Err(Error::Security)
        }
    }
}
