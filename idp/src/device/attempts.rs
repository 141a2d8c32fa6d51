//! Wrong user codes are counted (RFC 8628 section 5.1): of one address, which is then locked out for a while, and of everybody
//! together, since an attacker may have many addresses. A right code is not counted.

use std::net::IpAddr;
use std::time::Duration;

use signum_core::{DbError, Timestamp, params};

use crate::abuse::attempts::{self, Key};
use crate::abuse::rate::household;
use crate::service::Idp;

/// In which the wrong codes of everybody are counted.
const SPAN: Duration = Duration::from_secs(10 * 60);
/// How many there may be. With a thousand devices waiting, one guess in 25 million is right: all of a span together find one of
/// them once in 25,000 spans.
const MOST: i64 = 1_000;

/// Whether a code typed at this address is looked up now.
pub(super) async fn allowed(idp: &Idp, address: Option<IpAddr>) -> Result<bool, DbError> {
    let (db, now) = (&idp.cx.db, idp.cx.now());
    if let Some(key) = key(idp, address) {
        let sql = "SELECT who FROM login_attempt WHERE who = $1 AND locked_until > $2";
        if db.opt(sql, params![key, now]).await?.is_some() {
            return Ok(false);
        }
    }
    let sql = "SELECT wrong FROM device_attempt WHERE since = $1";
    let wrong: i64 = match db.opt(sql, params![span(now)]).await? {
        Some(row) => row.get("wrong")?,
        None => 0,
    };
    if wrong >= MOST {
        tracing::error!("too many wrong user codes of devices: none is taken until the span is over");
    }
    Ok(wrong < MOST)
}

/// Counts a wrong code.
pub(super) async fn wrong(idp: &Idp, address: Option<IpAddr>) -> Result<(), DbError> {
    if let Some(key) = key(idp, address) {
        attempts::count(&idp.cx, &idp.config.limits, key).await?;
    }
    let since = span(idp.cx.now());
    let sql = "INSERT INTO device_attempt (since, wrong) VALUES ($1, 1)
        ON CONFLICT (since) DO UPDATE SET wrong = device_attempt.wrong + 1";
    idp.cx
        .db
        .run("device.wrong", |tx| async move {
            tx.exec(sql, params![since]).await.map(drop)
        })
        .await
}

fn key(idp: &Idp, address: Option<IpAddr>) -> Option<Key> {
    let mut key = [0; 32];
    let household = household(address?).to_string();
    hex::decode_to_slice(idp.csrf.proof("device user code", &household), &mut key).ok()?;
    Some(key)
}

/// When the span began.
fn span(now: Timestamp) -> Timestamp {
    let seconds = i64::try_from(SPAN.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_seconds(now.seconds().div_euclid(seconds).saturating_mul(seconds))
}
