//! The HSM layer against a real token of SoftHSM, or of the module `SIGNUM_TEST_MODULE` names. One binary; each test that opens the module does so in a process of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod approvals;
mod backup;
mod bench;
mod ceremonies;
mod faults;
mod frames;
mod half_made;
mod hierarchy;
mod keys;
mod module;
mod pins;
mod reports;
mod rotation;
mod shares;
mod signers;
mod supervision;
mod workers;
mod wrapped;
