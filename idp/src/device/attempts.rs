//! Wrong user codes are counted (RFC 8628 section 5.1): of one person, in whatever session, and of one household's network. Never of
//! everybody together: that would let anybody close the service for all. A right code is not counted.

use std::net::IpAddr;
use std::time::Duration;

use signum_core::{Cx, DbError, Id, Tx, params};

use crate::abuse::rate::household;
use crate::people::Person;
use crate::secret::Hashed;
use crate::service::Idp;

/// In which wrong codes are counted.
const SPAN: Duration = Duration::from_secs(10 * 60);
/// Of one person. With a thousand devices waiting, one guess in 25 million is right.
const PERSON: i64 = 5;
/// Of one network, behind which many people may be.
const NETWORK: i64 = 50;

/// Who guesses, under keyed hashes, with how many wrong codes they may have.
pub(super) struct Guesser(Vec<(Hashed, i64)>);

impl Guesser {
    pub(super) fn of(idp: &Idp, person: Id<Person>, address: Option<IpAddr>) -> Self {
        let key = |kind: &[u8], who: &[u8]| idp.derived.device_user_code.mac(&[b"guesser", kind, who]);
        let mut all = vec![(key(b"person", &person.0), PERSON)];
        if let Some(address) = address {
            let network = household(address).to_string();
            all.push((key(b"network", network.as_bytes()), NETWORK));
        }
        Self(all)
    }

    /// Counts a guess before it is judged, so that guesses that come together are counted as well; `false`: it is one too many.
    pub(super) async fn count(&self, tx: &Tx, cx: &Cx) -> Result<bool, DbError> {
        let (now, mut allowed) = (cx.now(), true);
        for (who, most) in &self.0 {
            let row = tx
                .one(
                    "INSERT INTO device_attempt (who, since, wrong) VALUES ($1, $2, 1)
                     ON CONFLICT (who) DO UPDATE SET
                        wrong = CASE WHEN device_attempt.since <= $3 THEN 1 ELSE device_attempt.wrong + 1 END,
                        since = CASE WHEN device_attempt.since <= $3 THEN excluded.since ELSE device_attempt.since END
                     RETURNING wrong",
                    params![who, now, now.minus(SPAN)],
                )
                .await?;
            allowed &= row.get::<i64>("wrong")? <= *most;
        }
        Ok(allowed)
    }

    /// The guess was right.
    pub(super) async fn was_right(&self, tx: &Tx) -> Result<(), DbError> {
        for (who, _) in &self.0 {
            tx.exec(
                "UPDATE device_attempt SET wrong = wrong - 1 WHERE who = $1",
                params![who],
            )
            .await?;
        }
        Ok(())
    }
}
