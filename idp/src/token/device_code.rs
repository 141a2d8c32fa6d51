//! grant_type=urn:ietf:params:oauth:grant-type:device_code (RFC 8628 section 3.4).

use super::authorization_code::NewTokens;
use super::{Caller, TokenError, Tokens, resource};
use crate::code::Redeemed;
use crate::device::poll::{self, Polled};
use crate::form::Form;
use crate::secret;
use crate::service::Idp;

/// Spends the code and stores the tokens in one transaction, then signs in the HSM.
pub(super) async fn redeem(idp: &Idp, caller: &Caller, form: &Form) -> Result<Tokens, TokenError> {
    let code = form
        .get("device_code")
        .ok_or(TokenError::InvalidRequest("device_code is missing"))?;
    let new = NewTokens::of(idp, caller, resource::audience(idp, form).await?);
    let (cx, prepared, client_id) = (&idp.cx, &new, &caller.client.client_id);
    let (hash, shown) = (secret::hashed(code), caller.constraint.as_ref());
    let answer = cx
        .db
        .run::<_, TokenError, _, _>("device.poll", |tx| async move {
            if let Some(proof) = &caller.proof {
                proof.spend(&tx, cx).await?;
            }
            match poll::poll(&tx, cx, hash, client_id, shown).await? {
                Polled::Granted(redeemed) => {
                    let subject = prepared.store(&tx, idp, caller, &redeemed).await?;
                    Ok(Ok((redeemed, subject)))
                }
                // What an answer changes has to be committed.
                other => Ok(Err(error(client_id, &other))),
            }
        })
        .await?;
    let (redeemed, subject): (Box<Redeemed>, String) = answer?;
    new.sign(idp, caller, &redeemed, &subject).await
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
        Polled::Granted(_) => TokenError::InvalidGrant,
    }
}
