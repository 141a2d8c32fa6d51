//! Everything an operator can set, in one place: the services' own sections and what the wiring needs.

use std::net::SocketAddr;
use std::path::PathBuf;

use signum_core::config::Secret;
use signum_core::telemetry::Logging;

signum_core::config! {
    /// Where the services listen. A service's `public_url` that is left at its default follows the port.
    pub struct Listen {
        /// Certificates, OCSP, CRL and time stamps.
        pki: SocketAddr = ([127, 0, 0, 1], 8084).into(),
        /// The identity provider.
        idp: SocketAddr = ([127, 0, 0, 1], 8081).into(),
        /// The identity provider for programs that show certificates (RFC 8705); nothing listens where `idp.mtls.public_url` is
        /// empty.
        idp_mtls: SocketAddr = ([127, 0, 0, 1], 8087).into(),
        /// The identity provider's port on which eID cards are shown in the TLS handshake; nothing listens where
        /// `idp.card.public_url` is empty.
        idp_card: SocketAddr = ([127, 0, 0, 1], 8088).into(),
        /// The signing desk.
        signer: SocketAddr = ([127, 0, 0, 1], 8082).into(),
        /// The registration desks' interface of the CA; nothing listens where `ca.officers_genesis` is empty.
        registration: SocketAddr = ([127, 0, 0, 1], 8085).into(),
        /// Health, readiness and metrics, for the operator alone.
        operator: SocketAddr = ([127, 0, 0, 1], 8080).into(),
        /// The CA for services on other machines (`signum serve ca`).
        contract: SocketAddr = ([127, 0, 0, 1], 8086).into(),
        /// Whether an address beyond loopback may be listened on.
        allow_public: bool = false,
    }
}

signum_core::config! {
    /// The PKCS#11 module and the processes that hold its sessions.
    pub struct Hsm {
        /// The module's library.
        module: PathBuf = PathBuf::from("/usr/lib/softhsm/libsofthsm2.so"),
        /// Worker processes for each token.
        workers: usize = 1,
        /// Sessions held by each worker; SoftHSM is fastest with one.
        sessions: usize = 1,
        /// Longest a call may take, in milliseconds; a slower worker is killed and replaced.
        deadline_ms: u64 = 5000,
        /// Requests that may wait for each token; one more is told when to come back.
        queue: usize = 1024,
        /// Unwrapped keys after which a worker is followed by a fresh one: SoftHSM loses memory with each.
        recycle_after: u64 = 200_000,
        /// The list of officers (`officers.toml`) who may approve, together, what the services' rules forbid. Empty: nobody may.
        officers: String = String::new(),
        /// Where the tokens' PINs come from.
        pins: Pins,
    }
}

signum_core::config! {
    /// Where the PIN of a token comes from, never the PIN itself. The people's is not here: `pin_file` of module.toml.
    pub struct Pins {
        /// The source of the CA's PIN: `file:/path` (mode 0600), `credential:NAME` (systemd's `LoadCredentialEncrypted=`) or
        /// `shares:/path,/path` (as many holders' files as it takes). Empty: a file in the data folder, made by the first start.
        ca: String = String::new(),
        /// The source of the identity provider's PIN, in the same words.
        idp: String = String::new(),
        /// The source of the audit token's PIN, in the same words.
        audit: String = String::new(),
    }
}

signum_core::config! {
    /// The process that alone can use people's keys.
    pub struct SigningModule {
        /// Whether this program starts it. False where it is a service of its own user.
        start: bool = true,
        /// User ids it may run as, beside ours.
        users: Vec<u32> = Vec::new(),
    }
}

signum_core::config! {
    /// One database for each service: `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`; empty means an SQLite file in the
    /// data folder.
    pub struct DatabaseAddresses {
        /// The CA's.
        ca: Secret = Secret::default(),
        /// The identity provider's.
        idp: Secret = Secret::default(),
        /// The signer's.
        signer: Secret = Secret::default(),
    }
}

signum_core::config! {
    /// Demonstration on one machine.
    pub struct Demo {
        /// Demo people, two registration officers with software keys, and a demo service.
        enabled: bool = true,
        /// Where the demo service listens.
        listen: SocketAddr = ([127, 0, 0, 1], 8083).into(),
        /// The demo service's address.
        public_url: String = "http://demo.localhost:8083".to_owned(),
    }
}

signum_core::config! {
    /// The audit logs' signed checkpoints (C2SP tlog-checkpoint).
    pub struct Audit {
        /// Label of the token that holds the checkpoints' keys and nothing else.
        token: String = "signum-audit".to_owned(),
        /// Name of the logs in their checkpoints, a URL without scheme; `/ca`, `/idp` and `/signer` follow. It stays as it is
        /// once something was signed.
        origin: String = "signum.localhost/audit".to_owned(),
        /// What was written is signed after at most this many seconds.
        checkpoint_seconds: u32 = 10,
        /// Whether checkpoints, hashes and proofs (never texts) are served to everybody, under `/audit/` of the CA's address.
        publish: bool = true,
        /// Whether entries are served there as well: kinds and times of events beside salted hashes.
        publish_entries: bool = false,
        /// Witnesses that watch the logs grow (C2SP tlog-witness): each the key (vkey) and the address, with a space between.
        witnesses: Vec<String> = Vec::new(),
    }
}

