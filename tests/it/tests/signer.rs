//! Signing over HTTP with the real signing module: the trip, and every way in which it must be refused.
//! After a refusal nothing is signed and an audit record is left.

mod refusals;
mod trip;
