//! grant_type=authorization_code (RFC 6749 section 4.1.3, RFC 7636 section 4.5).

use super::access_token::{About, Fresh, Right};
use super::id_token::IdToken;
use super::refresh_store::{self, New};
use super::resource::Target;
use super::{Caller, TokenError, Tokens, narrowed_details, released};
use crate::binding::SenderConstraint;
use crate::clients::GrantType;
use crate::code::{self, Redeemed, Redemption};
use crate::form::Form;
use crate::secret;
use crate::service::Idp;
use crate::subject;

/// Spends the code and stores the tokens in one transaction, then signs in the HSM.
pub(crate) async fn redeem(idp: &Idp, caller: &Caller, form: &Form) -> Result<Tokens, TokenError> {
    let missing = TokenError::InvalidRequest;
    let redemption = Redemption {
        code: form.get("code").ok_or(missing("code is missing"))?,
        client_id: &caller.client.client_id,
        redirect_uri: form.get("redirect_uri").ok_or(missing("redirect_uri is missing"))?,
        // RFC 7636 section 4.6: a verifier that is missing fits no code, as any other that does not.
        code_verifier: form
            .get("code_verifier")
            .filter(|v| verifier(v))
            .ok_or(TokenError::InvalidGrant)?,
        shown: caller.constraint.as_ref(),
    };
    let new = NewTokens::of(idp, caller, Target::of(idp, &caller.client, form).await?, form);
    let (cx, prepared) = (&idp.cx, &new);
    let redemption = &redemption;
    let spent = cx
        .db
        .run::<_, TokenError, _, _>("code.redeem", |tx| async move {
            if let Some(proof) = &caller.proof {
                proof.spend(&tx, cx).await?;
            }
            match code::redeem(&tx, cx, redemption).await? {
                Ok(redeemed) => match prepared.right(idp, caller, &redeemed) {
                    Ok(right) => {
                        let subject = prepared.store(&tx, idp, caller, &redeemed, &right).await?;
                        Ok(Ok((redeemed, right, subject)))
                    }
                    // The code is spent by whatever its client wrongly asks for.
                    Err(error) => Ok(Err(error)),
                },
                // What the refusal changes has to be committed.
                Err(worthless) => {
                    let client_id = &caller.client.client_id;
                    tracing::warn!(client = client_id, reason = worthless.reason(), "code refused");
                    Ok(Err(TokenError::InvalidGrant))
                }
            }
        })
        .await?;
    let (redeemed, right, subject) = spent?;
    new.sign(idp, caller, &redeemed, right, &subject).await
}

/// RFC 7636 section 4.1: 43 to 128 unreserved characters.
fn verifier(text: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

/// The tokens of a new grant, drawn before the transaction that stores them.
pub(super) struct NewTokens<'a> {
    access: Fresh,
    refresh: Option<(String, secret::Hashed)>,
    target: Target,
    form: &'a Form,
}

impl<'a> NewTokens<'a> {
    pub(super) fn of(idp: &Idp, caller: &Caller, target: Target, form: &'a Form) -> Self {
        let (random, metadata) = (&*idp.cx.random, &caller.client.metadata);
        let refreshes = metadata.may_use(GrantType::RefreshToken);
        Self {
            access: Fresh::new(random, metadata.access_token_format),
            refresh: refreshes.then(|| secret::fresh(random)),
            target,
            form,
        }
    }

    /// Stores them; answers the person's `sub` at the client.
    pub(super) async fn store(
        &self,
        tx: &signum_core::Tx,
        idp: &Idp,
        caller: &Caller,
        redeemed: &Redeemed,
        right: &Right,
    ) -> Result<String, TokenError> {
        let (cx, client) = (&idp.cx, &caller.client);
        self.access.store(tx, right).await?;
        if let Some((_, hash)) = &self.refresh {
            let new = New {
                hash: *hash,
                grant: redeemed.grant,
                client_id: &client.client_id,
                cnf: caller.constraint.as_ref(),
                expires_at: refresh_store::expiry(&idp.config, cx.now(), redeemed.authentication.time),
            };
            new.store(tx, cx).await?;
        }
        Ok(subject::subject(tx, &*cx.random, redeemed.person, &client.sector).await?)
    }

    /// What the grant allows, as far as this request asks for it.
    pub(super) fn right(&self, idp: &Idp, caller: &Caller, redeemed: &Redeemed) -> Result<Right, TokenError> {
        let entitlement = &redeemed.entitlement;
        Ok(Right {
            client_id: caller.client.client_id.clone(),
            grant: Some(redeemed.grant),
            scope: redeemed.scope.to_string(),
            audience: self.target.audience(&entitlement.resources)?,
            details: narrowed_details(&entitlement.details, self.form)?,
            cnf: caller.constraint.clone(),
            issued_at: idp.cx.now(),
            expires_at: idp.cx.now().plus(idp.config.access_token_ttl()),
        })
    }

    pub(super) async fn sign(
        self,
        idp: &Idp,
        caller: &Caller,
        redeemed: &Redeemed,
        right: Right,
        subject: &str,
    ) -> Result<Tokens, TokenError> {
        let about = About {
            subject,
            authentication: Some(&redeemed.authentication),
        };
        let access_token = self.access.finish(idp, &right, &about).await?;
        let id_token = IdToken {
            subject,
            nonce: redeemed.nonce.as_deref(),
            sid: &redeemed.sid,
            authentication: &redeemed.authentication,
            access_token: &access_token,
            data: released::in_id_token(idp, &caller.client, redeemed.person, &redeemed.entitlement).await?,
        };
        let id_token = id_token.sign(idp, &caller.client).await?;
        Ok(Tokens {
            access_token,
            token_type: SenderConstraint::token_type(right.cnf.as_ref()),
            expires_in: idp.config.access_token_seconds,
            scope: right.scope,
            id_token: Some(id_token),
            refresh_token: self.refresh.map(|(token, _)| token),
            authorization_details: right.details.member(),
        })
    }
}
