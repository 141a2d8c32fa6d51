//! One row of `job_lease`: who may do this work, and until when.

use std::time::Duration;

use crate::cx::Cx;
use crate::db::DbError;
use crate::params;

pub(super) struct Lease<'a> {
    pub cx: &'a Cx,
    pub name: &'static str,
    pub holder: [u8; 16],
}

impl Lease<'_> {
    /// Takes or renews the lease by one statement; false while another holds it.
    pub async fn hold(&self, time: Duration) -> Result<bool, DbError> {
        let (name, holder, now) = (self.name, self.holder, self.cx.now());
        let until = now.plus(time);
        let held = self.cx.db.run("job.lease", |tx| async move {
            tx.exec(
                "INSERT INTO job_lease (name, holder, until) VALUES ($1, $2, $3)
                 ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
                 WHERE job_lease.holder = excluded.holder OR job_lease.until <= $4",
                params![name, holder, until, now],
            )
            .await
        });
        Ok(held.await? == 1)
    }

    pub async fn give_back(&self) -> Result<(), DbError> {
        let (name, holder) = (self.name, self.holder);
        let gone = self.cx.db.run("job.give_back", |tx| async move {
            tx.exec(
                "DELETE FROM job_lease WHERE name = $1 AND holder = $2",
                params![name, holder],
            )
            .await
        });
        gone.await.map(drop)
    }
}
