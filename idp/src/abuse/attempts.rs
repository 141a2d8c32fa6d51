//! Log-ins of one identity from one address, counted in the database for every replica. Too many lock that identity out from
//! that address, and from there alone: nobody can lock another person out from elsewhere.

use std::net::IpAddr;
use std::time::Duration;

use signum_core::{Cx, DbError, Id, Tx, params};

use super::Limits;
use super::rate::household;
use crate::people::Person;
use crate::service::Idp;
use crate::session::Session;

/// In which log-ins are counted.
const SPAN: Duration = Duration::from_secs(60);

/// Under what attempts are counted: a keyed hash, so that the table names neither people nor addresses.
pub(crate) type Key = [u8; 32];

/// `person` is whom the attempt names; attempts that name nobody known are counted together. `None` without an address.
pub(crate) fn key(idp: &Idp, person: Option<Id<Person>>, address: Option<IpAddr>) -> Option<Key> {
    let who = person.map_or_else(|| "nobody".to_owned(), |person| person.to_string());
    let proof = idp
        .csrf
        .proof("login attempt", &format!("{who} {}", household(address?)));
    let mut key = [0; 32];
    hex::decode_to_slice(proof, &mut key).ok()?;
    Some(key)
}

/// Counts an attempt; `false`: it is one too many, or comes during a lockout.
pub(crate) async fn count(cx: &Cx, limits: &Limits, key: Key) -> Result<bool, DbError> {
    let (now, most) = (cx.now(), i64::from(limits.logins_per_minute));
    cx.db
        .run("login.count", |tx| async move {
            let row = tx
                .one(
                    "INSERT INTO login_attempt (who, since, attempts) VALUES ($1, $2, 1)
                     ON CONFLICT (who) DO UPDATE SET
                        attempts = CASE WHEN login_attempt.since <= $3 THEN 1 ELSE login_attempt.attempts + 1 END,
                        since = CASE WHEN login_attempt.since <= $3 THEN excluded.since ELSE login_attempt.since END
                     RETURNING attempts, locked_until",
                    params![key, now, now.minus(SPAN)],
                )
                .await?;
            let locked: Option<signum_core::Timestamp> = row.get("locked_until")?;
            if locked.is_some_and(|until| until > now) {
                return Ok(false);
            }
            if row.get::<i64>("attempts")? <= most {
                return Ok(true);
            }
            tx.exec(
                "UPDATE login_attempt SET locked_until = $1 WHERE who = $2",
                params![now.plus(limits.lockout()), key],
            )
            .await?;
            Ok(false)
        })
        .await
}

/// Notes under what the log-ins that made this session are counted.
pub(crate) async fn mark(tx: &Tx, session: Id<Session>, key: Option<Key>) -> Result<(), DbError> {
    if let Some(key) = key {
        tx.exec("UPDATE session SET login_key = $1 WHERE id = $2", params![key, session])
            .await?;
    }
    Ok(())
}
