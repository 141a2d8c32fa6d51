//! grant_type=authorization_code (RFC 6749 section 4.1.3, RFC 7636 section 4.5).

use signum_core::{DbError, Id, Timestamp, Tx};

use super::access_token::{About, Fresh, Right};
use super::id_token::IdToken;
use super::refresh_store::{self, New};
use super::resource::Target;
use super::{Caller, TokenError, Tokens, narrowed_details, released};
use crate::binding::SenderConstraint;
use crate::clients::GrantType;
use crate::code::{self, Grant, Redeemed, Redemption};
use crate::form::Form;
use crate::secret;
use crate::service::Idp;
use crate::subject;

/// Prepares and signs everything that will be said, then spends the code and stores the tokens in one transaction: whatever goes
/// wrong on our side costs no code.
pub(crate) async fn redeem(idp: &Idp, caller: &Caller, form: &Form) -> Result<Tokens, TokenError> {
    let missing = TokenError::InvalidRequest;
    let redemption = &Redemption {
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
    let target = Target::of(idp, &caller.client, form).await?;
    let Some(redeemed) = code::look(&idp.cx, redemption).await? else {
        spend(idp, caller, redemption, None).await?;
        return Err(TokenError::InvalidGrant);
    };
    let new = match NewTokens::prepared(idp, caller, &target, form, &redeemed).await {
        Err(error) if error.code().is_some() => {
            // The code is spent by whatever its client wrongly asks for.
            spend(idp, caller, redemption, None).await?;
            return Err(error);
        }
        prepared => prepared?,
    };
    match spend(idp, caller, redemption, Some(&new)).await? {
        true => Ok(new.tokens),
        false => Err(TokenError::InvalidGrant),
    }
}

/// Spends the code and stores what it is spent for; `false` when it is worth nothing. What a refusal changes is committed.
async fn spend(
    idp: &Idp,
    caller: &Caller,
    redemption: &Redemption<'_>,
    new: Option<&NewTokens>,
) -> Result<bool, TokenError> {
    let cx = &idp.cx;
    cx.db
        .run::<_, TokenError, _, _>("code.redeem", |tx| async move {
            if let Some(proof) = &caller.proof {
                proof.spend(&tx, cx).await?;
            }
            match (code::redeem(&tx, cx, redemption).await?, new) {
                (Ok(_), Some(new)) => {
                    new.store(&tx, idp, caller).await?;
                    Ok(true)
                }
                (Ok(_), None) => Ok(false),
                (Err(worthless), _) => {
                    let client_id = &caller.client.client_id;
                    tracing::warn!(client = client_id, reason = worthless.reason(), "code refused");
                    Ok(false)
                }
            }
        })
        .await
}

/// RFC 7636 section 4.1: 43 to 128 unreserved characters.
fn verifier(text: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

/// The tokens of a new grant, signed before the transaction that stores them.
pub(super) struct NewTokens {
    access: Fresh,
    right: Right,
    refresh: Option<secret::Hashed>,
    grant: Id<Grant>,
    log_in: Timestamp,
    pub tokens: Tokens,
}

impl NewTokens {
    /// What the grant allows, as far as this request asks for it.
    pub(super) async fn prepared(
        idp: &Idp,
        caller: &Caller,
        target: &Target,
        form: &Form,
        redeemed: &Redeemed,
    ) -> Result<Self, TokenError> {
        let (cx, client, entitlement) = (&idp.cx, &caller.client, &redeemed.entitlement);
        let right = Right {
            client_id: client.client_id.clone(),
            grant: Some(redeemed.grant),
            scope: redeemed.scope.to_string(),
            audience: target.audience(&entitlement.resources, caller.constraint.as_ref())?,
            details: narrowed_details(&entitlement.details, form)?,
            cnf: caller.constraint.clone(),
            issued_at: cx.now(),
            expires_at: cx.now().plus(idp.config.access_token_ttl()),
        };
        let subject = subject::ensured(cx, redeemed.person, &client.sector).await?;
        let about = About {
            subject: &subject,
            authentication: Some(&redeemed.authentication),
        };
        let access = Fresh::new(&*cx.random, client.metadata.access_token_format);
        let access_token = access.finish(idp, &right, &about).await?;
        let id_token = IdToken {
            subject: &subject,
            nonce: redeemed.nonce.as_deref(),
            sid: &redeemed.sid,
            authentication: &redeemed.authentication,
            access_token: &access_token,
            data: released::in_id_token(idp, client, redeemed.person, entitlement).await?,
        };
        let id_token = id_token.sign(idp, client).await?;
        let refreshes = client.metadata.may_use(GrantType::RefreshToken);
        let (refresh_token, refresh) = refreshes.then(|| secret::fresh(&*cx.random)).unzip();
        let tokens = Tokens {
            access_token,
            token_type: SenderConstraint::token_type(right.cnf.as_ref()),
            expires_in: idp.config.access_token_seconds,
            scope: right.scope.clone(),
            id_token: Some(id_token),
            refresh_token,
            authorization_details: right.details.member(),
        };
        Ok(Self {
            access,
            right,
            refresh,
            grant: redeemed.grant,
            log_in: redeemed.authentication.time,
            tokens,
        })
    }

    pub(super) async fn store(&self, tx: &Tx, idp: &Idp, caller: &Caller) -> Result<(), DbError> {
        let cx = &idp.cx;
        self.access.store(tx, &self.right).await?;
        let Some(hash) = self.refresh else { return Ok(()) };
        let new = New {
            hash,
            grant: self.grant,
            client_id: &caller.client.client_id,
            cnf: caller.constraint.as_ref(),
            expires_at: refresh_store::expiry(&idp.config, cx.now(), self.log_in),
        };
        new.store(tx, cx).await
    }
}
