//! The officers of the crate's own tests, for tests from outside.

#[path = "../../src/officer/test_people.rs"]
pub mod people;

use signum_ca::{
    Gesture, ListHash, ListSignature, ListedOfficer, OfficerList, OfficerRole as Role, Officers, SignedList,
};
