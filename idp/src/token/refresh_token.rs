//! grant_type=refresh_token (RFC 6749 section 6, RFC 9700 section 4.14): a client keeps its person's session alive.
//!
//! A bearer token is replaced with every use, by compare and set. Shown once more within ten seconds, its successor unused, it
//! gets the same answer again, since answers get lost; later, or after the successor was used, it takes everything back. A token
//! bound to a key or certificate stays, for it is worth nothing without that.

use serde_json::{Value as Json, json};
use signum_core::DbError;
use signum_core::audit::{self, Event};

use super::access_token::{About, Fresh, Right};
use super::id_token::IdToken;
use super::refresh_store::{self, New, Stored};
use super::resource::Target;
use super::{Caller, TokenError, Tokens, narrowed_details, refresh_answer, released};
use crate::account::activity::{self, Entry, Kind};
use crate::binding::SenderConstraint;
use crate::consent::Agreed;
use crate::form::Form;
use crate::people::{Standing, standing};
use crate::scope::Scopes;
use crate::secret::{self, Hashed};
use crate::service::Idp;
use crate::session::{self, Why};
use crate::{code, consent, subject};

/// Answers with tokens, as JSON: it may be the stored answer of a moment ago.
pub(super) async fn refresh(idp: &Idp, caller: &Caller, form: &Form) -> Result<Json, TokenError> {
    let token = form
        .get("refresh_token")
        .ok_or(TokenError::InvalidRequest("refresh_token is missing"))?;
    let hash = secret::hashed(token);
    let stored = refresh_store::find(&idp.cx, hash)
        .await?
        .filter(|_| secret::has_the_form(token));
    let Some(stored) = stored else {
        return refuse(idp, caller, None, "unknown").await;
    };
    if let Some(reason) = judge(idp, caller, &stored).await? {
        return refuse(idp, caller, Some(&stored), reason).await;
    }
    let shown = Shown { token, hash, stored };
    if shown.stored.replaced {
        return shown.again(idp, caller).await;
    }
    let scope = narrowed(&shown.stored.scope, form.get("scope")).ok_or(TokenError::InvalidScope)?;
    let answer = shown.prepare(idp, caller, form, scope).await?;
    match shown.commit(idp, caller, &answer).await? {
        Outcome::Done => Ok(answer.json),
        Outcome::Lost => shown.again(idp, caller).await,
        Outcome::Over => refuse(idp, caller, Some(&shown.stored), "session over").await,
    }
}

/// Why this token is worth nothing to this client now. The client itself was found alive when it authenticated.
async fn judge(idp: &Idp, caller: &Caller, stored: &Stored) -> Result<Option<&'static str>, DbError> {
    let (cx, client) = (&idp.cx, &caller.client);
    if stored.client_id != client.client_id {
        return Ok(Some("other client"));
    }
    if !bound_as_before(caller, stored) {
        return Ok(Some("other binding"));
    }
    if !stored.granted {
        return Ok(Some("revoked"));
    }
    if stored.expires_at <= cx.now() && !stored.replaced {
        return Ok(Some("expired"));
    }
    let agreed = consent::given(cx, stored.person, &client.client_id).await?;
    let wanted = Agreed {
        scopes: stored.scope.clone(),
        claims: stored.entitlement.asked(),
        resources: stored.entitlement.resources.iter().cloned().collect(),
    };
    if !agreed.is_some_and(|agreed| agreed.covers(&wanted)) {
        return Ok(Some("consent withdrawn"));
    }
    match standing::of(cx, stored.person).await? {
        Some(Standing::Active) => Ok(None),
        Some(_) => {
            session::end_of_grant(cx, stored.grant, Why::NotActive).await?;
            Ok(Some("person not active"))
        }
        None => Ok(Some("no such person")),
    }
}

/// A public client shows the very key or certificate. A confidential one proves by its authentication that the token is its own, and
/// may have another key or a renewed certificate since (RFC 9449 section 5, RFC 8705 section 4); its tokens stay bound to something.
fn bound_as_before(caller: &Caller, stored: &Stored) -> bool {
    let (before, now) = (stored.cnf.as_ref(), caller.constraint.as_ref());
    match caller.is_public() {
        true => SenderConstraint::fits(before, now),
        false => before.is_some() == now.is_some(),
    }
}

