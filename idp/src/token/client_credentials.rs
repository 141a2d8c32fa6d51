//! grant_type=client_credentials (RFC 6749 section 4.4): the client's own right, of which no person is part.

use serde_json::json;
use signum_core::audit::{self, Event};

use super::access_token::{About, Fresh, Right};
use super::resource::Target;
use super::{Caller, TokenError, Tokens};
use crate::authorize::details::Details;
use crate::binding::SenderConstraint;
use crate::form::Form;
use crate::scope::Scope;
use crate::service::Idp;

pub(super) async fn issue(idp: &Idp, caller: &Caller, form: &Form) -> Result<Tokens, TokenError> {
    if caller.is_public() {
        return Err(TokenError::UnauthorizedClient);
    }
    // Details are what a person agrees to (RFC 9396 section 7), and here is none.
    if form.has("authorization_details") {
        return Err(TokenError::InvalidAuthorizationDetails);
    }
    let (cx, client) = (&idp.cx, &caller.client);
    let right = &Right {
        client_id: client.client_id.clone(),
        grant: None,
        scope: scope(client.metadata.scope.as_deref(), form.get("scope"))?,
        audience: Target::of(idp, &caller.client, form)
            .await?
            .own(caller.constraint.as_ref())?,
        details: Details::default(),
        cnf: caller.constraint.clone(),
        issued_at: cx.now(),
        expires_at: cx.now().plus(idp.config.access_token_ttl()),
    };
    let fresh = Fresh::new(&*cx.random, client.metadata.access_token_format);
    let about = About {
        subject: &client.client_id,
        ..About::default()
    };
    let access_token = fresh.finish(idp, right, &about).await?;
    let stored = &fresh;
    cx.db
        .run::<_, TokenError, _, _>("client_credentials.issue", |tx| async move {
            if let Some(proof) = &caller.proof {
                proof.spend(&tx, cx).await?;
            }
            stored.store(&tx, right).await?;
            let detail = json!({"scope": right.scope, "audience": right.audience});
            let event = Event::new("client_credentials.issued", &right.client_id, detail);
            Ok(audit::record(&tx, cx, &event).await?)
        })
        .await?;
    Ok(Tokens {
        access_token,
        token_type: SenderConstraint::token_type(right.cnf.as_ref()),
        expires_in: idp.config.access_token_seconds,
        scope: right.scope.clone(),
        id_token: None,
        refresh_token: None,
        authorization_details: None,
    })
}

/// What is asked for, if the client registered for all of it; without a wish, everything it registered for. Scopes about people
/// are not a client's own.
fn scope(registered: Option<&str>, asked: Option<&str>) -> Result<String, TokenError> {
    let of_people =
        |scope: &str| Scope::ALL.iter().any(|known| known.name() == scope) || scope.starts_with("representee");
    let registered: Vec<&str> = registered
        .unwrap_or_default()
        .split(' ')
        .filter(|scope| !scope.is_empty() && !of_people(scope))
        .collect();
    let Some(asked) = asked else {
        return match registered.is_empty() {
            true => Err(TokenError::InvalidScope),
            false => Ok(registered.join(" ")),
        };
    };
    match asked.split(' ').all(|scope| registered.contains(&scope)) {
        true => Ok(asked.to_owned()),
        false => Err(TokenError::InvalidScope),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_what_it_registered_for_and_nothing_about_people() {
        let registered = Some("openid profile registry:read registry:write");
        assert_eq!(
            scope(registered, None).ok().as_deref(),
            Some("registry:read registry:write")
        );
        assert_eq!(
            scope(registered, Some("registry:read")).ok().as_deref(),
            Some("registry:read")
        );
        for asked in [
            "openid",
            "registry:read profile",
            "registry:erase",
            "registry:read  registry:write",
        ] {
            assert!(
                matches!(scope(registered, Some(asked)), Err(TokenError::InvalidScope)),
                "{asked}"
            );
        }
        assert!(scope(Some("openid"), None).is_err() && scope(None, None).is_err());
    }
}
