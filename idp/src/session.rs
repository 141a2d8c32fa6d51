//! A browser's log-in: found by its cookie's secret, rotated at every log-in, ended by logout, idleness or age.

pub(crate) mod device;
mod ending;
mod list;
pub(crate) mod switch;

pub(crate) use ending::{Why, end, end_all, end_of_grant, end_own, leave_client};
pub(crate) use list::{Listed, list};
use std::time::Duration;

use serde::Serialize;
use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, Random, Timestamp, Tx, params};

use crate::config::Config;
use crate::level::Level;
use crate::people::Person;
use crate::secret::{self, Hashed};

/// How and when a person proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authentication {
    pub time: Timestamp,
    pub acr: Level,
    pub amr: Amr,
}

/// Authentication method references (RFC 8176).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Amr(Vec<String>);

/// Of RFC 8176, what a person does: a gesture with user verification, something that they know, something that they are.
const PRESENT: [&str; 9] = ["user", "pin", "pwd", "kba", "face", "fpt", "iris", "retina", "vbm"];

impl Amr {
    /// A passkey with user verification: presence (`user`), a second factor inside the device (`mfa`), and a key that is in
    /// software when it may be synced (`swk`), else of a kind that only attestation could prove (`pop`).
    pub(crate) fn passkey(backup_eligible: bool) -> Self {
        let key = if backup_eligible { "swk" } else { "pop" };
        Self([key, "user", "mfa"].map(str::to_owned).to_vec())
    }
    /// What another means of log-in says of itself: names of RFC 8176, without spaces.
    pub(crate) fn of(values: &[String]) -> Option<Self> {
        let good = |value: &String| !value.is_empty() && value.bytes().all(|b| b.is_ascii_graphic());
        (!values.is_empty() && values.iter().all(good)).then(|| Self(values.to_vec()))
    }
    /// Whether the person did something for it themselves. A card that a browser keeps unlocked answers with nobody there, so such a
    /// log-in is as good as any, and never a new one.
    pub(crate) fn says_present(&self) -> bool {
        self.0.iter().any(|name| PRESENT.contains(&name.as_str()))
    }
    pub(crate) fn values(self) -> Vec<String> {
        self.0
    }
    pub(crate) fn stored(&self) -> String {
        self.0.join(" ")
    }
    pub(crate) fn read(text: &str) -> Self {
        Self(text.split(' ').map(str::to_owned).collect())
    }
}

/// A live session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub id: Id<Session>,
    pub person: Id<Person>,
    pub authentication: Authentication,
}

/// The session of this cookie, if it is alive and its person may be here.
pub(crate) async fn find(cx: &Cx, config: &Config, cookie: &str) -> Result<Option<Session>, DbError> {
    let row = cx
        .db
        .opt(
            "SELECT s.id AS id, s.person AS person, s.auth_time AS auth_time, s.acr AS acr, s.amr AS amr
             FROM session s JOIN person p ON p.id = s.person
             WHERE s.secret_hash = $1 AND s.ended_at IS NULL AND s.last_seen_at > $2 AND s.auth_time > $3
                AND p.standing = 'active'",
            params![
                secret::hashed(cookie),
                cx.now().minus(config.session_idle()),
                cx.now().minus(config.session_absolute())
            ],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Session, DbError> {
    let acr: String = row.get("acr")?;
    let acr = Level::parse(&acr).ok_or_else(|| DbError::Column {
        column: "acr".to_owned(),
        problem: "unknown level".to_owned(),
    })?;
    Ok(Session {
        id: row.get("id")?,
        person: row.get("person")?,
        authentication: Authentication {
            time: row.get("auth_time")?,
            acr,
            amr: Amr::read(&row.get::<String>("amr")?),
        },
    })
}

/// A session that has not ended, and cannot end before the transaction that asked: what a code is issued in.
pub(crate) struct Live<'s>(&'s Session);

impl std::ops::Deref for Live<'_> {
    type Target = Session;
    fn deref(&self) -> &Session {
        self.0
    }
}

