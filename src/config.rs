//! Everything an operator can set, in one place: the services' own sections and what the wiring needs.

use std::net::SocketAddr;
use std::path::PathBuf;

use signum_core::config::Secret;
use signum_core::telemetry::Logging;

signum_core::config! {
    /// Where the services listen.
    pub struct Listen {
        /// Certificates, OCSP, CRL and time stamps.
        pki: SocketAddr = ([127, 0, 0, 1], 8084).into(),
        /// The identity provider.
        idp: SocketAddr = ([127, 0, 0, 1], 8081).into(),
        /// The signing desk.
        signer: SocketAddr = ([127, 0, 0, 1], 8082).into(),
        /// Health, readiness and metrics, for the operator alone.
        operator: SocketAddr = ([127, 0, 0, 1], 8080).into(),
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
    /// Signum.
    pub struct Config {
        /// Where the services listen.
        listen: Listen,
        /// The HSM layer.
        hsm: Hsm,
        /// Databases.
        database: DatabaseAddresses,
        /// Demonstration.
        demo: Demo,
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
