//! The pages of the signing desk.

pub(crate) mod document;
pub(crate) mod enrol;
pub(crate) mod home;
