//! Periodic work of issuance: intents that nobody finishes are closed, yesterday's certificates are read again.

use std::sync::Arc;
use std::time::Duration;

use signum_core::jobs::Job;

use crate::Service;

const DAY: Duration = Duration::from_secs(86_400);
/// A look reaches a little into the one before.
const OVERLAP: Duration = Duration::from_secs(3_600);

impl Service {
    pub(crate) fn issuance_jobs(self: &Arc<Self>) -> Vec<Job> {
        let (intents, relint) = (Arc::clone(self), Arc::clone(self));
        vec![
            // What a replica that crashed and does not come back has left.
            Job::new("ca.intents", Duration::from_secs(10), move || {
                let service = Arc::clone(&intents);
                async move { service.close_overdue_intents().await.map(drop) }
            }),
            // Findings are told where they are found: a look that finds something has done its work.
            Job::new("ca.relint", DAY, move || {
                let service = Arc::clone(&relint);
                async move {
                    let since = service.cx.now().minus(DAY + OVERLAP);
                    service.relint(since).await.map(drop)
                }
            }),
        ]
    }
}
