//! The CA as other crates see it, on a real SoftHSM token and a real SQLite database.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod agree;
mod by_command;
mod caa;
mod ceremony;
mod crash;
mod crl;
mod day;
mod ends;
mod failover;
mod golden;
mod held;
mod house;
mod issuance;
mod lists;
mod ocsp;
mod office;
mod officers;
mod origin;
mod overview;
mod presigned;
mod profiles;
mod proxy;
mod registration;
mod relint;
mod replicas;
mod shards;
mod status;
mod timing;
mod tsa;
