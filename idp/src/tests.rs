//! The whole provider in this process: router, real database (SQLite, or PostgreSQL by SIGNUM_TEST_POSTGRES), software
//! authenticator, manual clock. Only the HSM is a stand-in; the real one is exercised in tests/it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod abuse;
mod account;
mod activation;
mod authorize;
mod backchannel;
mod browser;
mod code;
mod consent;
mod login;
mod logout;
mod bound;
mod logout_race;
mod means;
mod refresh;
mod relying_party;
mod representation;
mod service;
mod session;
mod soft_hsm;
mod tokens;
mod world;
