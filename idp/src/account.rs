//! The person's own view of their digital identity: what happened with it, where it is logged in, who may know what.

#[allow(dead_code)]
pub(crate) mod activity;
