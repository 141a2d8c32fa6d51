//! Periodic work: lists that are due, and the CA's own keys and certificates before they end.

use std::sync::Arc;
use std::time::Duration;

use signum_core::jobs::Job;

use crate::Service;
use crate::ceremony::CeremonyError;
use crate::crl::CrlError;
use crate::issue::IssueError;
use crate::ocsp::OcspError;
use crate::registration;
use crate::termination::TerminationError;

impl Service {
    /// For core's job runner; quiet until the ceremony was held.
    pub fn jobs(self: &Arc<Self>) -> Vec<Job> {
        let [lists, keys, owed, bulk, answers, ends] = std::array::from_fn(|_| Arc::clone(self));
        let mut jobs = vec![
            Job::new("ca.status_events", Duration::from_secs(5), move || {
                let service = Arc::clone(&owed);
                async move { service.record_owed_events().await.map(drop) }
            }),
            Job::new("ca.bulk", Duration::from_secs(1), move || {
                let service = Arc::clone(&bulk);
                async move { service.bulk_step().await.map(drop) }
            }),
            // A revocation is on its list within a minute (L-04 allows ten).
            Job::new("ca.crl", Duration::from_secs(60), move || {
                let service = Arc::clone(&lists);
                async move {
                    match service.publish_due_crls().await {
                        Ok(_) | Err(CrlError::Issue(IssueError::NoCeremony)) => Ok(()),
                        Err(error) => Err(error),
                    }
                }
            }),
            Job::new("ca.ocsp_presign", Duration::from_secs(10), move || {
                let service = Arc::clone(&answers);
                async move {
                    match service.presign_due().await {
                        Ok(_) | Err(OcspError::Issue(IssueError::NoCeremony)) => Ok(()),
                        Err(error) => Err(error),
                    }
                }
            }),
            Job::new("ca.own_keys", Duration::from_secs(6 * 3600), move || {
                let service = Arc::clone(&keys);
                async move {
                    match service.renew_own_keys().await {
                        Ok(_) => Ok(()),
                        Err(CeremonyError::Step {
                            source: IssueError::NoCeremony,
                            ..
                        }) => Ok(()),
                        Err(error) => Err(error),
                    }
                }
            }),
            Job::new("ca.authority_end", Duration::from_secs(60), move || {
                let service = Arc::clone(&ends);
                async move {
                    match service.terminate_decided().await {
                        Ok(()) | Err(TerminationError::Issue(IssueError::NoCeremony)) => Ok(()),
                        Err(error) => Err(error),
                    }
                }
            }),
            self.root_list_job(),
        ];
        jobs.extend(self.issuance_jobs());
        jobs.extend(registration::jobs(self));
        jobs
    }
}
