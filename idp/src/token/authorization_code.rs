//! grant_type=authorization_code (RFC 6749 section 4.1.3, RFC 7636 section 4.5).

use signum_core::{DbError, Id};

use super::id_token::IdToken;
use super::{TokenError, Tokens};
use crate::clients::Client;
use crate::code::{self, Redeemed, Redemption};
use crate::form::Form;
use crate::service::Idp;
use crate::{jws, secret, subject};

/// Spends the code and stores the access token in one transaction, then signs the ID token in the HSM.
pub(crate) async fn redeem(idp: &Idp, client: &Client, form: &Form) -> Result<Tokens, TokenError> {
    let missing = TokenError::InvalidRequest;
    let redemption = Redemption {
        code: form.get("code").ok_or(missing("code is missing"))?,
        client_id: &client.client_id,
        redirect_uri: form.get("redirect_uri").ok_or(missing("redirect_uri is missing"))?,
        code_verifier: form
            .get("code_verifier")
            .filter(|v| verifier(v))
            .ok_or(missing("code_verifier is missing"))?,
    };
    let (access_token, hash) = secret::fresh(&*idp.cx.random);
    let Some((redeemed, subject)) = spend(idp, client, &redemption, hash).await? else {
        return Err(TokenError::InvalidGrant);
    };
    let jti: Id<()> = Id::new(&*idp.cx.random);
    let claims = IdToken {
        issuer: idp.issuer(),
        client_id: &client.client_id,
        subject: &subject,
        jti: jti.to_string(),
        issued_at: idp.cx.now().seconds(),
        life: idp.config.id_token_seconds,
        access_token: &access_token,
        redeemed: &redeemed,
    }
    .claims();
    let id_token = jws::sign(&*idp.hsm, &idp.keys.active, &idp.keys.active_kid, &claims).await?;
    Ok(Tokens {
        access_token,
        expires_in: idp.config.access_token_seconds,
        id_token,
        scope: redeemed.scope.to_string(),
    })
}

/// `None`: refused, and everything the refusal changes is committed.
async fn spend(
    idp: &Idp,
    client: &Client,
    redemption: &Redemption<'_>,
    token_hash: secret::Hashed,
) -> Result<Option<(Redeemed, String)>, DbError> {
    let cx = &idp.cx;
    let expires = cx.now().plus(idp.config.access_token_ttl());
    cx.db
        .run("code.redeem", |tx| async move {
            let redeemed = match code::redeem(&tx, cx, redemption).await? {
                Ok(redeemed) => redeemed,
                Err(worthless) => {
                    tracing::warn!(client = client.client_id, reason = worthless.reason(), "code refused");
                    return Ok(None);
                }
            };
            tx.exec(
                "INSERT INTO access_token (hash, grant_id, issued_at, expires_at) VALUES ($1, $2, $3, $4)",
                signum_core::params![token_hash, redeemed.grant, cx.now(), expires],
            )
            .await?;
            let subject = subject::subject(&tx, &*cx.random, redeemed.person, &client.sector).await?;
            Ok(Some((redeemed, subject)))
        })
        .await
}

/// RFC 7636 section 4.1: 43 to 128 unreserved characters.
fn verifier(text: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}
