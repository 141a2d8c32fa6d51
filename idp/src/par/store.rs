//! Pushed requests as rows: found while they live, completed by one statement.

use serde_json::json;
use signum_core::{Cx, DbError, Timestamp, Tx, params};

use crate::authorize::request::{AuthorizeRequest, Once};
use crate::secret;

/// RFC 9126 section 2.2.
const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// Stores a checked request; the returned `request_uri` has 256 random bits, of which only the hash is kept.
pub(super) async fn keep(tx: &Tx, cx: &Cx, request: &AuthorizeRequest, expires: Timestamp) -> Result<String, DbError> {
    let (reference, hash) = secret::fresh(&*cx.random);
    tx.exec(
        "INSERT INTO pushed_request (hash, client_id, request, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        params![hash, &request.client_id, json!(request).to_string(), cx.now(), expires],
    )
    .await?;
    Ok(format!("{URN}{reference}"))
}

/// Whether this is a reference of ours; any other request_uri would have to be fetched, which we never do.
pub(crate) fn is_reference(request_uri: &str) -> bool {
    request_uri.starts_with(URN)
}

/// The request that this client pushed, unless it has expired or is completed. Looking at it does not spend it.
pub(crate) async fn find(cx: &Cx, client_id: &str, request_uri: &str) -> Result<Option<AuthorizeRequest>, DbError> {
    let Some(reference) = request_uri.strip_prefix(URN) else {
        return Ok(None);
    };
    let hash = secret::hashed(reference);
    let row = cx
        .db
        .opt(
            "SELECT request FROM pushed_request
             WHERE hash = $1 AND client_id = $2 AND completed_at IS NULL AND expires_at > $3",
            params![hash, client_id, cx.now()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mut request: AuthorizeRequest =
        serde_json::from_str(&row.get::<String>("request")?).map_err(|e| DbError::Column {
            column: "request".to_owned(),
            problem: e.to_string(),
        })?;
    request.once = Some(Once::Pushed(hex::encode(hash)));
    Ok(Some(request))
}

/// Completes a pushed request; `false` when it was completed before. The log-in may take longer than the reference lives.
pub(crate) async fn complete(tx: &Tx, cx: &Cx, hash: &str) -> Result<bool, DbError> {
    let hash = hex::decode(hash).map_err(|e| DbError::Column {
        column: "hash".to_owned(),
        problem: e.to_string(),
    })?;
    let rows = tx
        .exec(
            "UPDATE pushed_request SET completed_at = $1 WHERE hash = $2 AND completed_at IS NULL",
            params![cx.now(), hash],
        )
        .await?;
    Ok(rows == 1)
}
