//! `signum-load ca`: the CA's rates beside the limit of two bare HSM processes, on SQLite and PostgreSQL (issue 4).
//!
//! Each file below measures one thing and prints its own rows. `--only NAME` runs one of them; `--short` is for a first look.

mod bulk;
pub mod cost;
mod crl;
mod fill;
mod issuance;
mod ocsp;
mod restart;
mod served;
pub mod stand;
mod tsa;

use anyhow::Result;
use signum_ca::Algorithms;

use crate::Options;

/// Which database a stand has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// SQLite, and PostgreSQL where `SIGNUM_LOAD_POSTGRES` names a cluster's maintenance database.
    pub fn available() -> Vec<Self> {
        match stand::cluster() {
            Some(_) => vec![Self::Sqlite, Self::Postgres],
            None => vec![Self::Sqlite],
        }
    }
}

pub async fn run(options: &Options) -> Result<()> {
    let cores = std::thread::available_parallelism()?;
    println!("{cores} cores; limit = two bare processes that sign and verify with that key");
    let wanted = |name: &str| options.only.as_ref().is_none_or(|only| only == name);
    for engine in Engine::available() {
        if wanted("issuance") {
            issuance::run(engine, Algorithms::Ec, options).await?;
            issuance::run(engine, Algorithms::Rsa, options).await?;
        }
        if wanted("flatness") {
            issuance::flatness(engine, options).await?;
        }
        if wanted("ocsp") {
            ocsp::run(engine, options).await?;
        }
        if wanted("tsa") {
            tsa::run(engine, options).await?;
        }
        if wanted("crl") {
            crl::run(engine, options).await?;
        }
        if wanted("bulk") {
            bulk::run(engine, options).await?;
        }
        if wanted("restart") {
            restart::run(engine, options).await?;
        }
    }
    Ok(())
}
