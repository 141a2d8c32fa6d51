//! How a session ends: what was issued in it is revoked, every service that knew it is to be told (OpenID Connect Back-Channel
//! Logout 1.0 section 2.5), and the person's own log says why.

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError, Id, Tx, params};

use super::Session;
use crate::account::activity::{self, Entry, Kind};
use crate::code::{self, Grant};
use crate::people::Person;

/// Why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    LogOut,
    /// Somebody else logged in in the same browser.
    AnotherPerson,
    /// The same person logged in at another level of assurance; a session is never raised in place.
    AnotherLevel,
    /// The person chose to go on with another account.
    AccountSwitch,
    /// Ended from the list of sessions, from this device or another.
    FromList,
    /// "This wasn't me".
    Disowned,
    /// The person is suspended, has died or was taken off the register.
    NotActive,
}

impl Why {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::LogOut => "logout",
            Self::AnotherPerson => "another log-in",
            Self::AnotherLevel => "another level",
            Self::AccountSwitch => "account switch",
            Self::FromList => "ended from the list of sessions",
            Self::Disowned => "disowned",
            Self::NotActive => "person not active",
        }
    }

    const fn kind(self) -> Kind {
        match self {
            Self::LogOut | Self::AccountSwitch => Kind::LoggedOut,
            Self::AnotherPerson | Self::AnotherLevel | Self::FromList | Self::Disowned | Self::NotActive => {
                Kind::SessionEnded
            }
        }
    }
}

/// Ends a session; `by` is the service that asked for it. Ending an ended one changes nothing.
pub(crate) async fn end(tx: &Tx, cx: &Cx, session: Id<Session>, why: Why, by: Option<&str>) -> Result<(), DbError> {
    let ended = tx
        .opt(
            "UPDATE session SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL RETURNING person",
            params![cx.now(), session],
        )
        .await?;
    let Some(ended) = ended else {
        return Ok(());
    };
    let person: Id<Person> = ended.get("person")?;
    tx.exec(
        "UPDATE authorization_grant SET revoked_at = $1 WHERE session = $2 AND revoked_at IS NULL",
        params![cx.now(), session],
    )
    .await?;
    tx.exec(
        "INSERT INTO logout_delivery (session, client_id, sid, person, created_at, attempts, next_at)
         SELECT session, client_id, sid, $2, $3, 0, $3 FROM session_client WHERE session = $1
         ON CONFLICT (sid) DO NOTHING",
        params![session, person, cx.now()],
    )
    .await?;
    let entry = &Entry {
        session: Some(session),
        client: by,
        ..Entry::of(why.kind())
    };
    activity::record(tx, cx, person, entry).await?;
    let event = Event::new("session.ended", session, json!({"why": why.name()}));
    audit::record(tx, cx, &event).await
}

/// Ends every live session of a person but `keep`; tells how many.
pub(crate) async fn end_all(
    tx: &Tx,
    cx: &Cx,
    person: Id<Person>,
    keep: Option<Id<Session>>,
    why: Why,
) -> Result<usize, DbError> {
    let live = tx
        .all(
            "SELECT id FROM session WHERE person = $1 AND ended_at IS NULL",
            params![person],
        )
        .await?;
    let mut ended = 0;
    for row in &live {
        let session: Id<Session> = row.get("id")?;
        if Some(session) != keep {
            end(tx, cx, session, why, None).await?;
            ended += 1;
        }
    }
    Ok(ended)
}

/// The service forgets a person who took their consent back: it is told so (Back-Channel Logout section 2.5) in every session that
/// goes on, and knows none of them any more. Should the person come back to it, that is a session with another `sid`.
pub(crate) async fn leave_client(tx: &Tx, cx: &Cx, person: Id<Person>, client_id: &str) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO logout_delivery (session, client_id, sid, person, created_at, attempts, next_at)
         SELECT c.session, c.client_id, c.sid, $1, $2, 0, $2
         FROM session_client c JOIN session s ON s.id = c.session
         WHERE s.person = $1 AND s.ended_at IS NULL AND c.client_id = $3
         ON CONFLICT (sid) DO NOTHING",
        params![person, cx.now(), client_id],
    )
    .await?;
    tx.exec(
        "DELETE FROM session_client WHERE client_id = $1
            AND session IN (SELECT id FROM session WHERE person = $2 AND ended_at IS NULL)",
        params![client_id, person],
    )
    .await
    .map(drop)
}

/// Ends the session that a grant was made in, if it lives, and takes back the grant whether or not it does.
pub(crate) async fn end_of_grant(cx: &Cx, grant: Id<Grant>, why: Why) -> Result<(), DbError> {
    cx.db
        .run("session.end_of_grant", |tx| async move {
            let sql = "SELECT session FROM authorization_grant WHERE id = $1";
            if let Some(row) = tx.opt(sql, params![grant]).await? {
                end(&tx, cx, row.get("session")?, why, None).await?;
            }
            code::revoke(&tx, cx, grant).await
        })
        .await
}

/// Ends one of a person's own sessions, on whatever device; anybody else's is left alone.
pub(crate) async fn end_own(cx: &Cx, person: Id<Person>, session: Id<Session>) -> Result<(), DbError> {
    cx.db
        .run("session.end_own", |tx| async move {
            let own = "SELECT id FROM session WHERE id = $1 AND person = $2";
            match tx.opt(own, params![session, person]).await? {
                Some(_) => end(&tx, cx, session, Why::FromList, None).await,
                None => Ok(()),
            }
        })
        .await
}
