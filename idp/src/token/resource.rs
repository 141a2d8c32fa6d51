//! Resource indicators (RFC 8707): whom an access token is for. Without one it is for our own userinfo endpoint.

use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError, params, retry_on_db_conflict};
use url::Url;

use super::TokenError;
use crate::binding::SenderConstraint;
use crate::clients::{self, Client};
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
    if !is_identifier(resource) {
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

/// Section 2.
pub(crate) fn is_identifier(resource: &str) -> bool {
    let whole = Url::parse(resource).is_ok_and(|url| url.fragment().is_none());
    whole && resource.bytes().all(|octet| octet.is_ascii_graphic())
}

/// Of the resources that a request names those for which the client may have tokens: the issuer for our own userinfo endpoint,
/// and what its registration lists, if there is a server of that name where the client lives. Whoever tries something out in the
/// sandbox reaches no server that meets real people.
pub(crate) async fn known(idp: &Idp, client: &Client, form: &Form) -> Result<Vec<String>, DbError> {
    let mut known = Vec::new();
    for resource in form.all("resource") {
        let listed = client.metadata.resources.contains(&resource);
        let may = resource == idp.issuer()
            || (listed
                && server(&idp.cx, &resource)
                    .await?
                    .is_some_and(|server| server.realm == client.realm));
        if may && !known.contains(&resource) {
            known.push(resource);
        }
    }
    Ok(known)
}

/// What a token request says about the audience; the grant has the last word.
pub(super) struct Target {
    /// Known.
    asked: Vec<String>,
    /// What the client is registered for now.
    registered: Vec<String>,
    issuer: String,
}

impl Target {
    pub(super) async fn of(idp: &Idp, client: &Client, form: &Form) -> Result<Self, TokenError> {
        let asked = known(idp, client, form).await?;
        let alone = asked.len() == 1 || !asked.iter().any(|resource| resource == idp.issuer());
        // Whoever else the token is shown to must learn nothing of the person by it.
        if !alone || !form.all("resource").iter().all(|resource| asked.contains(resource)) {
            return Err(TokenError::InvalidTarget);
        }
        Ok(Self {
            asked,
            registered: client.metadata.resources.clone(),
            issuer: idp.issuer().to_owned(),
        })
    }

    /// The audience of a token under a grant for `granted`: without a wish all of it, otherwise a part (section 2.2), as far as
    /// the client is still registered for it. The issuer can always be asked for, and is all there is where nothing was granted.
    pub(super) fn audience(
        &self,
        granted: &[String],
        cnf: Option<&SenderConstraint>,
    ) -> Result<Vec<String>, TokenError> {
        let ours = vec![self.issuer.clone()];
        let granted: Vec<_> = granted.iter().filter(|resource| **resource != self.issuer).collect();
        let wanted = match self.asked.as_slice() {
            [] if granted.is_empty() => return Ok(ours),
            asked if asked == ours => return Ok(ours),
            [] => granted.iter().map(|resource| (*resource).clone()).collect(),
            asked => asked.to_vec(),
        };
        let registered = |resource: &&String| self.registered.contains(*resource);
        let left: Vec<_> = wanted.iter().filter(registered).cloned().collect();
        match !left.is_empty() && left.iter().all(|resource| granted.contains(&resource)) {
            true => safe(left, cnf),
            false => Err(TokenError::InvalidTarget),
        }
    }

    /// The audience of a token of the client's own right: what it asks for, or the issuer.
    pub(super) fn own(self, cnf: Option<&SenderConstraint>) -> Result<Vec<String>, TokenError> {
        match self.asked.is_empty() {
            true => Ok(vec![self.issuer]),
            false => safe(self.asked, cnf),
        }
    }
}

/// A bearer token for several servers could be shown by one of them to another (RFC 9700 section 2.3).
fn safe(audience: Vec<String>, cnf: Option<&SenderConstraint>) -> Result<Vec<String>, TokenError> {
    match cnf.is_none() && audience.len() > 1 {
        true => Err(TokenError::InvalidTarget),
        false => Ok(audience),
    }
}

/// The server of this resource, by the names that its client has for people.
pub(crate) async fn server(cx: &Cx, resource: &str) -> Result<Option<Client>, DbError> {
    match server_of(cx, resource).await? {
        Some(client_id) => clients::find(cx, &client_id).await,
        None => Ok(None),
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
