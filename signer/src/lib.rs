//! The remote signature service: enrolment, the signing desk, PAdES, evidence (ARCHITECTURE "Enrol for signing", "Sign a PDF").
//!
//! The web tier stores and forwards; sole control is in `signum-signing-module` behind [`module::SigningModule`].

pub mod cms;
mod config;
mod desk;
mod enrol;
mod http;
mod login;
pub mod module;
mod officers;
mod pace;
pub mod pades;
mod pages;
mod person;
mod provider;
mod purge;
mod secret;
mod service;
mod session;
mod sign;
mod unbroken;
mod words;

#[cfg(test)]
mod test_desk;
#[cfg(test)]
mod test_key;

pub use config::Config;
pub use officers::OfficersError;
pub use service::{Deps, Service, StartError, client};

use signum_core::db::Migration;

/// The signer's tables, after the core's.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "signer/0001_signer",
        sql: include_str!("../../migrations/signer/0001_signer.sql"),
    },
    Migration {
        name: "signer/0002_signing",
        sql: include_str!("../../migrations/signer/0002_signing.sql"),
    },
    Migration {
        name: "signer/0003_officer_log_in",
        sql: include_str!("../../migrations/signer/0003_officer_log_in.sql"),
    },
    Migration {
        name: "signer/0004_enrolment_due",
        sql: include_str!("../../migrations/signer/0004_enrolment_due.sql"),
    },
];
