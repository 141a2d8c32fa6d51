//! Resource indicators (RFC 8707): whom an access token is for. Without one it is for our own userinfo endpoint.

use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError, params, retry_on_db_conflict};
use url::Url;

use super::TokenError;
use crate::form::Form;
use crate::service::Idp;

/// Why a resource server cannot be registered.
#[derive(Debug, thiserror::Error)]
pub enum ResourceError {
    #[error("a resource is an absolute URI without fragment, of printable characters without spaces")]
    Malformed,
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(ResourceError);

/// Registers `resource` as the identifier of a resource server, which introspects as `client_id`.
pub async fn register(cx: &Cx, resource: &str, client_id: &str) -> Result<(), ResourceError> {
    let url = Url::parse(resource).map_err(|_| ResourceError::Malformed)?;
    if url.fragment().is_some() || !resource.bytes().all(|octet| octet.is_ascii_graphic()) {
        return Err(ResourceError::Malformed);
    }
    cx.db
        .run("resource.register", |tx| async move {
            tx.exec(
                "INSERT INTO resource_server (resource, client_id) VALUES ($1, $2)
                 ON CONFLICT (resource) DO UPDATE SET client_id = excluded.client_id",
                params![resource, client_id],
            )
            .await?;
            let detail = serde_json::json!({ "resource": resource });
            Ok(audit::record(&tx, cx, &Event::new("resource.registered", client_id, detail)).await?)
        })
        .await
}

/// The audience of a token that this request asks for.
pub(super) async fn audience(idp: &Idp, form: &Form) -> Result<Vec<String>, TokenError> {
    let Some(resource) = form.get("resource") else {
        return Ok(vec![idp.issuer().to_owned()]);
    };
    match server_of(&idp.cx, resource).await? {
        Some(_) => Ok(vec![resource.to_owned()]),
        None => Err(TokenError::InvalidTarget),
    }
}

/// The client as which the server of this resource introspects.
async fn server_of(cx: &Cx, resource: &str) -> Result<Option<String>, DbError> {
    let sql = "SELECT client_id FROM resource_server WHERE resource = $1";
    let row = cx.db.opt(sql, params![resource]).await?;
    row.map(|row| row.get("client_id")).transpose()
}

/// Whether a token for `audience` is meant for this client as a resource server.
pub(crate) async fn is_for(cx: &Cx, audience: &[String], client_id: &str) -> Result<bool, DbError> {
    for resource in audience {
        if server_of(cx, resource).await?.as_deref() == Some(client_id) {
            return Ok(true);
        }
    }
    Ok(false)
}
