//! What every flow is handed instead of reaching for the world.

use std::sync::Arc;

use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::random::Random;

/// A flow's context: its service's database, the time, and randomness.
#[derive(Clone)]
pub struct Cx {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
}

impl Cx {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
