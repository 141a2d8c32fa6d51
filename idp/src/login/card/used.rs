//! A card that logs in is remembered, so that its person can see when it was used and say that it was not them.

use async_trait::async_trait;
use signum_core::{DbError, Id, Timestamp, Tx, params};

use super::certificate::Authentic;
use super::refusal::Refusal;
use crate::login::{LoginError, Spend};
use crate::people::Person;

/// The use of one card by its person.
pub(crate) struct Used {
    pub fingerprint: [u8; 32],
    pub person: Id<Person>,
    /// Until when its certificate is good.
    pub not_after: Timestamp,
}

impl Used {
    pub(crate) fn by(certificate: &Authentic, person: Id<Person>) -> Self {
        Self {
            fingerprint: certificate.fingerprint(),
            person,
            not_after: certificate.not_after,
        }
    }
}

/// Whether this person has logged in with a card that still logs in.
pub(crate) async fn has_one(tx: &Tx, person: Id<Person>, now: Timestamp) -> Result<bool, DbError> {
    let sql = "SELECT fingerprint FROM card WHERE person = $1 AND suspended_at IS NULL AND not_after > $2 LIMIT 1";
    Ok(tx.opt(sql, params![person, now]).await?.is_some())
}

#[async_trait]
impl Spend for Used {
    /// One statement: a card that is suspended, or is another person's, changes no row.
    async fn spend(&self, tx: &Tx, now: Timestamp) -> Result<(), LoginError> {
        let rows = tx
            .exec(
                "INSERT INTO card (fingerprint, person, first_used_at, last_used_at, not_after) VALUES ($1, $2, $3, $3, $4)
                 ON CONFLICT (fingerprint) DO UPDATE SET last_used_at = excluded.last_used_at, not_after = excluded.not_after
                 WHERE card.suspended_at IS NULL AND card.person = excluded.person",
                params![self.fingerprint, self.person, now, self.not_after],
            )
            .await?;
        match rows {
            1 => Ok(()),
            _ => Err(LoginError::Refused(Refusal::Suspended.code())),
        }
    }

    fn credential(&self) -> Option<&[u8]> {
        Some(&self.fingerprint)
    }
}
