//! What the integration tests stand on: the workspace as cargo sees it, and the whole app on free ports.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

pub mod app;
pub mod client_key;
pub mod database;
pub mod postgres;
pub mod relying_party;
pub mod replica;
pub mod trip;
pub mod visitor;
pub mod witness;
pub mod workspace;
