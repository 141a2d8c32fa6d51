//! The person's own list of consents, and taking one back: what was issued on it ends with it, and the service is told.

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError, Id, Timestamp, params};

use super::Agreed;
use crate::account::activity::{self, Entry, Kind};
use crate::clients::{self, Client};
use crate::people::Person;
use crate::session;

/// One consent as its person may look at it.
pub(crate) struct Remembered {
    /// The service, with its name and purpose; `None` when it is no longer there.
    pub client: Option<Client>,
    pub client_id: String,
    pub agreed: Agreed,
    pub given_at: Timestamp,
}

/// What the person has agreed to, the latest first.
pub(crate) async fn list(cx: &Cx, person: Id<Person>) -> Result<Vec<Remembered>, DbError> {
    let rows = cx
        .db
        .all(
            "SELECT client_id, scope, claims, resource, given_at FROM consent WHERE person = $1 ORDER BY given_at DESC, client_id",
            params![person],
        )
        .await?;
    let mut all = Vec::new();
    for row in &rows {
        let client_id: String = row.get("client_id")?;
        // An unreadable one is asked for anew and releases nothing until then.
        let Some(agreed) = Agreed::read(row)? else { continue };
        all.push(Remembered {
            client: clients::find(cx, &client_id).await?,
            client_id,
            agreed,
            given_at: row.get("given_at")?,
        });
    }
    Ok(all)
}

/// Takes a consent back: it is forgotten, and every grant of this client for this person is revoked with its tokens. `false`
/// when there was none.
pub(crate) async fn withdraw(cx: &Cx, person: Id<Person>, client_id: &str) -> Result<bool, DbError> {
    cx.db
        .run("consent.withdraw", |tx| async move {
            let forgotten = tx
                .exec(
                    "DELETE FROM consent WHERE person = $1 AND client_id = $2",
                    params![person, client_id],
                )
                .await?;
            // Even without a remembered consent: a grant for details alone has none.
            let revoked = tx
                .exec(
                    "UPDATE authorization_grant SET revoked_at = $1
                     WHERE person = $2 AND client_id = $3 AND revoked_at IS NULL",
                    params![cx.now(), person, client_id],
                )
                .await?;
            tx.exec(
                "UPDATE access_token SET revoked_at = $1 WHERE revoked_at IS NULL AND grant_id IN
                    (SELECT id FROM authorization_grant WHERE person = $2 AND client_id = $3)",
                params![cx.now(), person, client_id],
            )
            .await?;
            if forgotten == 0 && revoked == 0 {
                return Ok(false);
            }
            session::leave_client(&tx, cx, person, client_id).await?;
            let entry = &Entry {
                client: Some(client_id),
                ..Entry::of(Kind::ConsentWithdrawn)
            };
            activity::record(&tx, cx, person, entry).await?;
            let detail = json!({"client": client_id, "grants": revoked});
            audit::record(&tx, cx, &Event::new("consent.withdrawn", person, detail)).await?;
            Ok(true)
        })
        .await
}
