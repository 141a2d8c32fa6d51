//! The ceremony file (YAML): the one thing that is written, read aloud, approved and carried out (S-01).
//!
//! Everything that will stand in a certificate stands here; nothing is taken from the machine that holds the ceremony. What
//! is approved is the SHA-256 of the file's octets, comments included.

use std::fmt;

use serde::Deserialize;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use sha2::{Digest, Sha256};

use crate::config::Algorithms;

/// The one form there is.
pub const FORM: &str = "signum-ceremony-1";
/// Longest file read.
const LONGEST: usize = 128 * 1024;

/// What is done on the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Make the root's key, its own certificate and its first list.
    Root,
    /// Make keys of issuing CAs and their requests.
    Issuing,
    /// The same for the next generation of CAs that are there.
    ReKey,
    /// Certify issuing CAs' requests with the root's key.
    Sign,
    /// Sign the root's list anew.
    RootList,
    /// Revoke issuing CAs: sign a list that says so.
    Revoke,
}

/// A ceremony file as written; [`Plan`](super::Plan) is what it means.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CeremonyFile {
    pub form: String,
    pub kind: Kind,
    pub title: String,
    /// RFC 3339 in UTC, whole seconds: `2026-11-24T08:00:00Z`. Before it and from `until` on nothing is opened.
    pub from: String,
    pub until: String,
    /// 32 random octets: makes each ceremony one of its kind.
    pub nonce: String,
    pub officers: Lists,
    /// SHA-256 of the executable that will hold it.
    pub binary: String,
    /// SHA-256 of the outside auditor's certificate (DER).
    pub auditor: String,
    pub token: TokenNamed,
    pub names: Names,
    pub root: Option<RootKey>,
    pub issuer: Option<IssuerNamed>,
    pub keys: Option<Vec<IssuingKey>>,
    pub requests: Option<Vec<RequestNamed>>,
    pub root_list: Option<RootList>,
    pub revoke: Option<Vec<Revoked>>,
}

/// Which officers: the published hash of the first list, and the list in force.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lists {
    pub genesis: String,
    pub list: String,
}

/// The token that is opened.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenNamed {
    pub label: String,
    /// As the token says it; left out where it is not known before.
    pub serial: Option<String>,
}

/// What certificates of authorities say of us, as `ca.*` of the configuration does for the service.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    pub public_url: String,
    pub cps_url: String,
    pub country: String,
    /// Of the TLS authority's name; as `country` where it is left out.
    pub tls_country: Option<String>,
    pub organization: String,
    pub organization_identifier: String,
    pub name_prefix: String,
    pub generation: u32,
    pub algorithms: Algorithms,
}

/// The root's key and certificate.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootKey {
    pub common_name: String,
    pub label: String,
    pub algorithm: String,
    pub days: i64,
}

/// The root that signs; its certificate lies in the folder as `in/root.der`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerNamed {
    pub common_name: String,
    pub label: String,
    /// SHA-256 of its certificate.
    pub certificate: String,
}

/// A key of an issuing CA, to be made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuingKey {
    pub authority: String,
    pub common_name: String,
    pub label: String,
    pub algorithm: String,
    /// SHA-256 of the certificate that it will follow; in a re-key alone.
    pub replaces: Option<String>,
}

/// A request of an issuing CA, `in/AUTHORITY.p10`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestNamed {
    pub authority: String,
    pub common_name: String,
    pub days: i64,
    /// SHA-256 of the file.
    pub request: String,
}

/// The root's list of revoked CAs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootList {
    /// One more than the newest.
    pub number: u64,
    pub days: i64,
    /// Those that were revoked before.
    pub revoked: Vec<Listed>,
}

/// An entry of an earlier list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    pub serial: String,
    pub at: String,
    pub reason: Reason,
}

/// A CA to be revoked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    pub authority: String,
    pub serial: String,
    pub reason: Reason,
}

/// Why a CA's certificate is revoked (RFC 5280 section 5.3.1, those that fit a CA).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    Unspecified,
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
}

impl Kind {
    pub const ALL: [Self; 6] = [
        Self::Root,
        Self::Issuing,
        Self::ReKey,
        Self::Sign,
        Self::RootList,
        Self::Revoke,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Issuing => "issuing",
            Self::ReKey => "re-key",
            Self::Sign => "sign",
            Self::RootList => "root-list",
            Self::Revoke => "revoke",
        }
    }

    /// Whether it uses the root's key, so belongs on the offline machine.
    pub const fn is_of_root(self) -> bool {
        !matches!(self, Self::Issuing | Self::ReKey)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Reason {
    /// Of a CRLReason of RFC 5280 section 5.3.1; not every one is one of an authority's.
    pub const fn of(code: i64) -> Option<Self> {
        Some(match code {
            0 => Self::Unspecified,
            // The key of an authority.
            1 | 2 => Self::CaCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            _ => return None,
        })
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::CaCompromise => "ca-compromise",
            Self::AffiliationChanged => "affiliation-changed",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation-of-operation",
        }
    }
}

impl CeremonyFile {
    /// Reads a file strictly: unknown and repeated fields, anchors, merges, tags and several documents are refused.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err("too long".to_owned());
        }
        let mut budget = serde_saphyr::Budget::default();
        (budget.max_aliases, budget.max_anchors, budget.max_documents) = (0, 0, 1);
        let options = serde_saphyr::options! {
            budget: Some(budget),
            duplicate_keys: DuplicateKeyPolicy::Error,
            merge_keys: MergeKeyPolicy::Error,
            strict_booleans: true,
            reject_unsupported_tags: true,
            reject_tagged_field_names: true,
            with_snippet: false,
        };
        let file: Self = serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())?;
        if file.form != FORM {
            return Err(format!("form: {FORM} is the one that is understood"));
        }
        Ok(file)
    }

    /// What is read aloud and approved.
    pub fn hash(text: &[u8]) -> [u8; 32] {
        Sha256::digest(text).into()
    }
}

#[cfg(test)]
mod tests;
