//! Failed authentications of clients (RFC 6749 section 2.3.1 asks for protection against guessing): counted by the network they come
//! from, and by client and network. Who fails too often from somewhere waits there; the same client is served everywhere else.
//!
//! Counted in memory, a replica's own, since a row for each failure would be the attack.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use signum_core::Timestamp;

use super::Limits;
use super::rate::household;

/// Keys remembered at a time; beyond, those whose window is over are forgotten, and then the whole.
const MOST: usize = 100_000;
/// Events that all failures of one window bring into the audit log of this replica at most.
const MOST_EVENTS: u32 = 1_000;

/// What is counted in windows of one length.
struct Windows<K>(Mutex<HashMap<K, Window>>);

#[derive(Clone, Copy)]
struct Window {
    since: Timestamp,
    count: u32,
}

impl<K: Hash + Eq> Windows<K> {
    fn new() -> Self {
        Self(Mutex::default())
    }

    /// Counts one; tells how many there are in this window.
    fn count(&self, key: K, span: Duration, now: Timestamp) -> u32 {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= MOST {
            windows.retain(|_, window| now.since(window.since) < span);
            if windows.len() >= MOST {
                windows.clear();
            }
        }
        let fresh = Window { since: now, count: 0 };
        let window = windows.entry(key).or_insert(fresh);
        if now.since(window.since) >= span {
            *window = fresh;
        }
        window.count = window.count.saturating_add(1);
        window.count
    }

    /// How long the window lasts in which there are `most` already.
    fn full(&self, key: &K, most: u32, span: Duration, now: Timestamp) -> Option<Duration> {
        let windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.get(key)?;
        let age = now.since(window.since);
        (age < span && window.count >= most).then(|| span.saturating_sub(age))
    }
}

/// The counts of this replica.
pub(crate) struct Failures {
    span: Duration,
    per_client: u32,
    per_network: u32,
    networks: Windows<IpAddr>,
    clients: Windows<(String, IpAddr)>,
    events: Windows<(Option<String>, Option<IpAddr>, &'static str)>,
    all_events: Windows<()>,
}

/// What a failure leaves in the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Noted {
    /// The first of its kind in this window.
    pub first: bool,
    /// The last that is judged: whoever comes now waits.
    pub limit_reached: bool,
}

impl Failures {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            span: Duration::from_secs(limits.client_failures_seconds.into()),
            per_client: limits.client_failures,
            per_network: limits.client_failures_per_network,
            networks: Windows::new(),
            clients: Windows::new(),
            events: Windows::new(),
            all_events: Windows::new(),
        }
    }

    /// Whether who calls themselves `client` is judged now; the error says for how long they have to wait. Without an address
    /// nobody is refused: that would be everybody.
    pub(crate) fn judge(&self, client: Option<&str>, address: Option<IpAddr>, now: Timestamp) -> Result<(), Duration> {
        let Some(network) = address.map(household) else {
            return Ok(());
        };
        let whole = self.networks.full(&network, self.per_network, self.span, now);
        let own = client.and_then(|client| {
            let key = (client.to_owned(), network);
            self.clients.full(&key, self.per_client, self.span, now)
        });
        match whole.max(own) {
            Some(wait) => Err(wait),
            None => Ok(()),
        }
    }

    /// Counts a failure. `client` is one that is registered: names that anybody can invent are not remembered.
    pub(crate) fn note(
        &self,
        client: Option<&str>,
        address: Option<IpAddr>,
        why: &'static str,
        now: Timestamp,
    ) -> Noted {
        let (network, client) = (address.map(household), client.map(str::to_owned));
        let mut limit_reached = false;
        if let Some(network) = network {
            limit_reached |= self.networks.count(network, self.span, now) == self.per_network;
            if let Some(client) = &client {
                let key = (client.clone(), network);
                limit_reached |= self.clients.count(key, self.span, now) == self.per_client;
            }
        }
        let first = self.events.count((client, network, why), self.span, now) == 1;
        let room = |wanted: bool| wanted && self.all_events.count((), self.span, now) <= MOST_EVENTS;
        Noted {
            first: room(first),
            limit_reached: room(limit_reached),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn failures() -> Failures {
        Failures::new(&Limits {
            client_failures: 3,
            client_failures_per_network: 5,
            client_failures_seconds: 60,
            ..Limits::default()
        })
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_client_waits_where_it_failed_and_is_judged_elsewhere() {
        let failures = failures();
        let (here, there) = (address("198.51.100.1"), address("203.0.113.9"));
        for n in 1..=3 {
            assert!(failures.judge(Some("a"), here, NOW).is_ok());
            let noted = failures.note(Some("a"), here, "wrong secret", NOW);
            assert_eq!((noted.first, noted.limit_reached), (n == 1, n == 3));
        }
        let later = NOW.plus(Duration::from_secs(20));
        assert_eq!(failures.judge(Some("a"), here, later), Err(Duration::from_secs(40)));
        assert!(failures.judge(Some("b"), here, later).is_ok());
        assert!(failures.judge(Some("a"), there, later).is_ok());
        assert!(
            failures
                .judge(Some("a"), here, NOW.plus(Duration::from_secs(60)))
                .is_ok()
        );
    }

    #[test]
    fn invented_names_are_counted_by_their_network_alone() {
        let failures = failures();
        let (here, neighbour) = (address("2001:db8::1"), address("2001:db8:0:1::1"));
        for _ in 0..5 {
            failures.note(None, here, "unknown client", NOW);
        }
        assert!(failures.judge(Some("anything"), address("2001:db8::2"), NOW).is_err());
        assert!(failures.judge(Some("anything"), neighbour, NOW).is_ok());
    }

    #[test]
    fn without_an_address_nobody_waits_and_the_audit_log_still_gets_one_event_of_a_kind() {
        let failures = failures();
        let first: usize = (0..100)
            .map(|_| usize::from(failures.note(Some("a"), None, "wrong secret", NOW).first))
            .sum();
        assert_eq!(first, 1);
        assert!(failures.judge(Some("a"), None, NOW).is_ok());
    }

    #[test]
    fn many_networks_together_bring_a_bounded_number_of_events() {
        let failures = failures();
        let mut events = 0;
        for n in 0..u32::try_from(MOST).unwrap() + 10 {
            let from = Some(std::net::Ipv4Addr::from_bits(n).into());
            events += u32::from(failures.note(None, from, "unknown client", NOW).first);
        }
        assert_eq!(events, MOST_EVENTS);
        assert!(failures.networks.0.lock().unwrap().len() <= MOST);
    }
}
