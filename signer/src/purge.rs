//! Deletes rows that can no longer matter. Evidence and audit stay.

use signum_core::{DbError, params};

use crate::login;
use crate::service::Signer;
use crate::sign::quota;

/// Runs every deletion in a transaction of its own; returns how many rows went.
pub(crate) async fn run(signer: &Signer) -> Result<u64, DbError> {
    let (now, config) = (signer.cx.now(), &signer.config);
    let unsigned = now.minus(config.document_ttl());
    let signed = now.minus(config.keep());
    let idle = now.minus(config.session_absolute());
    let attempts = now.minus(login::PATIENCE);
    let deletions = [
        ("DELETE FROM login_attempt WHERE expires_at < $1", attempts),
        ("DELETE FROM session WHERE began_at < $1", idle),
        ("DELETE FROM officer_challenge WHERE expires_at < $1", now),
        ("DELETE FROM officer_session WHERE expires_at < $1", now),
        (
            "DELETE FROM document WHERE state IN ('prepared', 'digested') AND uploaded_at < $1",
            unsigned,
        ),
        (
            "DELETE FROM document WHERE state = 'failed' AND changed_at < $1",
            unsigned,
        ),
        ("DELETE FROM document WHERE state = 'done' AND uploaded_at < $1", signed),
    ];
    let mut gone = 0;
    for (sql, before) in deletions {
        gone += signer
            .cx
            .db
            .run::<_, DbError, _, _>("purge", |tx| async move { tx.exec(sql, params![before]).await })
            .await?;
    }
    let today = quota::today(now);
    gone += signer
        .cx
        .db
        .run::<_, DbError, _, _>("purge", |tx| async move {
            tx.exec("DELETE FROM upload_tally WHERE day < $1", params![today]).await
        })
        .await?;
    Ok(gone)
}
