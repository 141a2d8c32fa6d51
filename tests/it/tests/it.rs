//! The one integration test binary: `./test --list` says which suite runs which of these modules.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod audit;
mod backup;
mod ca;
mod card;
mod ceremony;
mod clients;
mod database_away;
mod hsm;
mod idp;
mod judges;
mod officers;
mod personalisation;
mod races;
mod replicas;
mod running;
mod signer;
mod store;
mod structure;
