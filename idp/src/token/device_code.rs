//! grant_type=urn:ietf:params:oauth:grant-type:device_code (RFC 8628 section 3.4).

use super::authorization_code::NewTokens;
use super::resource::Target;
use super::{Caller, TokenError, Tokens};
use crate::device::poll::{self, Polled};
use crate::form::Form;
use crate::secret;
use crate::service::Idp;

/// Spends the code and stores the tokens in one transaction, then signs in the HSM.
pub(super) async fn redeem(idp: &Idp, caller: &Caller, form: &Form) -> Result<Tokens, TokenError> {
    let code = form
        .get("device_code")
        .ok_or(TokenError::InvalidRequest("device_code is missing"))?;
    let new = NewTokens::of(idp, caller, Target::of(idp, &caller.client, form).await?, form);
    let (cx, prepared, client_id) = (&idp.cx, &new, &caller.client.client_id);
    let (hash, shown) = (secret::hashed(code), caller.constraint.as_ref());
    let answer = cx
        .db
        .run::<_, TokenError, _, _>("device.poll", |tx| async move {
            if let Some(proof) = &caller.proof {
                proof.spend(&tx, cx).await?;
            }
            match poll::poll(&tx, cx, hash, client_id, shown).await? {
                Polled::Granted(redeemed) => match prepared.right(idp, caller, &redeemed) {
                    Ok(right) => {
                        let subject = prepared.store(&tx, idp, caller, &redeemed, &right).await?;
                        Ok(Ok((redeemed, right, subject)))
                    }
                    // The code is spent by whatever its client wrongly asks for.
                    Err(error) => Ok(Err(error)),
                },
                // What an answer changes has to be committed.
                other => Ok(Err(error(client_id, &other))),
            }
        })
        .await?;
    let (redeemed, right, subject) = answer?;
    new.sign(idp, caller, &redeemed, right, &subject).await
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
