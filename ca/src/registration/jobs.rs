//! What desks leave behind: log-ins that are over, requests that waited too long, people nothing was issued for.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::jobs::Job;
use signum_core::{Cx, DbError, params};

use crate::Service;

/// How long the desk may still look up what it asked for in vain.
const ERASED_AFTER: Duration = Duration::from_secs(30 * 86_400);

pub(crate) fn jobs(service: &Arc<Service>) -> Vec<Job> {
    let service = Arc::clone(service);
    vec![Job::new("ca.registration", Duration::from_secs(3600), move || {
        let service = Arc::clone(&service);
        async move { service.tidy_desks().await }
    })]
}

impl Service {
    /// Closes registration requests that waited too long, and erases what was signed about people who got no certificate.
    pub async fn tidy_desks(&self) -> Result<(), DbError> {
        tidy(&self.cx).await
    }
}

async fn tidy(cx: &Cx) -> Result<(), DbError> {
    cx.db
        .run("ra.tidy", |tx| async move {
            let now = cx.now();
            tx.exec("DELETE FROM desk_challenge WHERE expires_at <= $1", params![now])
                .await?;
            tx.exec("DELETE FROM desk_session WHERE expires_at <= $1", params![now])
                .await?;
            let over = tx
                .all(
                    "UPDATE registration_request SET state = 'expired', closed_at = $1
                     WHERE state = 'waiting' AND expires_at <= $1 RETURNING id",
                    params![now],
                )
                .await?;
            for row in &over {
                let id: Vec<u8> = row.get("id")?;
                audit::record(&tx, cx, &Event::new("registration.expired", hex::encode(id), json!({}))).await?;
            }
            let empty: &[u8] = &[];
            tx.exec(
                "UPDATE registration_request SET request = $2, gesture = '', approval = NULL
                 WHERE state IN ('refused', 'rejected', 'expired') AND closed_at <= $1 AND gesture <> ''",
                params![now.minus(ERASED_AFTER), empty],
            )
            .await?;
            Ok(())
        })
        .await
}
