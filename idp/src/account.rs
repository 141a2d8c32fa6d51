//! The person's own view of their digital identity: what happened with it, where it is logged in, who may know what.

pub(crate) mod activity;
pub(crate) mod disown;
pub(crate) mod house_client;
pub(crate) mod passkeys;
