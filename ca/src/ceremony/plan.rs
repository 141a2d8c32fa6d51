//! What a ceremony file means: every name, length, validity, algorithm and profile resolved and held against the rules that
//! certificates of authorities obey. Nothing here touches a token.

mod field;

use std::collections::BTreeSet;

use signum_core::Timestamp;
use signum_hsm_shim::KeyAlgorithm;
use x509_cert::ext::pkix::CrlReason;
use x509_cert::name::Name;

use super::file::{CeremonyFile, IssuerNamed, Kind, Reason, RequestNamed, RootList};
use crate::authority::{AuthorityName, Role};
use crate::config::Config;
use crate::name;
use crate::officer::ListHash;
use crate::profile::{self, DAY, Profile};
use field::{check_label, days, issuing, not_empty, octets, serial, text_of, time, wrong};

/// Longest time from the opening of the window to its end.
const LONGEST_WINDOW_DAYS: i64 = 7;

/// Longest life of the root's list.
const LONGEST_LIST_DAYS: i64 = 365;

/// A line of the file that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct PlanError {
    pub field: String,
    pub problem: String,
}

/// A ceremony that may be approved and carried out.
#[derive(Clone, Debug)]
pub struct Plan {
    pub file: CeremonyFile,
    /// SHA-256 of the file's octets.
    pub hash: [u8; 32],
    pub from: Timestamp,
    pub until: Timestamp,
    pub nonce: [u8; 32],
    pub genesis: ListHash,
    pub list: ListHash,
    pub binary: [u8; 32],
    pub auditor: [u8; 32],
    pub(crate) config: Config,
    pub(crate) work: Work,
}

#[derive(Clone, Debug)]
pub(crate) enum Work {
    Root {
        key: PlannedKey,
        days: i64,
        list: PlannedList,
    },
    Issuing(Vec<PlannedKey>),
    Sign {
        issuer: PlannedIssuer,
        requests: Vec<PlannedRequest>,
        list: Option<PlannedList>,
    },
    List {
        issuer: PlannedIssuer,
        list: PlannedList,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct PlannedKey {
    pub authority: AuthorityName,
    pub subject: Name,
    pub label: String,
    pub algorithm: KeyAlgorithm,
}

#[derive(Clone, Debug)]
pub(crate) struct PlannedIssuer {
    pub authority: AuthorityName,
    pub label: String,
    pub certificate: [u8; 32],
}

#[derive(Clone, Debug)]
pub(crate) struct PlannedRequest {
    pub authority: AuthorityName,
    pub subject: Name,
    pub days: i64,
    pub request: [u8; 32],
}

#[derive(Clone, Debug)]
pub(crate) struct PlannedList {
    pub number: u64,
    pub days: i64,
    /// Serial, since when (`None`: from this ceremony on), why.
    pub entries: Vec<(Vec<u8>, Option<Timestamp>, CrlReason)>,
}

impl Work {
    /// The root's list that it signs.
    pub fn list(&self) -> Option<&PlannedList> {
        match self {
            Self::Root { list, .. } | Self::List { list, .. } => Some(list),
            Self::Sign { list, .. } => list.as_ref(),
            Self::Issuing(_) => None,
        }
    }
}

impl PlannedKey {
    pub fn profile(&self) -> &'static Profile {
        profile::of_authority(self.authority.role)
    }
}

impl PlannedRequest {
    pub fn profile(&self) -> &'static Profile {
        profile::of_authority(self.authority.role)
    }
}

impl Plan {
    /// Reads and resolves a file's octets.
    pub fn read(text: &[u8]) -> Result<Self, PlanError> {
        let utf8 = std::str::from_utf8(text).map_err(|_| wrong("file", "not UTF-8"))?;
        let file = CeremonyFile::parse(utf8).map_err(|why| wrong("file", why))?;
        let (from, until) = (time("from", &file.from)?, time("until", &file.until)?);
        if until <= from || until.seconds() - from.seconds() > LONGEST_WINDOW_DAYS * DAY {
            return Err(wrong(
                "until",
                format!("after `from`, and at most {LONGEST_WINDOW_DAYS} days"),
            ));
        }
        text_of("title", &file.title, 120)?;
        text_of("token.label", &file.token.label, 32)?;
        let config = config(&file)?;
        let list_hash = |field: &str, text: &str| octets(field, text).map(ListHash);
        Ok(Self {
            hash: CeremonyFile::hash(text),
            from,
            until,
            nonce: octets("nonce", &file.nonce)?,
            genesis: list_hash("officers.genesis", &file.officers.genesis)?,
            list: list_hash("officers.list", &file.officers.list)?,
            binary: octets("binary", &file.binary)?,
            auditor: octets("auditor", &file.auditor)?,
            work: work(&file, &config)?,
            config,
            file,
        })
    }

