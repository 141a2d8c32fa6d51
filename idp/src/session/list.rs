//! A person's live sessions, on whatever device, with the services that know each.

use signum_core::{Cx, DbError, Id, Timestamp, params};

use super::Session;
use crate::config::Config;
use crate::people::Person;

/// A live session as its person sees it.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub id: Id<Session>,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// `Firefox, Android`; may be empty.
    pub device: String,
    pub acr: String,
    /// Client ids.
    pub services: Vec<String>,
}

/// The latest used first.
pub(crate) async fn list(cx: &Cx, config: &Config, person: Id<Person>) -> Result<Vec<Listed>, DbError> {
    let rows = cx
        .db
        .all(
            "SELECT s.id AS id, s.created_at AS created_at, s.auth_time AS auth_time, s.last_seen_at AS last_seen_at,
                s.device AS device, s.acr AS acr, c.client_id AS client_id
             FROM session s LEFT JOIN session_client c ON c.session = s.id
             WHERE s.person = $1 AND s.ended_at IS NULL AND s.last_seen_at > $2 AND s.auth_time > $3
             ORDER BY s.last_seen_at DESC, s.id, c.client_id",
            params![
                person,
                cx.now().minus(config.session_idle()),
                cx.now().minus(config.session_absolute())
            ],
        )
        .await?;
    let mut list: Vec<Listed> = Vec::new();
    for row in &rows {
        let id: Id<Session> = row.get("id")?;
        let service: Option<String> = row.get("client_id")?;
        match list.last_mut().filter(|last| last.id == id) {
            Some(last) => last.services.extend(service),
            None => list.push(Listed {
                id,
                created_at: row.get::<Timestamp>("created_at")?.max(row.get("auth_time")?),
                last_seen_at: row.get("last_seen_at")?,
                device: row.get("device")?,
                acr: row.get("acr")?,
                services: service.into_iter().collect(),
            }),
        }
    }
    Ok(list)
}
