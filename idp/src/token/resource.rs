//! Resource indicators (RFC 8707): whom an access token is for. Without one it is for our own userinfo endpoint.

use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError, params, retry_on_db_conflict};
use url::Url;

use super::TokenError;
use crate::clients::{Client, Realm};
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

/// Of the resources that a request names those that are known: registered, or the issuer for our own userinfo endpoint.
/// To a client of the sandbox no server is known: they meet real people.
pub(crate) async fn known(idp: &Idp, client: &Client, form: &Form) -> Result<Vec<String>, DbError> {
    let mut known = Vec::new();
    for resource in form.all("resource") {
        let ours = resource == idp.issuer();
        if ours || (client.realm == Realm::Production && server_of(&idp.cx, &resource).await?.is_some()) {
            known.push(resource);
        }
    }
    Ok(known)
}

/// What a token request says about the audience; the grant has the last word.
pub(super) struct Target {
    /// Known.
    asked: Vec<String>,
    issuer: String,
}

impl Target {
    pub(super) async fn of(idp: &Idp, client: &Client, form: &Form) -> Result<Self, TokenError> {
        let asked = known(idp, client, form).await?;
        if asked.len() != form.all("resource").len() {
            return Err(TokenError::InvalidTarget);
        }
        let issuer = idp.issuer().to_owned();
        Ok(Self { asked, issuer })
    }

    /// The audience of a token under a grant for `granted`: without a wish all of it, otherwise a part (section 2.2). The issuer
    /// is always part, and everything where the authorization request named nothing.
    pub(super) fn audience(&self, granted: &[String]) -> Result<Vec<String>, TokenError> {
        let within = |resource: &String| granted.is_empty() || *resource == self.issuer || granted.contains(resource);
        match (self.asked.is_empty(), granted.is_empty()) {
            (true, true) => Ok(vec![self.issuer.clone()]),
            (true, false) => Ok(granted.to_vec()),
            (false, _) if self.asked.iter().all(within) => Ok(self.asked.clone()),
            (false, _) => Err(TokenError::InvalidTarget),
        }
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