    pub fn kind(&self) -> Kind {
        self.file.kind
    }
}

/// The settings of the service that certificates of authorities depend on, as the file says them.
fn config(file: &CeremonyFile) -> Result<Config, PlanError> {
    let names = &file.names;
    for (field, text) in [
        ("names.organization", &names.organization),
        ("names.name_prefix", &names.name_prefix),
    ] {
        text_of(field, text, 64)?;
    }
    let config = Config {
        public_url: names.public_url.clone(),
        cps_url: names.cps_url.clone(),
        token: file.token.label.clone(),
        country: names.country.clone(),
        tls_country: names.tls_country.clone().unwrap_or_default(),
        organization: names.organization.clone(),
        organization_identifier: names.organization_identifier.clone(),
        name_prefix: names.name_prefix.clone(),
        generation: names.generation,
        algorithms: names.algorithms,
        ..Config::default()
    };
    config
        .check()
        .map_err(|error| wrong(format!("names.{}", error.field), error.problem))?;
    if !config.cps_url.starts_with("http") {
        return Err(wrong("names.cps_url", "an address"));
    }
    if config.generation == 0 {
        return Err(wrong("names.generation", "1 or more"));
    }
    Ok(config)
}

/// The sections that this kind has, and none besides.
fn work(file: &CeremonyFile, config: &Config) -> Result<Work, PlanError> {
    let kind = file.kind;
    let has = [
        ("root", file.root.is_some(), kind == Kind::Root),
        ("issuer", file.issuer.is_some(), kind.is_of_root() && kind != Kind::Root),
        ("keys", file.keys.is_some(), matches!(kind, Kind::Issuing | Kind::ReKey)),
        ("requests", file.requests.is_some(), kind == Kind::Sign),
        (
            "root_list",
            file.root_list.is_some(),
            kind.is_of_root() && (kind != Kind::Sign || file.root_list.is_some()),
        ),
        ("revoke", file.revoke.is_some(), kind == Kind::Revoke),
    ];
    for (section, there, belongs) in has {
        match (there, belongs) {
            (true, false) => {
                return Err(wrong(
                    section,
                    format!("does not belong into a ceremony of kind {kind}"),
                ));
            }
            (false, true) => return Err(wrong(section, format!("is missing in a ceremony of kind {kind}"))),
            _ => {}
        }
    }
    let list = file.root_list.as_ref().map(|list| root_list(file, list)).transpose()?;
    let issuer = file.issuer.as_ref().map(|named| issuer(named, config)).transpose()?;
    if let Some(root) = &file.root {
        let planned = Wanted {
            section: "root",
            authority: Role::Root.of(config.algorithms),
            common_name: &root.common_name,
        };
        let key = planned.key(config, &root.label, &root.algorithm)?;
        let days = days("root.days", root.days, key.profile())?;
        let list = list.ok_or_else(|| wrong("root_list", "is missing"))?;
        return Ok(Work::Root { key, days, list });
    }
    if let Some(keys) = &file.keys {
        let (mut planned, mut seen) = (Vec::new(), BTreeSet::new());
        for key in keys {
            let wanted = Wanted {
                section: "keys",
                authority: issuing(&key.authority, config)?,
                common_name: &key.common_name,
            };
            if !seen.insert(wanted.authority) {
                return Err(wrong("keys", format!("{} is there twice", key.authority)));
            }
            match (&key.replaces, kind) {
                (Some(hash), Kind::ReKey) => drop(octets::<32>("keys.replaces", hash)?),
                (None, Kind::Issuing) => {}
                (Some(_), _) => return Err(wrong("keys.replaces", "belongs into a re-key")),
                (None, _) => return Err(wrong("keys.replaces", "a re-key names the certificate that it follows")),
            }
            planned.push(wanted.key(config, &key.label, &key.algorithm)?);
        }
        if kind == Kind::ReKey && config.generation < 2 {
            return Err(wrong("names.generation", "a re-key makes a later generation"));
        }
        not_empty("keys", planned.is_empty())?;
        return Ok(Work::Issuing(planned));
    }
    let issuer = issuer.ok_or_else(|| wrong("issuer", "is missing"))?;
    match &file.requests {
        Some(named) => {
            let (mut requests, mut seen) = (Vec::new(), BTreeSet::new());
            for request in named {
                let planned = request_of(request, config)?;
                if !seen.insert(planned.authority) {
                    return Err(wrong("requests", format!("{} is there twice", request.authority)));
                }
                requests.push(planned);
            }
            not_empty("requests", requests.is_empty())?;
            Ok(Work::Sign { issuer, requests, list })
        }
        None => {
            let list = list.ok_or_else(|| wrong("root_list", "is missing"))?;
            Ok(Work::List { issuer, list })
        }
    }
}

