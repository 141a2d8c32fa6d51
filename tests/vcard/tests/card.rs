//! The real card stack: pcscd, vpcd, our virtual card, and programs nobody here wrote (OpenSC), and card-agent. One test at a time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "card/agent.rs"]
mod agent;
#[path = "card/bench.rs"]
mod bench;
#[path = "card/opensc.rs"]
mod opensc;
