//! Periodic work of issuance: intents that nobody finishes are closed.

use std::sync::Arc;
use std::time::Duration;

use signum_core::jobs::Job;

use crate::Service;

impl Service {
    pub(crate) fn issuance_jobs(self: &Arc<Self>) -> Vec<Job> {
        let intents = Arc::clone(self);
        vec![
            // What a replica that crashed and does not come back has left.
            Job::new("ca.intents", Duration::from_secs(10), move || {
                let service = Arc::clone(&intents);
                async move { service.close_overdue_intents().await.map(drop) }
            }),
        ]
    }
}
