//! The last lists of an authority that ends: EN 319 411-1 section 6.3.9, RFC 5280 section 4.1.2.5 (no well-defined end).

use signum_core::params;

use super::{CrlError, NO_END};
use crate::Service;
use crate::authority::AuthorityName;

impl Service {
    /// Publishes the last list of every part, whose nextUpdate is 99991231235959Z; afterwards there are no more. Refused while
    /// a certificate in scope is neither expired nor revoked, those of responders and units included.
    ///
    /// For good: the caller has the officers' approval and has stopped issuance.
    pub async fn publish_last_crls(&self, name: AuthorityName) -> Result<u32, CrlError> {
        let authority = self.authority(name).await?;
        let now = self.cx.now();
        let row = self
            .cx
            .db
            .opt(
                "SELECT COUNT(*) AS n FROM certificate c WHERE c.issuer = $1 AND c.certificate IS NOT NULL AND c.not_after >= $2
                 AND (c.holder IS NULL OR c.holder <> $1)
                 AND NOT EXISTS (SELECT 1 FROM certificate_status s
                     WHERE s.issuer = c.issuer AND s.serial = c.serial AND s.state = 'revoked')",
                params![name.as_str(), now],
            )
            .await?;
        let living: i64 = row.map_or(Ok(0), |row| row.get("n"))?;
        if living > 0 {
            return Err(CrlError::StillValid(living));
        }
        let mut made = 0;
        for shard in 0..self.shards_of(name) {
            if self
                .newest_crl(name, shard)
                .await?
                .is_none_or(|newest| !newest.is_last())
            {
                self.publish(&authority, shard, Some(NO_END)).await?;
                made += 1;
            }
        }
        Ok(made)
    }
}