/// Records use, from which idleness is counted; `None` when a log-out came first. The changed row makes a log-out that comes
/// meanwhile wait for this transaction, and then it revokes what was issued in it.
pub(crate) async fn touch<'s>(tx: &Tx, cx: &Cx, session: &'s Session) -> Result<Option<Live<'s>>, DbError> {
    let changed = tx
        .exec(
            "UPDATE session SET last_seen_at = $1 WHERE id = $2 AND ended_at IS NULL",
            params![cx.now(), session.id],
        )
        .await?;
    Ok((changed == 1).then_some(Live(session)))
}

/// After a log-in: the same person's session of the same level goes on under `fresh`; any other ends, with everything issued in
/// it, and a new one begins. Either way the cookie's old secret is worth nothing any more (session fixation).
pub(crate) async fn rotate(
    tx: &Tx,
    cx: &Cx,
    old: Option<&Session>,
    person: Id<Person>,
    authentication: &Authentication,
    fresh: Hashed,
) -> Result<Id<Session>, DbError> {
    let (time, acr, amr) = (
        authentication.time,
        authentication.acr.name(),
        authentication.amr.stored(),
    );
    if let Some(old) = old {
        let same_level = old.authentication.acr == authentication.acr;
        if old.person == person && same_level {
            let changed = tx
                .exec(
                    "UPDATE session SET secret_hash = $1, auth_time = $2, acr = $3, amr = $4, last_seen_at = $2
                     WHERE id = $5 AND ended_at IS NULL",
                    params![fresh, time, acr, &amr, old.id],
                )
                .await?;
            if changed == 1 {
                return Ok(old.id);
            }
        }
        let why = if old.person == person {
            Why::AnotherLevel
        } else {
            Why::AnotherPerson
        };
        end(tx, cx, old.id, why, None).await?;
    }
    let id = Id::new(&*cx.random);
    tx.exec(
        "INSERT INTO session (id, secret_hash, person, auth_time, acr, amr, last_seen_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $4, $4)",
        params![id, fresh, person, time, acr, &amr],
    )
    .await?;
    Ok(id)
}

/// Whether `client_id` has been given a code in this session before.
pub(crate) async fn knows(cx: &Cx, session: Id<Session>, client_id: &str) -> Result<bool, DbError> {
    let sql = "SELECT sid FROM session_client WHERE session = $1 AND client_id = $2";
    Ok(cx.db.opt(sql, params![session, client_id]).await?.is_some())
}

/// The ended session whose cookie this was, for the page that tells how the log-out went; for ten minutes.
pub(crate) async fn just_ended(cx: &Cx, cookie: &str) -> Result<Option<Id<Session>>, DbError> {
    let row = cx
        .db
        .opt(
            "SELECT id FROM session WHERE secret_hash = $1 AND ended_at > $2",
            params![secret::hashed(cookie), cx.now().minus(Duration::from_secs(10 * 60))],
        )
        .await?;
    row.map(|row| row.get("id")).transpose()
}

/// The `sid` under which `client_id` knows this session, made at first use.
pub(crate) async fn sid(
    tx: &Tx,
    random: &dyn Random,
    session: Id<Session>,
    client_id: &str,
) -> Result<String, DbError> {
    // Nearly always it is there: one statement.
    if let Some(known) = known_sid(tx, session, client_id).await? {
        return Ok(known);
    }
    let fresh: Id<()> = Id::new(random);
    tx.exec(
        "INSERT INTO session_client (session, client_id, sid) VALUES ($1, $2, $3)
         ON CONFLICT (session, client_id) DO NOTHING",
        params![session, client_id, fresh.to_string()],
    )
    .await?;
    known_sid(tx, session, client_id).await?.ok_or(DbError::NotFound)
}

async fn known_sid(tx: &Tx, session: Id<Session>, client_id: &str) -> Result<Option<String>, DbError> {
    let row = tx
        .opt(
            "SELECT sid FROM session_client WHERE session = $1 AND client_id = $2",
            params![session, client_id],
        )
        .await?;
    row.map(|row| row.get("sid")).transpose()
}

/// The clients that know a session, with the sid of each.
pub(crate) async fn clients(cx: &Cx, session: Id<Session>) -> Result<Vec<(String, String)>, DbError> {
    let rows = cx
        .db
        .all(
            "SELECT client_id, sid FROM session_client WHERE session = $1 ORDER BY client_id",
            params![session],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.get("client_id")?, row.get("sid")?)))
        .collect()
}
