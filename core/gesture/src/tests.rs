//! Mutations: each field of a good gesture changed alone, and the error it must give.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod card;
mod cose;
mod device;
mod mutations;
mod registrations;
