//! Rows of refresh tokens. A bearer token is replaced by one statement; one that is bound to a key or certificate stays.

use std::time::Duration;

use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, Timestamp, Tx, params};

use crate::binding::SenderConstraint;
use crate::code::Grant;
use crate::config::Config;
use crate::entitlement::Entitlement;
use crate::level::Level;
use crate::people::Person;
use crate::scope::Scopes;
use crate::secret::Hashed;
use crate::session::{Amr, Authentication};

/// How long the answer of a replaced token is told again to whoever shows that token, its successor being unused.
pub(super) const REPLAY: Duration = Duration::from_secs(10);

/// A refresh token as it is stored, with what it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub client_id: String,
    pub grant: Id<Grant>,
    pub person: Id<Person>,
    pub scope: Scopes,
    pub entitlement: Entitlement,
    pub cnf: Option<SenderConstraint>,
    pub sid: String,
    pub authentication: Authentication,
    pub expires_at: Timestamp,
    /// Its successor is in use, or its answer may be fetched once more.
    pub replaced: bool,
    /// Not revoked, and the session has not ended.
    pub granted: bool,
}

/// The token of this hash, whatever its state.
pub(crate) async fn find(cx: &Cx, hash: Hashed) -> Result<Option<Stored>, DbError> {
    let row = cx
        .db
        .opt(
            "SELECT r.client_id AS client_id, r.grant_id AS grant_id, r.cnf AS cnf, 
                r.expires_at AS expires_at, r.replaced_at AS replaced_at, g.person AS person, g.scope AS scope,
                g.claims AS claims, g.id_token_claims AS id_token_claims, g.authorization_details AS authorization_details,
                g.resource AS resource,
                g.revoked_at AS revoked_at, c.sid AS sid, c.auth_time AS auth_time, c.acr AS acr, c.amr AS amr,
                s.ended_at AS ended_at
             FROM refresh_token r JOIN authorization_grant g ON g.id = r.grant_id JOIN auth_code c ON c.grant_id = g.id
                JOIN session s ON s.id = g.session
             WHERE r.hash = $1",
            params![hash],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Stored, DbError> {
    let impossible = |column: &str| DbError::Column {
        column: column.to_owned(),
        problem: "has an impossible value".to_owned(),
    };
    let set = |column| Ok::<_, DbError>(row.get::<Option<Timestamp>>(column)?.is_some());
    Ok(Stored {
        client_id: row.get("client_id")?,
        grant: row.get("grant_id")?,
        person: row.get("person")?,
        scope: Scopes::parse(&row.get::<String>("scope")?).ok_or_else(|| impossible("scope"))?,
        entitlement: Entitlement::of_row(row)?,
        cnf: SenderConstraint::of_row(row)?,
        sid: row.get("sid")?,
        authentication: Authentication {
            time: row.get("auth_time")?,
            acr: Level::parse(&row.get::<String>("acr")?).ok_or_else(|| impossible("acr"))?,
            amr: Amr::read(&row.get::<String>("amr")?),
        },
        expires_at: row.get("expires_at")?,
        replaced: set("replaced_at")?,
        granted: !set("revoked_at")? && !set("ended_at")?,
    })
}

/// When a token that is used now expires: it slides with the session, and never beyond its end.
pub(crate) fn expiry(config: &Config, now: Timestamp, log_in: Timestamp) -> Timestamp {
    now.plus(config.session_idle())
        .min(log_in.plus(config.session_absolute()))
}

/// A token to be stored.
pub(crate) struct New<'a> {
    pub hash: Hashed,
    pub grant: Id<Grant>,
    pub client_id: &'a str,
    pub cnf: Option<&'a SenderConstraint>,
    pub expires_at: Timestamp,
}

impl New<'_> {
    pub(crate) async fn store(&self, tx: &Tx, cx: &Cx) -> Result<(), DbError> {
        tx.exec(
            "INSERT INTO refresh_token (hash, grant_id, client_id, cnf, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
            params![
                self.hash,
                self.grant,
                self.client_id,
                self.cnf.map(SenderConstraint::stored),
                cx.now(),
                self.expires_at
            ],
        )
        .await
        .map(drop)
    }
}

/// Replaces a token by `successor`; `false` when it was replaced before, or has expired: the compare and set of rotation.
pub(super) async fn replace(tx: &Tx, cx: &Cx, hash: Hashed, successor: Hashed, answer: &[u8]) -> Result<bool, DbError> {
    let rows = tx
        .exec(
            "UPDATE refresh_token SET replaced_at = $1, successor = $2, answer = $3
             WHERE hash = $4 AND replaced_at IS NULL AND expires_at > $1",
            params![cx.now(), successor, answer, hash],
        )
        .await?;
    Ok(rows == 1)
}

/// Lets a bound token live longer; `false` when it has expired.
pub(super) async fn prolong(tx: &Tx, cx: &Cx, hash: Hashed, until: Timestamp) -> Result<bool, DbError> {
    let rows = tx
        .exec(
            "UPDATE refresh_token SET expires_at = $1 WHERE hash = $2 AND replaced_at IS NULL AND expires_at > $3",
            params![until, hash, cx.now()],
        )
        .await?;
    Ok(rows == 1)
}

/// The stored answer of a token that was replaced just now and whose successor nobody has used yet.
pub(super) async fn answer_again(tx: &Tx, cx: &Cx, hash: Hashed) -> Result<Option<Vec<u8>>, DbError> {
    let row = tx
        .opt(
            "SELECT r.answer AS answer FROM refresh_token r JOIN refresh_token s ON s.hash = r.successor
                JOIN authorization_grant g ON g.id = r.grant_id
             WHERE r.hash = $1 AND r.replaced_at > $2 AND s.replaced_at IS NULL AND g.revoked_at IS NULL",
            params![hash, cx.now().minus(REPLAY)],
        )
        .await?;
    row.map(|row| row.get("answer")).transpose()
}

/// The session of a grant was used, if it is still alive and its person is not locked out where it began; `false` otherwise.
pub(super) async fn touch_session(tx: &Tx, cx: &Cx, config: &Config, grant: Id<Grant>) -> Result<bool, DbError> {
    let now = cx.now();
    let rows = tx
        .exec(
            "UPDATE session SET last_seen_at = $1
             WHERE id = (SELECT session FROM authorization_grant WHERE id = $2 AND revoked_at IS NULL)
                AND ended_at IS NULL AND last_seen_at > $3 AND auth_time > $4
                AND NOT EXISTS (SELECT a.who FROM login_attempt a WHERE a.who = session.login_key AND a.locked_until > $1)",
            params![
                now,
                grant,
                now.minus(config.session_idle()),
                now.minus(config.session_absolute())
            ],
        )
        .await?;
    Ok(rows == 1)
}