/// RFC 6749 section 6: nothing that was not granted. `representee.*` grants to act for one of those whom the person may act for.
fn narrowed(granted: &Scopes, asked: Option<&str>) -> Option<Scopes> {
    match asked {
        None => Some(granted.clone()),
        Some(text) => Scopes::parse(text).filter(|scopes| scopes.iter().all(|scope| granted.allows(scope))),
    }
}

/// A refusal is recorded; nothing else changes, so whoever does not own a token cannot spend it.
async fn refuse(idp: &Idp, caller: &Caller, stored: Option<&Stored>, reason: &'static str) -> Result<Json, TokenError> {
    let (cx, client_id) = (&idp.cx, &caller.client.client_id);
    tracing::warn!(client = client_id, reason, "refresh token refused");
    let subject = stored.map_or_else(|| "none".to_owned(), |stored| stored.grant.to_string());
    let event = &Event::new(
        "refresh.refused",
        subject,
        json!({"client": client_id, "reason": reason}),
    );
    cx.db
        .run::<_, DbError, _, _>(
            "refresh.refused",
            |tx| async move { audit::record(&tx, cx, event).await },
        )
        .await?;
    Err(TokenError::InvalidGrant)
}

/// A token that is this client's.
struct Shown<'a> {
    token: &'a str,
    hash: Hashed,
    stored: Stored,
}

/// Everything that will be said, signed already: the transaction that follows only decides whether it is said.
struct Answer {
    json: Json,
    fresh: Fresh,
    right: Right,
    /// The next refresh token, where this one is replaced.
    successor: Option<(Hashed, Vec<u8>)>,
}

enum Outcome {
    Done,
    /// Another request with the same token was first.
    Lost,
    /// The session ended, or ran out.
    Over,
}