/// An authority with the common name that the file gives it.
struct Wanted<'a> {
    section: &'static str,
    authority: AuthorityName,
    common_name: &'a str,
}

impl Wanted<'_> {
    /// The whole name; it must be the one that the rules give.
    fn subject(&self, config: &Config) -> Result<Name, PlanError> {
        let field = format!("{}.common_name", self.section);
        text_of(&field, self.common_name, 64)?;
        let expected = name::authority_common_name(config, self.authority);
        if self.common_name != expected {
            return Err(wrong(field, format!("the names give {expected:?}")));
        }
        name::authority(config, self.authority).map_err(|error| wrong(field, error.to_string()))
    }

    fn key(&self, config: &Config, label: &str, algorithm: &str) -> Result<PlannedKey, PlanError> {
        let subject = self.subject(config)?;
        check_label(self.section, label, self.authority, config)?;
        let expected = self.authority.key_algorithm();
        if algorithm != expected.name() {
            let problem = format!("{} has {}", self.authority, expected.name());
            return Err(wrong(format!("{}.algorithm", self.section), problem));
        }
        Ok(PlannedKey {
            authority: self.authority,
            subject,
            label: label.to_owned(),
            algorithm: expected,
        })
    }
}

/// A root has a life of its own: its generation is that of its own label.
fn issuer(named: &IssuerNamed, config: &Config) -> Result<PlannedIssuer, PlanError> {
    text_of("issuer.common_name", &named.common_name, 64)?;
    text_of("issuer.label", &named.label, 64)?;
    Ok(PlannedIssuer {
        authority: Role::Root.of(config.algorithms),
        label: named.label.clone(),
        certificate: octets("issuer.certificate", &named.certificate)?,
    })
}

fn request_of(request: &RequestNamed, config: &Config) -> Result<PlannedRequest, PlanError> {
    let authority = issuing(&request.authority, config)?;
    let wanted = Wanted {
        section: "requests",
        authority,
        common_name: &request.common_name,
    };
    let subject = wanted.subject(config)?;
    Ok(PlannedRequest {
        authority,
        subject,
        days: days("requests.days", request.days, profile::of_authority(authority.role))?,
        request: octets("requests.request", &request.request)?,
    })
}

fn root_list(file: &CeremonyFile, list: &RootList) -> Result<PlannedList, PlanError> {
    if !(1..=LONGEST_LIST_DAYS).contains(&list.days) {
        return Err(wrong("root_list.days", format!("1 to {LONGEST_LIST_DAYS}")));
    }
    if list.number == 0 || i64::try_from(list.number).is_err() {
        return Err(wrong("root_list.number", "1 or more"));
    }
    let mut entries = Vec::new();
    for entry in &list.revoked {
        let serial = serial("root_list.revoked.serial", &entry.serial)?;
        let at = time("root_list.revoked.at", &entry.at)?;
        entries.push((serial, Some(at), entry.reason.into()));
    }
    for entry in file.revoke.iter().flatten() {
        if AuthorityName::parse(&entry.authority).is_none_or(AuthorityName::is_root) {
            return Err(wrong(
                "revoke.authority",
                format!("{:?} is no issuing CA", entry.authority),
            ));
        }
        entries.push((serial("revoke.serial", &entry.serial)?, None, entry.reason.into()));
    }
    if file.kind == Kind::Revoke && file.revoke.iter().flatten().next().is_none() {
        return Err(wrong("revoke", "is empty"));
    }
    // As lists have them: in the order of the numbers, each once (C-02).
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    if let Some(twice) = entries.windows(2).find(|pair| matches!(pair, [a, b] if a.0 == b.0)) {
        let serial = twice.first().map(|entry| hex::encode(&entry.0)).unwrap_or_default();
        return Err(wrong("root_list.revoked", format!("{serial} is there twice")));
    }
    Ok(PlannedList {
        number: list.number,
        days: list.days,
        entries,
    })
}

impl From<Reason> for CrlReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Unspecified => Self::Unspecified,
            Reason::CaCompromise => Self::CaCompromise,
            Reason::AffiliationChanged => Self::AffiliationChanged,
            Reason::Superseded => Self::Superseded,
            Reason::CessationOfOperation => Self::CessationOfOperation,
        }
    }
}
