//! Which authorities may certify a server's name, as its domain says in the DNS: CAA records (RFC 8659), looked up before the
//! intent of a TLS certificate is stored (CA/Browser Forum Baseline Requirements section 3.2.2.8).
//!
//! A look that fails permits nothing. Each issuance looks anew, and what was found is kept with the certificate's row.

mod climb;
mod dns;
mod look;
mod property;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use signum_core::Timestamp;
use x509_cert::ext::pkix::name::GeneralName;

use crate::config::{Config, ConfigError};
use climb::relevant;
use dns::Dns;
pub(crate) use look::{Look, digest, store};
use property::{Property, permits};

/// All names of one certificate, each with every domain above it, are looked up within this time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why CAA does not let a certificate be issued. Names servers, which are no people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaaError {
    /// The domain's owner does not want it.
    #[error("the CAA records of {at} do not let this CA certify {name}: {why}")]
    Forbidden {
        name: String,
        /// The domain whose records decide.
        at: String,
        why: &'static str,
        /// As zone files write them.
        records: Vec<String>,
    },
    /// What the domain's owner wants could not be learned.
    #[error("the CAA records for {name} are not known: {why} (asked about {at})")]
    Unknown { name: String, at: String, why: String },
}

impl CaaError {
    /// Stable name, for audit and problems.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Forbidden { .. } => "caa_forbids",
            Self::Unknown { .. } => "caa_unknown",
        }
    }
}

/// What knows the CAA records of a domain.
#[async_trait]
trait Source: Send + Sync + 'static {
    /// The set at exactly this domain, or where its aliases lead; empty when there is none. An error is a failed look-up.
    async fn set(&self, domain: &str) -> Result<Vec<Property>, String>;
}

/// Looks up whether we may certify names.
pub(crate) struct Caa {
    source: Box<dyn Source>,
    /// By what domains' owners name this CA.
    ours: Vec<String>,
}

impl Caa {
    /// Nothing where no resolver is configured.
    pub fn new(config: &Config) -> Result<Option<Self>, ConfigError> {
        let Some(address) = config.caa_resolver() else {
            return Ok(None);
        };
        let patience = Duration::from_secs(config.caa_timeout_seconds.into());
        let dns = Dns::new(address, patience).map_err(|error| ConfigError {
            field: "caa_resolver",
            problem: error.to_string().into(),
        })?;
        Ok(Some(Self {
            source: Box::new(dns),
            ours: config.caa_identifiers.clone(),
        }))
    }

    /// Looks for every DNS name; an IP address has no CAA records.
    pub async fn look(&self, names: &[GeneralName], now: Timestamp) -> Result<Vec<Look>, CaaError> {
        let names: Vec<&str> = names
            .iter()
            .filter_map(|name| match name {
                GeneralName::DnsName(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        let Some(first) = names.first() else {
            return Ok(Vec::new());
        };
        let looked = match tokio::time::timeout(PATIENCE, self.look_each(&names, now)).await {
            Ok(looked) => looked,
            Err(_) => Err(CaaError::Unknown {
                name: (*first).to_owned(),
                at: (*first).to_owned(),
                why: "the resolver takes too long".to_owned(),
            }),
        };
        let outcome = looked.as_ref().map_or_else(CaaError::code, |_| "permitted");
        metrics::counter!("ca_caa_looks_total", "outcome" => outcome).increment(1);
        looked
    }

    async fn look_each(&self, names: &[&str], now: Timestamp) -> Result<Vec<Look>, CaaError> {
        let mut known = BTreeMap::new();
        let mut looks = Vec::with_capacity(names.len());
        for name in names {
            // RFC 8659 section 3: a wildcard's records are those of what stands after `*.`.
            let (wildcard, domain) = name.strip_prefix("*.").map_or((false, *name), |rest| (true, rest));
            let found = relevant(self.source.as_ref(), domain, &mut known).await;
            let found = found.map_err(|failed| CaaError::Unknown {
                name: (*name).to_owned(),
                at: failed.at,
                why: failed.why,
            })?;
            if let Some((at, set)) = &found
                && let Err(why) = permits(set, wildcard, &self.ours)
            {
                return Err(CaaError::Forbidden {
                    name: (*name).to_owned(),
                    at: at.clone(),
                    why,
                    records: set.iter().map(Property::to_string).collect(),
                });
            }
            looks.push(Look::new(name, found, now));
        }
        Ok(looks)
    }
}
