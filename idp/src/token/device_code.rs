//! grant_type=urn:ietf:params:oauth:grant-type:device_code (RFC 8628 section 3.4).

use super::authorization_code::NewTokens;
use super::resource::Target;
use super::{Caller, TokenError, Tokens};
use crate::device::poll::{self, Polled};
use crate::form::Form;
use crate::secret;
use crate::service::Idp;

/// Prepares and signs everything that will be said, then spends the code and stores the tokens in one transaction.
pub(super) async fn redeem(idp: &Idp, caller: &Caller, form: &Form) -> Result<Tokens, TokenError> {
    let code = form
        .get("device_code")
        .ok_or(TokenError::InvalidRequest("device_code is missing"))?;
    let target = Target::of(idp, &caller.client, form).await?;
    let (cx, client_id) = (&idp.cx, &caller.client.client_id);
    let (hash, shown) = (secret::hashed(code), caller.constraint.as_ref());
    let mut prepared = match poll::look(cx, hash, client_id, shown).await? {
        Some(redeemed) => Some(NewTokens::prepared(idp, caller, &target, form, &redeemed).await),
        None => None,
    };
    // Our own fault costs no code.
    if let Some(Err(error)) =
        prepared.take_if(|prepared| prepared.as_ref().err().is_some_and(|error| error.code().is_none()))
    {
        return Err(error);
    }
    let new = &prepared;
    let refused = cx
        .db
        .run::<_, TokenError, _, _>("device.poll", |tx| async move {
            if let Some(proof) = &caller.proof {
                proof.spend(&tx, cx).await?;
            }
            // What an answer changes has to be committed.
            match (poll::poll(&tx, cx, hash, client_id, shown).await?, new) {
                (Polled::Granted, Some(Ok(new))) => {
                    new.store(&tx, idp, caller).await?;
                    Ok(None)
                }
                // The code is spent by whatever its client wrongly asks for.
                (Polled::Granted, Some(Err(_))) => Ok(None),
                (other, _) => Ok(Some(error(client_id, &other))),
            }
        })
        .await?;
    match (refused, prepared) {
        (Some(refusal), _) => Err(refusal),
        (None, Some(prepared)) => prepared.map(|new| new.tokens),
        (None, None) => Err(TokenError::InvalidGrant),
    }
}

/// RFC 8628 section 3.5.
fn error(client_id: &str, polled: &Polled) -> TokenError {
    match polled {
        Polled::Pending => TokenError::AuthorizationPending,
        Polled::SlowDown => TokenError::SlowDown,
        Polled::Denied => TokenError::AccessDenied,
        Polled::Expired => TokenError::ExpiredToken,
        Polled::Worthless(reason) => {
            tracing::warn!(client = client_id, reason, "device code refused");
            TokenError::InvalidGrant
        }
        Polled::Granted => TokenError::InvalidGrant,
    }
}
