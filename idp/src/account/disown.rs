//! "This wasn't me": a log-in is disowned by a link that is good for ten days. The person's sessions end everywhere, everything
//! that was granted is revoked, and the credential that logged in is suspended, all in one transaction.

use std::time::Duration;

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::http::Csrf;
use signum_core::{Cx, DbError, Id, params};

use super::activity::{self, Entry, Kind, Stored};
use crate::people::Person;
use crate::session::{self, Why};

/// How long after a log-in its link is good.
const LINK: Duration = Duration::from_secs(10 * 24 * 60 * 60);
/// What the proof in a link is for.
const PURPOSE: &str = "disown";

/// The last part of the address by which `entry` can be disowned; `None` when it is no log-in, too old, or disowned already.
pub(crate) fn link(cx: &Cx, csrf: &Csrf, entry: &Stored) -> Option<String> {
    let open = entry.kind == Kind::LoggedIn && entry.disowned_at.is_none() && cx.now().since(entry.at) < LINK;
    let id = entry.id.to_string();
    open.then(|| format!("{id}.{}", csrf.proof(PURPOSE, &id)))
}

/// The log-in that a link names, while it can be disowned. The link itself is the proof: it is good without a session.
pub(crate) async fn named(cx: &Cx, csrf: &Csrf, link: &str) -> Result<Option<Stored>, DbError> {
    let proven = link
        .split_once('.')
        .filter(|(id, proof)| csrf.proves(PURPOSE, id, proof))
        .and_then(|(id, _)| Id::parse(id));
    let Some(id) = proven else {
        return Ok(None);
    };
    let entry = activity::find(cx, id).await?;
    Ok(entry.filter(|entry| self::link(cx, csrf, entry).is_some()))
}

/// Disowns a log-in once; `false` when that was done before, or it is too late.
pub(crate) async fn disown(cx: &Cx, login: Id<Stored>) -> Result<bool, DbError> {
    cx.db
        .run("login.disown", |tx| async move {
            let row = tx
                .opt(
                    "UPDATE activity SET disowned_at = $1 WHERE id = $2 AND kind = 'logged_in' AND disowned_at IS NULL
                        AND at > $3 RETURNING person, means, credential",
                    params![cx.now(), login, cx.now().minus(LINK)],
                )
                .await?;
            let Some(row) = row else {
                return Ok(false);
            };
            let person: Id<Person> = row.get("person")?;
            let (means, credential): (Option<String>, Option<Vec<u8>>) = (row.get("means")?, row.get("credential")?);
            let ended = session::end_all(&tx, cx, person, None, Why::Disowned).await?;
            tx.exec(
                "UPDATE authorization_grant SET revoked_at = $1 WHERE person = $2 AND revoked_at IS NULL",
                params![cx.now(), person],
            )
            .await?;
            let mut suspended = 0;
            if let Some(credential) = &credential {
                suspended = tx
                    .exec(
                        "UPDATE passkey SET suspended_at = $1
                         WHERE credential_id = $2 AND person = $3 AND suspended_at IS NULL",
                        params![cx.now(), credential, person],
                    )
                    .await?;
                suspended += tx
                    .exec(
                        "UPDATE card SET suspended_at = $1 WHERE fingerprint = $2 AND person = $3 AND suspended_at IS NULL",
                        params![cx.now(), credential, person],
                    )
                    .await?;
            }
            let entry = &Entry {
                means: means.as_deref(),
                ..Entry::of(Kind::Disowned)
            };
            activity::record(&tx, cx, person, entry).await?;
            let detail = json!({"login": login, "sessions": ended, "credentials_suspended": suspended});
            audit::record(&tx, cx, &Event::new("login.disowned", person, detail)).await?;
            Ok(true)
        })
        .await
}
