//! The shared kit every Signum service stands on: clock, randomness, ids, database, jobs, audit, HTTP, words, page shell.
//!
//! Nothing here knows what a certificate, a login or a signature is; see `docs/ARCHITECTURE.md`.

pub mod audit;
pub mod clock;
pub mod config;
pub mod contract;
pub mod cx;
pub mod db;
pub mod http;
pub mod i18n;
pub mod id;
pub mod jobs;
pub mod random;
pub mod telemetry;
pub mod ui;

pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use cx::Cx;
pub use db::{Db, DbError, Tx};
pub use id::Id;
pub use random::{OsRandom, Random};
