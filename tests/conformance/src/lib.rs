//! The identity provider as outside judges meet it: unchanged, but with a log-in that a program without JavaScript can use.
//!
//! `form` is that means of log-in, `people` are the test people who have it, `clients` the relying parties of every profile, and
//! `target` starts it all on loopback. Nothing of the product depends on this crate: tests/it/tests/structure.rs.

pub mod clients;
pub mod form;
pub mod keys;
pub mod people;
pub mod target;
#[cfg(test)]
mod tests;
