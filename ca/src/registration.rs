//! Registration desks: what their officers ask the CA for, as facts that they signed (E-04, EN 319 411-1 section 6.2).
//!
//! The web tier and the database only carry a request: what the CA believes is the officer's gesture over its exact octets,
//! verified when it comes and again before anything is issued. docs/API.md is what desks are written against.

mod applicant;
mod envelope;
mod error;
mod flow;
mod http;
mod issuing;
mod jobs;
mod problem;
mod record;
mod request;
mod session;
mod status_change;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use error::RegistrationError;
pub(crate) use jobs::jobs;