signum_core::config! {
    /// When operators are warned: `signum ca status`, the admin page, `alarms` of the metrics, and the log.
    pub struct Alarms {
        /// Days before an authority's certificate ends: its successor takes a ceremony.
        authority_days: u32 = 400,
        /// Days before the certificate of a responder or time-stamping unit ends; in order they are renewed 15 and 30 days
        /// before.
        unit_days: u32 = 7,
        /// Minutes that a certificate may be under way, or an event without a checkpoint.
        waiting_minutes: u32 = 10,
    }
}

signum_core::config! {
    /// Services on machines of their own (`signum serve`): each shows a certificate that the other has pinned.
    pub struct Contract {
        /// Where the signer finds the CA.
        ca: String = "https://127.0.0.1:8086".to_owned(),
        /// This machine's certificate (PEM), made where it is missing; `signum contract certificate` prints it.
        certificate: PathBuf = PathBuf::from("tls/own.pem"),
        /// Its key (PEM).
        key: PathBuf = PathBuf::from("tls/own.key"),
        /// The certificates (PEM) of the machines that this one serves and believes, and of no other.
        peers: PathBuf = PathBuf::from("tls/peers.pem"),
    }
}

signum_core::config! {
    /// Signum.
    pub struct Config {
        /// Where the services listen.
        listen: Listen,
        /// The HSM layer.
        hsm: Hsm,
        /// The signing module.
        module: SigningModule,
        /// Databases.
        database: DatabaseAddresses,
        /// Services on machines of their own.
        contract: Contract,
        /// Demonstration.
        demo: Demo,
        /// Signed checkpoints of the audit logs.
        audit: Audit,
        /// When operators are warned.
        alarms: Alarms,
        /// The log.
        logging: Logging,
        /// The certification authority.
        ca: signum_ca::Config,
        /// The identity provider.
        idp: signum_idp::Config,
        /// The signature service.
        signer: signum_signer::Config,
    }
}

impl Config {
    /// Addresses that were left at their defaults follow what was set: the port of `listen`, and the signer's issuer the
    /// identity provider's address.
    #[must_use]
    pub fn settled(mut self) -> Self {
        let default = Self::default();
        let follow = |address: &mut String, default_address: &str, listen: SocketAddr, default_listen: SocketAddr| {
            if address == default_address && listen.port() != default_listen.port() {
                let (old, new) = (format!(":{}", default_listen.port()), format!(":{}", listen.port()));
                *address = address.replace(&old, &new);
            }
        };
        let (now, before) = (&self.listen, &default.listen);
        follow(&mut self.ca.public_url, &default.ca.public_url, now.pki, before.pki);
        follow(&mut self.idp.public_url, &default.idp.public_url, now.idp, before.idp);
        follow(
            &mut self.signer.public_url,
            &default.signer.public_url,
            now.signer,
            before.signer,
        );
        follow(
            &mut self.demo.public_url,
            &default.demo.public_url,
            self.demo.listen,
            default.demo.listen,
        );
        if self.signer.issuer == default.signer.issuer {
            self.signer.issuer.clone_from(&self.idp.public_url);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn settled(environment: &[(&str, &str)]) -> Config {
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        signum_core::config::load_from::<Config>(None, environment)
            .unwrap()
            .settled()
    }

    #[test]
    fn addresses_follow_the_ports_that_were_set() {
        let config = settled(&[
            ("SIGNUM__LISTEN__PKI", "127.0.0.1:9084"),
            ("SIGNUM__LISTEN__IDP", "127.0.0.1:9081"),
            ("SIGNUM__LISTEN__SIGNER", "127.0.0.1:9082"),
            ("SIGNUM__DEMO__LISTEN", "127.0.0.1:9083"),
        ]);
        assert_eq!(config.ca.public_url, "http://localhost:9084");
        assert_eq!(config.idp.public_url, "http://idp.localhost:9081");
        assert_eq!(config.signer.public_url, "http://sign.localhost:9082");
        assert_eq!(config.demo.public_url, "http://demo.localhost:9083");
        assert_eq!(config.signer.issuer, "http://idp.localhost:9081");
    }

    #[test]
    fn an_address_that_was_set_stays_and_the_signer_believes_its_identity_provider() {
        let config = settled(&[
            ("SIGNUM__LISTEN__IDP", "127.0.0.1:9081"),
            ("SIGNUM__IDP__PUBLIC_URL", "https://id.example.org"),
        ]);
        assert_eq!(config.idp.public_url, "https://id.example.org");
        assert_eq!(config.signer.issuer, "https://id.example.org");
        let config = settled(&[("SIGNUM__SIGNER__ISSUER", "https://other.example.org")]);
        assert_eq!(config.signer.issuer, "https://other.example.org");
        assert_eq!(config.idp.public_url, Config::default().idp.public_url);
    }
}
