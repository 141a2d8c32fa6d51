//! Token revocation (RFC 7009): a client gives back its own tokens. With a refresh token goes everything of its grant.

use serde_json::json;
use signum_core::DbError;
use signum_core::audit::{self, Event};

use crate::clients::Client;
use crate::service::Idp;
use crate::token::{access_token, refresh_store};
use crate::{code, secret};

/// Takes back `token` if it is one of the client's; nothing is told of others (section 2.2).
pub(crate) async fn revoke(idp: &Idp, client: &Client, token: &str) -> Result<(), DbError> {
    let cx = &idp.cx;
    if let Some(found) = access_token::find(idp, token).await? {
        if found.right.client_id != client.client_id {
            return Ok(());
        }
        let found = &found;
        let event = &Event::new("token.revoked", &client.client_id, json!({"kind": "access_token"}));
        return cx
            .db
            .run("token.revoke", |tx| async move {
                access_token::revoke(&tx, found, cx.now()).await?;
                audit::record(&tx, cx, event).await
            })
            .await;
    }
    let stored = match secret::has_the_form(token) {
        true => refresh_store::find(cx, secret::hashed(token)).await?,
        false => None,
    };
    let Some(stored) = stored.filter(|stored| stored.client_id == client.client_id) else {
        return Ok(());
    };
    let event = &Event::new(
        "token.revoked",
        &client.client_id,
        json!({"kind": "refresh_token", "grant": stored.grant}),
    );
    cx.db
        .run("token.revoke", |tx| async move {
            code::revoke(&tx, cx, stored.grant).await?;
            audit::record(&tx, cx, event).await
        })
        .await
}
