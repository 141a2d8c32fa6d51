//! What a bulk action does to which certificates: data with canonical octets, so that two officers agree to the same thing.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use signum_core::Timestamp;
use signum_core::contract::StatusAction;
use signum_core::db::Value;
use signum_gesture::fields::Fields;

use super::BulkError;
use crate::authority::AuthorityName;
use crate::status::Change;
use crate::{KeyKind, profile};

const DOMAIN: &[u8] = b"signum-ca-bulk-v1";
const WITHDRAWN_DOMAIN: &[u8] = b"signum-ca-bulk-withdrawn-v1";
/// A faster pace is a slip of the hand.
const FASTEST: u32 = 10_000_000;

/// Which certificates: all conditions that are given hold. The CA's own keys are never among them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predicate {
    /// Name of an authority, such as `qsig`.
    pub issuer: Option<String>,
    /// Name of a profile, such as `citizen-signature`.
    pub profile: Option<String>,
    pub key: Option<KeyKind>,
    /// Id of the registration desk that asked for it.
    pub desk: Option<String>,
    /// Issued at this time or later.
    pub issued_from: Option<Timestamp>,
    /// Issued before this time. A time to come takes in what is issued meanwhile: the action then runs until that time.
    pub issued_until: Option<Timestamp>,
}

/// What a bulk action does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub action: StatusAction,
    pub predicate: Predicate,
    /// Certificates a minute.
    pub pace: u32,
}

/// A plan as it was prepared: for this one action, for so many certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prepared {
    pub id: [u8; 16],
    pub plan: Plan,
    pub counted: u64,
    pub prepared_at: Timestamp,
}

impl Plan {
    pub(super) fn change(&self) -> Result<Change, BulkError> {
        Ok(Change::of(self.action)?)
    }

    /// Refuses what nobody can mean, and says in full what was left open: without `issued_until` it is now.
    pub(super) fn settled(mut self, now: Timestamp) -> Result<Self, BulkError> {
        self.change()?;
        let of = &mut self.predicate;
        let until = *of.issued_until.get_or_insert(now);
        let checks = [
            (
                of.issuer.is_some() || of.profile.is_some() || of.key.is_some() || of.desk.is_some(),
                "one of issuer, profile, key and desk at least",
            ),
            (
                of.issuer
                    .as_deref()
                    .is_none_or(|name| AuthorityName::parse(name).is_some()),
                "issuer: an authority's name",
            ),
            (
                of.profile
                    .as_deref()
                    .is_none_or(|id| profile::by_id(id).is_some_and(|p| !p.is_authority())),
                "profile: the name of a profile of leaf certificates",
            ),
            (
                of.desk.as_deref().is_none_or(|id| !id.is_empty() && id.len() <= 64),
                "desk: an id",
            ),
            (
                of.issued_from.is_none_or(|from| from < until),
                "issued_from before issued_until",
            ),
            ((1..=FASTEST).contains(&self.pace), "pace: 1 to 10000000 a minute"),
        ];
        match checks.into_iter().find(|(holds, _)| !holds) {
            None => Ok(self),
            Some((_, problem)) => Err(BulkError::Plan(problem)),
        }
    }

    /// Just before the first certificate that may match.
    pub(super) fn start(&self) -> Cursor {
        Cursor {
            issued_at: Timestamp(self.predicate.issued_from.map_or(-1, |from| from.0.saturating_sub(1))),
            issuer: String::new(),
            serial: Vec::new(),
        }
    }

    pub(super) fn until(&self) -> Timestamp {
        self.predicate.issued_until.unwrap_or(Timestamp(0))
    }

    /// The parameters `$1` to `$8` of [`matching!`].
    pub(super) fn parameters(&self, after: &Cursor) -> Vec<Value> {
        let of = &self.predicate;
        signum_core::params![
            of.issuer.as_deref(),
            of.profile.as_deref(),
            of.key.map(KeyKind::as_str),
            of.desk.as_deref(),
            self.until(),
            after.issued_at,
            &after.issuer,
            &after.serial,
        ]
    }
}

/// Certificates `c` that a plan matches behind a place in the order of issuance.
macro_rules! matching {
    () => {
        "c.certificate IS NOT NULL AND c.holder IS NULL
         AND ($1 IS NULL OR c.issuer = $1) AND ($2 IS NULL OR c.profile = $2)
         AND ($3 IS NULL OR c.key_kind = $3) AND ($4 IS NULL OR c.desk = $4)
         AND c.issued_at < $5 AND (c.issued_at, c.issuer, c.serial) > ($6, $7, $8)"
    };
}
pub(super) use matching;

/// A place in the order of issuance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub issued_at: Timestamp,
    pub issuer: String,
    pub serial: Vec<u8>,
}

impl Prepared {
    /// What an officer signs to take it back; no gesture of an approval passes for it.
    pub fn withdrawn(&self) -> [u8; 32] {
        let digest = Sha256::new_with_prefix(WITHDRAWN_DOMAIN);
        digest.chain_update(self.hash()).finalize().into()
    }

