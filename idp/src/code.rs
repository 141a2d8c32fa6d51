//! Authorization codes (RFC 6749 section 4.1.2, RFC 7636): issued once, spent by one statement, reuse revokes the grant.

use serde_json::json;
use sha2::{Digest, Sha256};
use signum_core::audit::{self, Event};
use signum_core::db::Row;
use signum_core::{Cx, DbError, Id, Timestamp, Tx, params};
use subtle::ConstantTimeEq;

use crate::account::activity::{self, Entry, Kind};
use crate::authorize::request::AuthorizeRequest;
use crate::binding::SenderConstraint;
use crate::config::Config;
use crate::entitlement::Entitlement;
use crate::level::Level;
use crate::people::Person;
use crate::scope::Scopes;
use crate::secret;
use crate::session::{self, Amr, Authentication, Live};

/// One authorization: the parent of a code and its tokens.
pub(crate) struct Grant;

/// Issues a code for `session`'s person to the client of `request`.
pub(crate) async fn issue(
    tx: &Tx,
    cx: &Cx,
    config: &Config,
    request: &AuthorizeRequest,
    session: &Live<'_>,
) -> Result<String, DbError> {
    let sid = session::sid(tx, &*cx.random, session.id, &request.client_id).await?;
    let grant: Id<Grant> = Id::new(&*cx.random);
    let entitlement = Entitlement::of(request);
    tx.exec(
        "INSERT INTO authorization_grant (id, client_id, person, session, scope, created_at, claims, id_token_claims,
            authorization_details, resource) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            grant,
            &request.client_id,
            session.person,
            session.id,
            request.scope.to_string(),
            cx.now(),
            entitlement.claims.to_string(),
            entitlement.id_token_claims.to_string(),
            entitlement.details.stored(),
            entitlement.resources.join(" ")
        ],
    )
    .await?;
    let (code, hash) = secret::fresh(&*cx.random);
    let authentication = &session.authentication;
    let named_key = request.dpop_jkt.clone().map(SenderConstraint::Jkt);
    tx.exec(
        "INSERT INTO auth_code (hash, grant_id, client_id, redirect_uri, code_challenge, nonce, sid, auth_time, acr, amr,
            expires_at, cnf) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        params![
            hash,
            grant,
            &request.client_id,
            &request.redirect_uri,
            &request.code_challenge,
            request.nonce.as_deref(),
            sid,
            authentication.time,
            authentication.acr.name(),
            authentication.amr.stored(),
            cx.now().plus(config.code_ttl()),
            named_key.as_ref().map(SenderConstraint::stored)
        ],
    )
    .await?;
    let detail = json!({"client": request.client_id, "session": session.id, "scope": request.scope.to_string()});
    audit::record(tx, cx, &Event::new("code.issued", grant, detail)).await?;
    Ok(code)
}

/// What a client shows to redeem a code.
pub(crate) struct Redemption<'a> {
    pub code: &'a str,
    pub client_id: &'a str,
    pub redirect_uri: &'a str,
    pub code_verifier: &'a str,
    /// The key or certificate that the client proved to have.
    pub shown: Option<&'a SenderConstraint>,
}

/// What a code was worth.
#[derive(Debug)]
pub(crate) struct Redeemed {
    pub grant: Id<Grant>,
    pub person: Id<Person>,
    pub scope: Scopes,
    pub entitlement: Entitlement,
    pub nonce: Option<String>,
    pub sid: String,
    pub authentication: Authentication,
}

/// Why a code was worth nothing. All look alike to the client (`invalid_grant`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worthless {
    Unknown,
    Expired,
    /// Spent before; its grant is now revoked.
    Reused,
    /// Belongs to another client, and stays good for that one.
    OtherClient,
    WrongRedirectUri,
    WrongVerifier,
    /// The person is locked out where the session began (too many log-ins).
    LockedOut,
    /// The authorization request named another key (RFC 9449 section 10).
    OtherKey,
    /// Its session ended, or the grant was revoked, between code and token.
    Revoked,
}

