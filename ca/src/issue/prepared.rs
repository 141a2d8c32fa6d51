//! Second stage: the exact octets to be signed, as the profile says them.

use std::sync::Arc;
use std::time::Duration;

use der::Encode;
use signum_core::{Random, Timestamp};

use super::IssueError;
use super::linted::{Linted, Rejected};
use super::request::Request;
use crate::Service;
use crate::authority::Issuer;
use crate::caa::{self, CaaError};
use crate::config::Config;
use crate::lint::{self, Context};
use crate::profile::Profile;
use crate::tbs::{Particulars, Tbs};

/// Relying parties' clocks may be this much behind (P-02 allows an hour).
const BACKDATE: Duration = Duration::from_secs(60);

/// Second stage: built, not yet linted.
pub(crate) struct Prepared {
    pub(super) issuer: Arc<Issuer>,
    pub(super) profile: &'static Profile,
    pub(super) serial: Vec<u8>,
    pub(super) tbs: Vec<u8>,
    pub(super) in_qscd: bool,
    /// What the CAA records of the server's names say; nothing where nobody is asked.
    pub(super) caa: Result<Vec<caa::Look>, CaaError>,
    pub(super) row: Intent,
}

/// What the database keeps of the intent besides.
pub(super) struct Intent {
    pub request: Request,
    pub fingerprint: [u8; 32],
    pub shard: u32,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

impl Prepared {
    /// Builds the certificate; refuses when it would outlive its issuer.
    pub fn new(service: &Service, request: Request) -> Result<Self, IssueError> {
        let config = &service.config;
        let serial = fresh_serial(config, service.cx.random.as_ref());
        let shard = shard_of(config, &serial);
        let issuer = Arc::clone(&request.issuer);
        let whole = Timestamp::from_seconds(service.cx.now().minus(BACKDATE).seconds());
        let not_before = issuer.validity.map_or(whole, |(from, _)| whole.max(from));
        let longest = Timestamp::from_seconds(not_before.seconds().saturating_add(request.validity - 1));
        let not_after = request
            .ends_by
            .map_or(longest, |end| longest.min(Timestamp::from_seconds(end.seconds())));
        if not_after <= service.cx.now() {
            let message = "what the certificate depends on has ended";
            return Err(IssueError::refused("ended", message));
        }
        if issuer.validity.is_some_and(|(_, to)| not_after > to) {
            let message = "the certificate would outlive its issuer: a new CA generation is due";
            return Err(IssueError::refused("outlives_issuer", message));
        }
        let particulars = Particulars {
            serial: &serial,
            subject: &request.subject,
            spki: &request.spki,
            not_before,
            not_after,
            in_qscd: request.in_qscd,
            shard,
            names: &request.names,
        };
        let tbs = Tbs::build(config, &issuer, request.profile, &particulars)?.to_der()?;
        Ok(Self {
            issuer,
            profile: request.profile,
            serial: serial.to_vec(),
            tbs,
            in_qscd: request.in_qscd,
            caa: Ok(Vec::new()),
            row: Intent {
                fingerprint: request.fingerprint()?,
                request,
                shard,
                not_before,
                not_after,
            },
        })
    }

    /// Looks up CAA records: after the request was found fit, and outside any transaction.
    pub async fn ask_domains(&mut self, service: &Service) {
        if let Some(caa) = &service.caa {
            self.caa = caa.look(&self.row.request.names, service.cx.now()).await;
        }
    }

    /// Reads the octets with the linter; the one way to a [`Linted`].
    pub fn lint(self, config: &Config, now: Timestamp) -> Result<Linted, Box<Rejected>> {
        let context = Context {
            config,
            issuer: &self.issuer,
            profile: self.profile,
            in_qscd: self.in_qscd,
            now,
        };
        match lint::lint(&self.tbs, &context) {
            Ok(()) => Ok(Linted::new(self)),
            Err(findings) => Err(Box::new(Rejected::new(self, findings))),
        }
    }

    pub(super) fn subject_id(&self) -> String {
        format!("{}:{}", self.issuer.name, hex::encode(&self.serial))
    }
}

/// One configured octet (replica) and 128 random bits: 17 octets, positive (P-01).
pub(crate) fn fresh_serial(config: &Config, source: &dyn Random) -> [u8; 17] {
    let mut serial = [config.serial_prefix; 17];
    if let Some(random) = serial.get_mut(1..) {
        source.fill(random);
    }
    serial
}

/// The serial number modulo the number of lists.
fn shard_of(config: &Config, serial: &[u8]) -> u32 {
    let shards = config.crl_shards.max(1);
    serial
        .iter()
        .fold(0u64, |sum, octet| (sum * 256 + u64::from(*octet)) % u64::from(shards)) as u32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use std::collections::BTreeSet;

    use der::Encode;
    use signum_core::OsRandom;
    use x509_cert::serial_number::SerialNumber;

    use super::*;

    #[test]
    fn of_a_hundred_thousand_serial_numbers_none_comes_twice_and_none_is_too_long() {
        let config = Config {
            serial_prefix: 0x7f,
            ..Config::default()
        };
        let all: BTreeSet<_> = (0..100_000).map(|_| fresh_serial(&config, &OsRandom)).collect();
        assert_eq!(all.len(), 100_000);
        let (mut zeros, mut ones) = ([0xff; 17], [0; 17]);
        for serial in &all {
            for (at, octet) in serial.iter().enumerate() {
                (zeros[at], ones[at]) = (zeros[at] & octet, ones[at] | octet);
            }
        }
        assert_eq!((zeros[0], ones[0]), (0x7f, 0x7f), "the prefix");
        assert!(
            zeros[1..].iter().all(|o| *o == 0) && ones[1..].iter().all(|o| *o == 0xff),
            "128 random bits"
        );
        let longest: SerialNumber = SerialNumber::new(all.last().unwrap()).unwrap();
        assert_eq!(longest.to_der().unwrap().len(), 2 + 17);
    }
}
