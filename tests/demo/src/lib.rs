//! The demo: a person's whole trip over real HTTP with a software authenticator, judged by programs nobody here wrote,
//! and the desk of two demo registration officers. For demonstrations alone; nothing that ships depends on it.

pub mod browser;
mod checks;
mod cookies;
pub mod desk;
pub mod html;
mod material;
pub mod officers;
pub mod people;
mod program;
mod report;
pub mod trip;
pub mod voucher;

pub use report::{Outcome, Report};

#[cfg(test)]
mod relying_party;
#[cfg(test)]
mod stub_provider;