    /// SHA-256 of every field behind its length; what is left open is an empty field.
    pub fn hash(&self) -> [u8; 32] {
        let of = &self.plan.predicate;
        let (kind, reason) = match self.plan.action {
            StatusAction::Revoke { reason } => ("revoke", reason),
            StatusAction::Suspend => ("suspend", 0),
            StatusAction::Reinstate => ("reinstate", 0),
        };
        let text = |value: Option<&str>| value.map_or_else(Vec::new, |text| given(text.as_bytes()));
        let time = |value: Option<Timestamp>| value.map_or_else(Vec::new, |at| given(&at.0.to_be_bytes()));
        let octets = Fields::of(DOMAIN)
            .field(&self.id)
            .field(kind.as_bytes())
            .field(&[reason])
            .field(&text(of.issuer.as_deref()))
            .field(&text(of.profile.as_deref()))
            .field(&text(of.key.map(KeyKind::as_str)))
            .field(&text(of.desk.as_deref()))
            .field(&time(of.issued_from))
            .field(&time(of.issued_until))
            .field(&self.plan.pace.to_be_bytes())
            .field(&self.counted.to_be_bytes())
            .field(&self.prepared_at.0.to_be_bytes());
        Sha256::digest(octets.bytes()).into()
    }

    /// One line for the officer who agrees.
    pub fn summary(&self) -> String {
        let of = &self.plan.predicate;
        let action = match self.plan.action {
            StatusAction::Revoke { reason } => format!("revoke (reason {reason})"),
            StatusAction::Suspend => "suspend".to_owned(),
            StatusAction::Reinstate => "reinstate".to_owned(),
        };
        let mut which = Vec::new();
        let named = [
            ("issuer", of.issuer.clone()),
            ("profile", of.profile.clone()),
            ("key", of.key.map(|key| key.as_str().to_owned())),
            ("desk", of.desk.clone()),
            ("from", of.issued_from.map(|at| at.to_string())),
            ("until", of.issued_until.map(|at| at.to_string())),
        ];
        for (name, value) in named {
            which.extend(value.map(|value| format!("{name} {value}")));
        }
        let line = format!("{action} {} certificates: {}", self.counted, which.join(", "));
        line.chars().take(200).collect()
    }
}

/// A value that is there, told from none by a one before it.
fn given(value: &[u8]) -> Vec<u8> {
    [&[1], value].concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn prepared() -> Prepared {
        Prepared {
            id: [1; 16],
            plan: Plan {
                action: StatusAction::Suspend,
                predicate: Predicate {
                    issuer: Some("qsig".to_owned()),
                    key: Some(KeyKind::Rsa),
                    issued_until: Some(Timestamp(5)),
                    ..Predicate::default()
                },
                pace: 100,
            },
            counted: 7,
            prepared_at: Timestamp(9),
        }
    }

    #[test]
    fn every_part_of_a_plan_is_agreed_to() {
        let changes: [fn(&mut Prepared); 12] = [
            |p| p.id = [2; 16],
            |p| p.plan.action = StatusAction::Reinstate,
            |p| p.plan.action = StatusAction::Revoke { reason: 0 },
            |p| p.plan.predicate.issuer = None,
            |p| p.plan.predicate.profile = Some(String::new()),
            |p| p.plan.predicate.key = Some(KeyKind::P256),
            |p| p.plan.predicate.desk = Some("d".to_owned()),
            |p| p.plan.predicate.issued_from = Some(Timestamp(0)),
            |p| p.plan.predicate.issued_until = None,
            |p| p.plan.pace = 101,
            |p| p.counted = 8,
            |p| p.prepared_at = Timestamp(10),
        ];
        let hashes: std::collections::BTreeSet<_> = changes
            .iter()
            .map(|change| {
                let mut changed = prepared();
                change(&mut changed);
                changed.hash()
            })
            .chain([prepared().hash()])
            .collect();
        assert_eq!(hashes.len(), 13);
        let read: Prepared = serde_json::from_str(&serde_json::to_string(&prepared()).unwrap()).unwrap();
        assert_eq!(read.hash(), prepared().hash());
    }

    #[test]
    fn a_plan_that_nobody_can_mean_is_refused() {
        let now = Timestamp(100);
        assert!(prepared().plan.settled(now).is_ok());
        let wrong: [fn(&mut Plan); 6] = [
            |p| p.predicate = Predicate::default(),
            |p| p.predicate.issuer = Some("nobody".to_owned()),
            |p| p.predicate.profile = Some("root".to_owned()),
            |p| p.predicate.issued_from = Some(Timestamp(5)),
            |p| p.pace = 0,
            |p| p.action = StatusAction::Revoke { reason: 6 },
        ];
        for spoil in wrong {
            let mut plan = prepared().plan;
            spoil(&mut plan);
            assert!(plan.clone().settled(now).is_err(), "{plan:?}");
        }
    }

    #[test]
    fn without_an_end_a_plan_is_about_what_was_issued_before_it() {
        let mut plan = prepared().plan;
        plan.predicate.issued_until = None;
        assert_eq!(plan.settled(Timestamp(100)).unwrap().until(), Timestamp(100));
    }
}
