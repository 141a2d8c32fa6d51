//! Length-prefixed fields, as every hash of the house is made: [`signum_gesture::fields`].

pub(crate) use signum_gesture::fields::{Fields, authenticator};