impl Shown<'_> {
    async fn prepare(&self, idp: &Idp, caller: &Caller, form: &Form, scope: Scopes) -> Result<Answer, TokenError> {
        let (cx, client, stored) = (&idp.cx, &caller.client, &self.stored);
        let right = Right {
            client_id: client.client_id.clone(),
            grant: Some(stored.grant),
            scope: scope.to_string(),
            audience: Target::of(idp, &caller.client, form)
                .await?
                .audience(&stored.entitlement.resources, caller.constraint.as_ref())?,
            details: narrowed_details(&stored.entitlement.details, form)?,
            cnf: caller.constraint.clone(),
            issued_at: cx.now(),
            expires_at: cx.now().plus(idp.config.access_token_ttl()),
        };
        let subject = subject::known_subject(cx, stored.person, &client.sector)
            .await?
            .ok_or(DbError::NotFound)?;
        let about = About {
            subject: &subject,
            authentication: Some(&stored.authentication),
        };
        let fresh = Fresh::new(&*cx.random, client.metadata.access_token_format);
        let access_token = fresh.finish(idp, &right, &about).await?;
        let id_token = IdToken {
            subject: &subject,
            // OpenID Connect Core section 12.2: without the nonce of the log-in.
            nonce: None,
            sid: &stored.sid,
            authentication: &stored.authentication,
            access_token: &access_token,
            data: released::in_id_token(idp, client, stored.person, &stored.entitlement).await?,
        };
        let next = stored.cnf.is_none().then(|| secret::fresh(&*cx.random));
        let tokens = Tokens {
            access_token: access_token.clone(),
            token_type: SenderConstraint::token_type(right.cnf.as_ref()),
            expires_in: idp.config.access_token_seconds,
            scope: right.scope.clone(),
            id_token: Some(id_token.sign(idp, client).await?),
            refresh_token: next.as_ref().map(|(token, _)| token.clone()),
            authorization_details: right.details.member(),
        };
        let json = tokens.to_json();
        let successor = match next {
            None => None,
            Some((_, hash)) => Some((hash, self.sealed(idp, &json)?)),
        };
        Ok(Answer {
            json,
            fresh,
            right,
            successor,
        })
    }

    fn sealed(&self, idp: &Idp, json: &Json) -> Result<Vec<u8>, TokenError> {
        let key = &idp.derived.refresh_answer;
        refresh_answer::seal(key, &*idp.cx.random, self.token, self.stored.grant, json).map_err(|error| {
            tracing::error!(%error, "an answer cannot be sealed");
            TokenError::Sealing
        })
    }

    /// One transaction: the proof is spent, the token replaced or prolonged, the session kept alive.
    async fn commit(&self, idp: &Idp, caller: &Caller, answer: &Answer) -> Result<Outcome, TokenError> {
        let (cx, config, stored) = (&idp.cx, &idp.config, &self.stored);
        let until = refresh_store::expiry(config, cx.now(), stored.authentication.time);
        let committed = cx
            .db
            .run::<_, Stop, _, _>("refresh", |tx| async move {
                if let Some(proof) = &caller.proof {
                    proof.spend(&tx, cx).await?;
                }
                let current = match &answer.successor {
                    Some((successor, sealed)) => refresh_store::replace(&tx, cx, self.hash, *successor, sealed).await?,
                    None => refresh_store::prolong(&tx, cx, self.hash, until).await?,
                };
                if !current {
                    return Err(Stop::Lost);
                }
                if !refresh_store::touch_session(&tx, cx, config, stored.grant).await? {
                    return Err(Stop::Over);
                }
                if let Some((successor, _)) = &answer.successor {
                    let new = New {
                        hash: *successor,
                        grant: stored.grant,
                        client_id: &stored.client_id,
                        cnf: None,
                        expires_at: until,
                    };
                    new.store(&tx, cx).await?;
                }
                answer.fresh.store(&tx, &answer.right).await?;
                let entry = &Entry {
                    client: Some(&stored.client_id),
                    acr: Some(stored.authentication.acr),
                    ..Entry::of(Kind::TokensIssued)
                };
                activity::record(&tx, cx, stored.person, entry).await?;
                let detail = json!({"client": stored.client_id, "scope": answer.right.scope});
                Ok(audit::record(&tx, cx, &Event::new("refresh.done", stored.grant, detail)).await?)
            })
            .await;
        match committed {
            Ok(()) => Ok(Outcome::Done),
            Err(Stop::Lost) => Ok(Outcome::Lost),
            Err(Stop::Over) => Ok(Outcome::Over),
            Err(Stop::Dpop(error)) => Err(error.into()),
            Err(Stop::Db(error)) => Err(error.into()),
        }
    }

    /// A token that was replaced: the same answer, or the end of the whole family.
    async fn again(&self, idp: &Idp, caller: &Caller) -> Result<Json, TokenError> {
        let (cx, stored) = (&idp.cx, &self.stored);
        let sealed = cx
            .db
            .run::<_, TokenError, _, _>("refresh.again", |tx| async move {
                if let Some(proof) = &caller.proof {
                    proof.spend(&tx, cx).await?;
                }
                let sealed = refresh_store::answer_again(&tx, cx, self.hash).await?;
                let kind = match &sealed {
                    Some(_) => "refresh.told_again",
                    None => {
                        code::revoke(&tx, cx, stored.grant).await?;
                        "refresh.reuse_refused"
                    }
                };
                let detail = json!({"client": stored.client_id});
                audit::record(&tx, cx, &Event::new(kind, stored.grant, detail)).await?;
                Ok(sealed)
            })
            .await?;
        let opened = sealed
            .and_then(|sealed| refresh_answer::open(&idp.derived.refresh_answer, self.token, stored.grant, &sealed));
        opened.ok_or(TokenError::InvalidGrant)
    }
}

/// Why the transaction takes everything back.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error("replaced before")]
    Lost,
    #[error("the session is over")]
    Over,
    #[error(transparent)]
    Dpop(crate::dpop::DpopError),
    #[error(transparent)]
    Db(#[from] DbError),
}
signum_core::retry_on_db_conflict!(Stop);

impl From<crate::dpop::DpopError> for Stop {
    fn from(error: crate::dpop::DpopError) -> Self {
        match error {
            crate::dpop::DpopError::Db(error) => Self::Db(error),
            other => Self::Dpop(other),
        }
    }
}