impl Worthless {
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Reused => "reused",
            Self::OtherClient => "other_client",
            Self::WrongRedirectUri => "wrong_redirect_uri",
            Self::WrongVerifier => "wrong_verifier",
            Self::LockedOut => "locked_out",
            Self::OtherKey => "other_key",
            Self::Revoked => "revoked",
        }
    }
}

/// A code with its grant and session, and whether its person is locked out where that began.
const WHOLE: &str = "SELECT c.grant_id AS grant_id, c.redirect_uri AS redirect_uri, c.code_challenge AS code_challenge,
        c.cnf AS cnf, c.nonce AS nonce, c.sid AS sid, c.auth_time AS auth_time, c.acr AS acr, c.amr AS amr,
        g.person AS person, g.scope AS scope, g.claims AS claims, g.id_token_claims AS id_token_claims,
        g.authorization_details AS authorization_details, g.resource AS resource, g.revoked_at AS revoked_at,
        s.ended_at AS ended_at, a.locked_until AS locked_until, c.used_at AS used_at,
        c.expires_at AS expires_at
     FROM auth_code c JOIN authorization_grant g ON g.id = c.grant_id JOIN session s ON s.id = g.session
        LEFT JOIN login_attempt a ON a.who = s.login_key AND a.locked_until > $3
     WHERE c.hash = $1 AND c.client_id = $2";

/// What a good code is worth; it is not spent by that. `None`: it is worth nothing, and [`redeem`] tells why.
pub(crate) async fn look(cx: &Cx, r: &Redemption<'_>) -> Result<Option<Redeemed>, DbError> {
    let hash = secret::hashed(r.code);
    let row = cx.db.opt(WHOLE, params![hash, r.client_id, cx.now()]).await?;
    let Some(row) = row else { return Ok(None) };
    let unused = row.get::<Option<Timestamp>>("used_at")?.is_none();
    match unused && row.get::<Timestamp>("expires_at")? > cx.now() {
        true => Ok(judge(&row, r)?.ok()),
        false => Ok(None),
    }
}

/// Spends a code. Whatever else is wrong with the request, a code that reached its own client is spent by it.
pub(crate) async fn redeem(tx: &Tx, cx: &Cx, r: &Redemption<'_>) -> Result<Result<Redeemed, Worthless>, DbError> {
    let hash = secret::hashed(r.code);
    let spent = tx
        .exec(
            "UPDATE auth_code SET used_at = $1 WHERE hash = $2 AND used_at IS NULL AND expires_at > $1 AND client_id = $3",
            params![cx.now(), hash, r.client_id],
        )
        .await?;
    let outcome = match spent {
        1 => {
            let row = tx.opt(WHOLE, params![hash, r.client_id, cx.now()]).await?;
            row.map_or(Ok(Err(Worthless::Revoked)), |row| judge(&row, r))?
        }
        _ => Err(why_not(tx, cx, r, hash).await?),
    };
    match &outcome {
        Ok(redeemed) => {
            let event = Event::new("code.redeemed", redeemed.grant, json!({"client": r.client_id}));
            audit::record(tx, cx, &event).await?;
            let entry = &Entry {
                client: Some(r.client_id),
                acr: Some(redeemed.authentication.acr),
                ..Entry::of(Kind::TokensIssued)
            };
            activity::record(tx, cx, redeemed.person, entry).await?;
        }
        Err(worthless) => refused(tx, cx, r, hash, *worthless).await?,
    }
    Ok(outcome)
}

