//! The OpenID provider (OpenID Connect Core 1.0, RFC 6749, RFC 7636, RFC 9700): log-in by passkey or card, authorize, token, logout.
//!
//! `http -> flow -> model`: [`http`] parses and renders, the flows are `authorize`, `login`, `consent`, `token`, `userinfo`,
//! `logout` and `activate`. Admin calls for the wiring are in [`people`] and [`clients`].

mod abuse;
mod account;
mod activate;
mod authorize;
mod binding;
mod claim;
pub mod client_auth;
pub mod clients;
mod code;
mod config;
mod consent;
mod derived_key;
mod device;
mod discovery;
mod dpop;
mod entitlement;
mod for_client;
mod form;
mod http;
mod interaction;
mod introspection;
pub mod jose;
mod jws;
pub mod keys;
mod level;
pub mod login;
mod logout;
mod outbound;
mod par;
mod passkey;
pub mod people;
mod purge;
pub mod representation;
mod revocation;
mod scope;
mod secret;
mod service;
mod session;
mod single_use;
mod subject;
#[cfg(test)]
mod tests;
mod token;
mod userinfo;
mod worth;
mod zone;

pub use abuse::Limits;
pub use config::Config;
pub use keys::{KeyError, key_use};
pub use level::Level;
pub use login::CardSettings;
pub use outbound::OutboundSettings;
pub use service::{Deps, Service, StartError};
use signum_core::db::Migration;
pub use token::resource::{ResourceError, register as register_resource};
pub use worth::{Authenticator, Levels, Worth};

/// The tables of this service; the core's own go before them.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "idp/0001_idp",
        sql: include_str!("../../migrations/idp/0001_idp.sql"),
    },
    Migration {
        name: "idp/0002_clients",
        sql: include_str!("../../migrations/idp/0002_clients.sql"),
    },
    Migration {
        name: "idp/0003_token",
        sql: include_str!("../../migrations/idp/0003_token.sql"),
    },
    Migration {
        name: "idp/0004_requests",
        sql: include_str!("../../migrations/idp/0004_requests.sql"),
    },
    Migration {
        name: "idp/0005_session",
        sql: include_str!("../../migrations/idp/0005_session.sql"),
    },
    Migration {
        name: "idp/0006_registration",
        sql: include_str!("../../migrations/idp/0006_registration.sql"),
    },
    Migration {
        name: "idp/0007_device",
        sql: include_str!("../../migrations/idp/0007_device.sql"),
    },
    Migration {
        name: "idp/0009_withdrawal",
        sql: include_str!("../../migrations/idp/0009_withdrawal.sql"),
    },
    Migration {
        name: "idp/0010_person_sealed",
        sql: include_str!("../../migrations/idp/0010_person_sealed.sql"),
    },
    Migration {
        name: "idp/0011_failures_and_logout",
        sql: include_str!("../../migrations/idp/0011_failures_and_logout.sql"),
    },
    Migration {
        name: "idp/0012_card",
        sql: include_str!("../../migrations/idp/0012_card.sql"),
    },
    Migration {
        name: "idp/0013_passkeys",
        sql: include_str!("../../migrations/idp/0013_passkeys.sql"),
    },
    Migration {
        name: "idp/0014_resource",
        sql: include_str!("../../migrations/idp/0014_resource.sql"),
    },
    Migration {
        name: "idp/0015_card_validity",
        sql: include_str!("../../migrations/idp/0015_card_validity.sql"),
    },
];
