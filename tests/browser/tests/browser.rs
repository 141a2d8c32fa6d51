//! Browser tests; `./test browser`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod authenticator;
mod card;
mod journey;
mod officers;
