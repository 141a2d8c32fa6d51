//! The government CA: profiles, lint, issuance, status, OCSP, CRL, time stamps and the key ceremony.
//!
//! RFC 5280, RFC 6960, RFC 3161, EN 319 411-1 and -2, EN 319 412-1 to -5, EN 319 422. Outside it is [`Config`], [`Service`],
//! [`MIGRATIONS`] and the contracts that [`Service`] implements.

mod approval;
mod authority;
mod blocked_key;
mod bulk;
mod caa;
pub mod ceremony;
mod clock_look;
mod config;
mod contract;
mod crl;
mod export;
mod http;
mod issue;
mod jobs;
mod key_kind;
mod key_use;
mod lint;
mod name;
mod ocsp;
mod officer;
mod overview;
mod profile;
mod receipt;
mod registration;
mod relint;
mod server_name;
mod service;
mod signing;
mod status;
mod tbs;
mod termination;
mod tlv;
mod tsa;

pub use approval::{ApprovalError, ApprovalRequest, Approved, Kind as ApprovalKind, SettingsError, Waiting};
pub use authority::{AuthorityName, Role};
pub use bulk::{
    BulkError, Plan as BulkPlan, Predicate as BulkPredicate, Prepared as PreparedBulk, Progress as BulkProgress,
    Proposal as BulkProposal, State as BulkState,
};
pub use caa::CaaError;
pub use ceremony::{CeremonyError, DevelopmentTranscript as Transcript, Step};
pub use clock_look::ClockLook;
pub use config::{Algorithms, Checksum, ClockSource, Config, ConfigError, PersonIdentifier, Qscd, Unissued};
pub use crl::CrlError;
pub use export::ExportError;
pub use issue::{
    CommandIssueError, IssueError, LeafRequest, Lineage, Link, Official, Organization, Point, Seal, Server, Subject,
    Succession, Unwatched, Watch,
};
pub use key_kind::KeyKind;
pub use key_use::key_use;
pub use officer::{
    Card, CardSigns, ChainError, Gesture, ListError, ListHash, ListSignature, ListedOfficer, OfficerError, OfficerList,
    Officers, OfficersError, Pin, Role as OfficerRole, SignedList, key_and_gesture_pages, spoken,
};
pub use overview::{Answer, DueCeremony, List, Overview, OwnKey, Queue, RelintLook, overview};
pub use receipt::issuance_receipt;
pub use relint::{Relint, RelintFinding};
pub use service::{Deps, Replica, Service};
pub use status::{AuthorityRevocation, HistoryEntry, StatusError, authority_revocation};
pub use termination::{Manner, Termination, TerminationError, TerminationState};
pub use tsa::{Chrony, ClockCheck, ClockQuality, Unchecked};

use signum_core::db::Migration;

/// The CA's tables, after core's own.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "ca/0001_ca",
        sql: include_str!("../../migrations/ca/0001_ca.sql"),
    },
    Migration {
        name: "ca/0002_key_statement",
        sql: include_str!("../../migrations/ca/0002_key_statement.sql"),
    },
    Migration {
        name: "ca/0003_blocked_key",
        sql: include_str!("../../migrations/ca/0003_blocked_key.sql"),
    },
    Migration {
        name: "ca/0004_status",
        sql: include_str!("../../migrations/ca/0004_status.sql"),
    },
    Migration {
        name: "ca/0005_officers",
        sql: include_str!("../../migrations/ca/0005_officers.sql"),
    },
    Migration {
        name: "ca/0006_bulk",
        sql: include_str!("../../migrations/ca/0006_bulk.sql"),
    },
    Migration {
        name: "ca/0007_intent",
        sql: include_str!("../../migrations/ca/0007_intent.sql"),
    },
    Migration {
        name: "ca/0008_registration",
        sql: include_str!("../../migrations/ca/0008_registration.sql"),
    },
    Migration {
        name: "ca/0009_publication",
        sql: include_str!("../../migrations/ca/0009_publication.sql"),
    },
    Migration {
        name: "ca/0010_authority_end",
        sql: include_str!("../../migrations/ca/0010_authority_end.sql"),
    },
    Migration {
        name: "ca/0011_bulk_withdrawal",
        sql: include_str!("../../migrations/ca/0011_bulk_withdrawal.sql"),
    },
    Migration {
        name: "ca/0012_relint_look",
        sql: include_str!("../../migrations/ca/0012_relint_look.sql"),
    },
    Migration {
        name: "ca/0013_caa_look",
        sql: include_str!("../../migrations/ca/0013_caa_look.sql"),
    },
    Migration {
        name: "ca/0014_clock_look",
        sql: include_str!("../../migrations/ca/0014_clock_look.sql"),
    },
];
