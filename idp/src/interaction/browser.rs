//! The browser in which interactions are open: what it is called, and how many it may have at a time.

use signum_core::{Cx, DbError, Id, Timestamp, Tx, params};

use super::Interaction;
use crate::secret;

/// How many interactions one browser may have open: more than anybody has tabs for, fewer than fill a request's header.
pub(crate) const MOST_OPEN: usize = 10;

/// An interaction cookie of a request.
pub(crate) struct OpenCookie {
    /// The cookie's name, before the prefix that https brings.
    pub name: String,
    pub secret: String,
}

/// Notes the device of a new interaction and ends this browser's oldest ones until it has no more than [`MOST_OPEN`]; returns the
/// names of cookies that are worth nothing any more.
pub(crate) async fn opened(
    cx: &Cx,
    id: Id<Interaction>,
    device: &str,
    others: &[OpenCookie],
) -> Result<Vec<String>, DbError> {
    cx.db
        .run("interaction.opened", |tx| async move {
            tx.exec("UPDATE interaction SET device = $1 WHERE id = $2", params![device, id])
                .await?;
            make_room(&tx, cx, others).await
        })
        .await
}

async fn make_room(tx: &Tx, cx: &Cx, others: &[OpenCookie]) -> Result<Vec<String>, DbError> {
    let (mut open, mut worthless) = (Vec::new(), Vec::new());
    if others.len() < MOST_OPEN {
        return Ok(worthless);
    }
    for other in others {
        let row = tx
            .opt(
                "SELECT id, created_at FROM interaction
                 WHERE cookie_hash = $1 AND completed_at IS NULL AND expires_at > $2",
                params![secret::hashed(&other.secret), cx.now()],
            )
            .await?;
        match row {
            Some(row) => open.push((
                row.get::<Timestamp>("created_at")?,
                row.get::<Id<Interaction>>("id")?,
                &other.name,
            )),
            None => worthless.push(other.name.clone()),
        }
    }
    open.sort_by_key(|(created, _, _)| *created);
    let too_many = (open.len() + 1).saturating_sub(MOST_OPEN);
    for (_, id, name) in open.into_iter().take(too_many) {
        tx.exec(
            "UPDATE interaction SET expires_at = $1 WHERE id = $2 AND completed_at IS NULL",
            params![cx.now(), id],
        )
        .await?;
        worthless.push(name.clone());
    }
    Ok(worthless)
}
