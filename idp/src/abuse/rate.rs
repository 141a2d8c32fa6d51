//! Requests of one address in a span of time, counted in memory: no write for a request that reads.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use signum_core::Timestamp;

/// Addresses remembered at a time; beyond, those whose span is over are forgotten, and then the whole.
const MOST: usize = 200_000;

/// The counts.
pub(crate) struct Rates {
    most: u32,
    span: Duration,
    counts: Mutex<HashMap<IpAddr, Count>>,
}

#[derive(Clone, Copy)]
struct Count {
    since: Timestamp,
    requests: u32,
}

impl Rates {
    /// `most` of 0 is no limit.
    pub(crate) fn new(most: u32, span: Duration) -> Self {
        Self {
            most,
            span,
            counts: Mutex::new(HashMap::new()),
        }
    }

    /// Counts a request; the error says for how long the address has to wait.
    pub(crate) fn count(&self, address: IpAddr, now: Timestamp) -> Result<(), Duration> {
        if self.most == 0 {
            return Ok(());
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MOST {
            counts.retain(|_, count| now.since(count.since) < self.span);
            if counts.len() >= MOST {
                counts.clear();
            }
        }
        let count = counts.entry(household(address)).or_insert(Count {
            since: now,
            requests: 0,
        });
        if now.since(count.since) >= self.span {
            *count = Count {
                since: now,
                requests: 0,
            };
        }
        if count.requests >= self.most {
            return Err(self.span.saturating_sub(now.since(count.since)));
        }
        count.requests += 1;
        Ok(())
    }
}

/// An IPv6 subscriber has a network of at least 64 bits, so that is what counts as one address.
pub(crate) fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    #[test]
    fn an_address_waits_for_the_end_of_its_span_and_disturbs_no_other() {
        let rates = Rates::new(3, Duration::from_secs(300));
        let (one, other) = ("198.51.100.1".parse().unwrap(), "198.51.100.2".parse().unwrap());
        for _ in 0..3 {
            assert!(rates.count(one, NOW).is_ok());
        }
        let later = NOW.plus(Duration::from_secs(100));
        assert_eq!(rates.count(one, later), Err(Duration::from_secs(200)));
        assert!(rates.count(other, later).is_ok());
        assert!(rates.count(one, NOW.plus(Duration::from_secs(300))).is_ok());
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let rates = Rates::new(1, Duration::from_secs(300));
        assert!(rates.count("2001:db8:0:1::1".parse().unwrap(), NOW).is_ok());
        assert!(rates.count("2001:db8:0:1:ffff::2".parse().unwrap(), NOW).is_err());
        assert!(rates.count("2001:db8:0:2::1".parse().unwrap(), NOW).is_ok());
    }

    #[test]
    fn a_flood_of_addresses_takes_bounded_memory() {
        let rates = Rates::new(1, Duration::from_secs(300));
        for n in 0..u32::try_from(MOST).unwrap() + 10 {
            let _ = rates.count(std::net::Ipv4Addr::from_bits(n).into(), NOW);
        }
        assert!(rates.counts.lock().unwrap().len() <= MOST);
    }
}
