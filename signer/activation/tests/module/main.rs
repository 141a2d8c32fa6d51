//! The signing module as its own process, with a real SoftHSM token, a test CA and software authenticators.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod authority;
mod clock;
mod gestures;
mod happy;
mod origin;
mod outcomes;
mod people;
mod rotation;
mod rows;
mod status;
mod vouchers;
mod world;
