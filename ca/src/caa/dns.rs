//! Asks the configured resolver (RFC 1035; TCP where an answer is cut short). What it says is taken as it is: a validating
//! resolver answers SERVFAIL where DNSSEC does not hold.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hickory_resolver::config::{NameServerConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle, FirstAnswer};
use hickory_resolver::net::{DnsError, NetError, NoRecords, RetryDnsHandle};
use hickory_resolver::proto::op::{DnsRequestOptions, DnsResponse, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::{NameServerPool, PoolContext, TlsConfig};

use super::Source;
use super::property::Property;

/// How often a question is put again after the first time.
const AGAIN: usize = 1;
/// How many answers an alias may need that the resolver did not follow itself.
const ALIASES: usize = 8;

/// One resolver. It is asked each time: caching is its business, by the records' own times to live.
pub(super) struct Dns {
    server: RetryDnsHandle<NameServerPool<TokioRuntimeProvider>>,
}

/// What an answer says about a name.
enum Said {
    Set(Vec<Property>),
    /// It is an alias of this one, about which nothing is said.
    Alias(Name),
    Nothing,
}

impl Dns {
    pub fn new(address: SocketAddr, patience: Duration) -> Result<Self, NetError> {
        let mut server = NameServerConfig::udp_and_tcp(address.ip());
        for connection in &mut server.connections {
            connection.port = address.port();
        }
        let mut options = ResolverOpts::default();
        options.timeout = patience;
        options.num_concurrent_reqs = 1;
        let context = PoolContext::new(options, TlsConfig::new()?);
        let pool = NameServerPool::from_config([server], Arc::new(context), TokioRuntimeProvider::default());
        let server = RetryDnsHandle::new(pool, AGAIN);
        Ok(Self { server })
    }

    async fn ask(&self, name: &Name) -> Result<Said, String> {
        let query = Query::query(name.clone(), RecordType::CAA);
        let answer = self
            .server
            .lookup(query, DnsRequestOptions::default())
            .first_answer()
            .await;
        match answer {
            Ok(response) => said(&response, name),
            Err(NetError::Dns(DnsError::NoRecordsFound(none))) if is_final(&none) => Ok(Said::Nothing),
            Err(error) => Err(error.to_string()),
        }
    }
}

#[async_trait]
impl Source for Dns {
    async fn set(&self, domain: &str) -> Result<Vec<Property>, String> {
        let mut name = Name::from_ascii(domain).map_err(|error| error.to_string())?;
        name.set_fqdn(true);
        for _ in 0..ALIASES {
            match self.ask(&name).await? {
                Said::Set(set) => return Ok(set),
                Said::Nothing => return Ok(Vec::new()),
                Said::Alias(target) => name = target,
            }
        }
        Err("too many aliases".to_owned())
    }
}

/// That there are no records, said by who knows; a server that only knows whom else to ask is no resolver.
fn is_final(none: &NoRecords) -> bool {
    let referred = none.ns.is_some() && none.soa.is_none();
    matches!(none.response_code, ResponseCode::NoError | ResponseCode::NXDomain) && !referred
}

/// Follows the aliases within the answer, then takes the records of the last one.
fn said(response: &DnsResponse, name: &Name) -> Result<Said, String> {
    if !matches!(response.response_code, ResponseCode::NoError | ResponseCode::NXDomain) || response.truncation {
        return Err(format!("an answer that is none: {}", response.response_code));
    }
    let (mut owner, mut is_alias) = (name, false);
    let targets = response.answers.iter().filter_map(|record| match &record.data {
        RData::CNAME(target) => Some((&record.name, &target.0)),
        _ => None,
    });
    for (from, to) in targets {
        if from == owner {
            (owner, is_alias) = (to, true);
        }
    }
    let mut set = Vec::new();
    for record in &response.answers {
        match &record.data {
            RData::CAA(caa) if &record.name == owner => set.push(Property {
                flags: caa.flags(),
                tag: caa.tag.clone(),
                value: caa.value.clone(),
            }),
            RData::CAA(_) => return Err("CAA records of another name".to_owned()),
            // The resolver could not read what it was given.
            data if data.record_type() == RecordType::CAA => return Err("a CAA record without sense".to_owned()),
            _ => {}
        }
    }
    Ok(match response.response_code {
        _ if !set.is_empty() => Said::Set(set),
        ResponseCode::NoError if is_alias => Said::Alias(owner.clone()),
        _ => Said::Nothing,
    })
}