fn judge(row: &Row, r: &Redemption<'_>) -> Result<Result<Redeemed, Worthless>, DbError> {
    if row.get::<String>("redirect_uri")? != r.redirect_uri {
        return Ok(Err(Worthless::WrongRedirectUri));
    }
    if !verifier_fits(r.code_verifier, &row.get::<String>("code_challenge")?) {
        return Ok(Err(Worthless::WrongVerifier));
    }
    if let Some(named) = SenderConstraint::of_row(row)?
        && !SenderConstraint::fits(Some(&named), r.shown)
    {
        return Ok(Err(Worthless::OtherKey));
    }
    let set = |column| Ok::<_, DbError>(row.get::<Option<Timestamp>>(column)?.is_some());
    if set("revoked_at")? || set("ended_at")? {
        return Ok(Err(Worthless::Revoked));
    }
    if set("locked_until")? {
        return Ok(Err(Worthless::LockedOut));
    }
    Redeemed::of_row(row, row.get("nonce")?).map(Ok)
}

impl Redeemed {
    /// From a row of a code with its grant.
    pub(crate) fn of_row(row: &Row, nonce: Option<String>) -> Result<Self, DbError> {
        let impossible = |column: &str| DbError::Column {
            column: column.to_owned(),
            problem: "has an impossible value".to_owned(),
        };
        Ok(Self {
            grant: row.get("grant_id")?,
            person: row.get("person")?,
            scope: Scopes::parse(&row.get::<String>("scope")?).ok_or_else(|| impossible("scope"))?,
            entitlement: Entitlement::of_row(row)?,
            nonce,
            sid: row.get("sid")?,
            authentication: Authentication {
                time: row.get("auth_time")?,
                acr: Level::parse(&row.get::<String>("acr")?).ok_or_else(|| impossible("acr"))?,
                amr: Amr::read(&row.get::<String>("amr")?),
            },
        })
    }
}

/// Tells why the statement that spends found no row; a reused code revokes everything it led to.
async fn why_not(tx: &Tx, cx: &Cx, r: &Redemption<'_>, hash: [u8; 32]) -> Result<Worthless, DbError> {
    let Some(row) = tx
        .opt(
            "SELECT grant_id, client_id, used_at FROM auth_code WHERE hash = $1",
            params![hash],
        )
        .await?
    else {
        return Ok(Worthless::Unknown);
    };
    if row.get::<String>("client_id")? != r.client_id {
        return Ok(Worthless::OtherClient);
    }
    if row.get::<Option<Timestamp>>("used_at")?.is_none() {
        return Ok(Worthless::Expired);
    }
    revoke(tx, cx, row.get("grant_id")?).await?;
    Ok(Worthless::Reused)
}

/// Revokes a grant and its tokens.
pub(crate) async fn revoke(tx: &Tx, cx: &Cx, grant: Id<Grant>) -> Result<(), DbError> {
    tx.exec(
        "UPDATE authorization_grant SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL",
        params![cx.now(), grant],
    )
    .await?;
    tx.exec(
        "UPDATE access_token SET revoked_at = $1 WHERE grant_id = $2 AND revoked_at IS NULL",
        params![cx.now(), grant],
    )
    .await?;
    Ok(())
}

async fn refused(tx: &Tx, cx: &Cx, r: &Redemption<'_>, hash: [u8; 32], why: Worthless) -> Result<(), DbError> {
    let grant = tx
        .opt("SELECT grant_id FROM auth_code WHERE hash = $1", params![hash])
        .await?
        .map(|row| row.get::<Id<Grant>>("grant_id"))
        .transpose()?;
    let kind = if why == Worthless::Reused {
        "code.reuse_refused"
    } else {
        "code.refused"
    };
    let subject = grant.map_or_else(|| "none".to_owned(), |grant| grant.to_string());
    let detail = json!({"client": r.client_id, "reason": why.reason()});
    audit::record(tx, cx, &Event::new(kind, subject, detail)).await
}

/// RFC 7636 section 4.6 with S256.
fn verifier_fits(verifier: &str, challenge: &str) -> bool {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
    let computed = B64.encode(Sha256::digest(verifier.as_bytes()));
    computed.as_bytes().ct_eq(challenge.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::verifier_fits;

    #[test]
    fn verifier_of_rfc_7636_appendix_b_fits() {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(verifier_fits("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", challenge));
        assert!(!verifier_fits("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl", challenge));
    }
}
