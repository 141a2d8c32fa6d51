//! What an operator sets for the remote signature service; every value has a working default but the addresses.

use std::path::PathBuf;
use std::time::Duration;

use signum_core::http::public_origin;
use url::Url;

signum_core::config! {
    /// The remote signature service.
    pub struct Config {
        /// Address of this service: scheme, host and port, no trailing slash. Its host is the RP ID of signing passkeys.
        public_url: String = "http://sign.localhost:8082".to_owned(),
        /// Issuer identifier of the identity provider.
        issuer: String = "http://idp.localhost:8081".to_owned(),
        /// How the identity provider knows this service.
        client_id: String = "signer".to_owned(),
        /// File with the client's secret (mode 0600), relative to the data folder; read at start, white space around it is dropped.
        client_secret_file: PathBuf = PathBuf::from("secrets/client-signer"),
        /// Unix socket of signum-signing-module, relative to the data folder.
        module_socket: PathBuf = PathBuf::from("run/signing-module.sock"),
        /// The registration officers' public keys (JSON), relative to the data folder; read at start.
        officers_file: PathBuf = PathBuf::from("officers.json"),
        /// Country of national personal numbers in certificates (EN 319 412-1 section 5.1.3).
        country: String = "XK".to_owned(),
        /// Largest PDF that is taken, in octets.
        max_upload: usize = 20 * 1024 * 1024,
        /// How many documents of one person may wait for their signature at the same time.
        open_documents: u32 = 20,
        /// Octets that one person may upload in one day (UTC), refused files included.
        daily_upload: u64 = 200 * 1024 * 1024,
        /// How many PDFs are read at the same time.
        readers: usize = 2,
        /// A log-in ends after this many seconds without use.
        session_idle_seconds: u32 = 15 * 60,
        /// A log-in ends this many seconds after it began, however much it is used.
        session_absolute_seconds: u32 = 8 * 60 * 60,
        /// An uploaded document that is not signed is deleted after this many seconds.
        document_seconds: u32 = 60 * 60,
        /// A signed document is kept for this many seconds, for its signer to fetch.
        keep_seconds: u32 = 30 * 24 * 60 * 60,
        /// A registration officer's log-in lasts this many seconds.
        officer_seconds: u32 = 600,
    }
}

impl Config {
    /// Everything at its default, at these addresses, with the files of `ARCHITECTURE.md` under `var`.
    pub fn at(public_url: &str, issuer: &str, var: &std::path::Path) -> Self {
        Self {
            public_url: public_url.to_owned(),
            issuer: issuer.to_owned(),
            client_secret_file: var.join("secrets/client-signer"),
            module_socket: var.join("run/signing-module.sock"),
            officers_file: var.join("officers.json"),
            ..Self::default()
        }
    }

    /// The address, if it is one that a relying party of WebAuthn may have.
    pub(crate) fn origin(&self) -> Result<Url, String> {
        let url = public_origin(&self.public_url)?;
        if self.country.len() != 2 || !self.country.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err("country: two capital letters".to_owned());
        }
        Ok(url)
    }

    pub(crate) fn session_idle(&self) -> Duration {
        Duration::from_secs(self.session_idle_seconds.into())
    }
    pub(crate) fn session_absolute(&self) -> Duration {
        Duration::from_secs(self.session_absolute_seconds.into())
    }
    pub(crate) fn document_ttl(&self) -> Duration {
        Duration::from_secs(self.document_seconds.into())
    }
    pub(crate) fn keep(&self) -> Duration {
        Duration::from_secs(self.keep_seconds.into())
    }
    pub(crate) fn officer_ttl(&self) -> Duration {
        Duration::from_secs(self.officer_seconds.into())
    }
}
