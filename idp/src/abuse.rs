//! Limits that keep the provider standing and guessing hopeless: requests of one address, log-ins of one identity from one
//! address, and how much is done at a time. Nobody is refused for where they are.

pub(crate) mod address;
pub(crate) mod attempts;
pub(crate) mod failures;
pub(crate) mod rate;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use address::TrustedProxies;
use failures::Failures;
use rate::Rates;

signum_core::config! {
    /// Limits against abuse and overload.
    pub struct Limits {
        /// Log-ins of one identity from one address within a minute; one more, and it is locked out from there.
        logins_per_minute: u32 = 5,
        /// How long a lockout lasts, in seconds. No tokens are issued either for sessions that began there.
        lockout_seconds: u32 = 10 * 60,
        /// Requests of people's pages from one address within `requests_seconds`; 0 is no limit.
        requests_per_address: u32 = 300,
        /// See `requests_per_address`.
        requests_seconds: u32 = 5 * 60,
        /// Requests of people's pages that are worked on at a time; whoever comes then sees a waiting page.
        people_at_once: u32 = 512,
        /// The same for programs (tokens, user information).
        programs_at_once: u32 = 2048,
        /// Failed authentications of one client from one network within `client_failures_seconds`; then it waits there (429).
        client_failures: u32 = 20,
        /// The same of all clients of one network together, and of names that no client has.
        client_failures_per_network: u32 = 200,
        /// See `client_failures`.
        client_failures_seconds: u32 = 60,
        /// Devices that begin for clients without a secret, from one network within a minute.
        devices_per_network: u32 = 30,
        /// Addresses or networks (`192.0.2.0/24`) of the proxies before this service. The client's address is what they say in
        /// X-Forwarded-For; nobody else is believed. Behind a proxy that is not named here limits by address have no effect.
        trusted_proxies: Vec<String> = Vec::new(),
    }
}

impl Limits {
    pub(crate) fn lockout(&self) -> Duration {
        Duration::from_secs(self.lockout_seconds.into())
    }
}

/// What of the limits lives in this process. Counts of addresses are a replica's own; lockouts are shared by the database.
pub(crate) struct Abuse {
    pub proxies: TrustedProxies,
    pub rates: Rates,
    /// Failed authentications of clients.
    pub failures: Failures,
    /// Devices that begin for public clients.
    pub devices: Rates,
    pub people: Arc<Semaphore>,
    pub programs: Arc<Semaphore>,
}

impl Abuse {
    pub(crate) fn new(limits: &Limits) -> Result<Self, String> {
        let places = |most: u32| Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS)));
        if limits.people_at_once == 0 || limits.programs_at_once == 0 || limits.logins_per_minute == 0 {
            return Err("limits: people_at_once, programs_at_once and logins_per_minute: at least 1".to_owned());
        }
        if limits.client_failures == 0 || limits.client_failures_per_network == 0 {
            return Err("limits: client_failures and client_failures_per_network: at least 1".to_owned());
        }
        Ok(Self {
            proxies: TrustedProxies::parse(&limits.trusted_proxies)?,
            rates: Rates::new(
                limits.requests_per_address,
                Duration::from_secs(limits.requests_seconds.into()),
            ),
            failures: Failures::new(limits),
            devices: Rates::new(limits.devices_per_network, Duration::from_secs(60)),
            people: places(limits.people_at_once),
            programs: places(limits.programs_at_once),
        })
    }
}
