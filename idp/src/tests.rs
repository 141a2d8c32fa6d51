//! The whole provider in this process: router, real database (SQLite, or PostgreSQL by SIGNUM_TEST_POSTGRES), software
//! authenticator, manual clock. Only the HSM is a stand-in; the real one is exercised in tests/it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod abuse;
mod account;
mod activation;
mod agency;
mod authorize;
mod backchannel;
mod bound;
mod browser;
pub(crate) mod certificate;
mod claims_parameter;
mod client_auth;
mod code;
mod consent;
mod consents;
mod cve;
mod cve_secrets;
mod database_away;
mod details;
mod device;
mod discovery;
mod flow;
mod fuzz;
mod levels;
mod login;
mod logout;
mod logout_race;
mod means;
mod mtls;
mod par;
mod profiles;
mod refresh;
mod release;
mod relying_party;
mod representation;
mod request_object;
mod resource;
mod response_modes;
mod rotation;
mod secured;
mod service;
mod session;
mod soft_hsm;
mod tokens;
mod world;
