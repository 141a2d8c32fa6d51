//! Access tokens: opaque, or signed as RFC 9068 says. Each has a row, so each can be taken back and introspected.

use serde_json::{Value as Json, json};
use signum_core::db::Row;
use signum_core::{DbError, Id, Random, Timestamp, Tx, params};
use signum_hsm_shim::HsmError;

use crate::authorize::details::Details;
use crate::binding::SenderConstraint;
use crate::claim::Claims;
use crate::clients::AccessTokenFormat;
use crate::code::Grant;
use crate::people::Person;
use crate::secret::{self, Hashed};
use crate::service::Idp;
use crate::session::{Amr, Authentication};
use crate::{jws, level::Level};

/// What an access token gives a right to, and to whom.
#[derive(Clone, Debug)]
pub(crate) struct Right {
    pub client_id: String,
    /// `None`: the client's own right (client_credentials).
    pub grant: Option<Id<Grant>>,
    /// Separated by spaces.
    pub scope: String,
    /// Issuer, or identifiers of resource servers (RFC 8707).
    pub audience: Vec<String>,
    /// RFC 9396 section 7: what the person agreed to, or a part of it.
    pub details: Details,
    pub cnf: Option<SenderConstraint>,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Right {
    pub(crate) fn is_for(&self, resource: &str) -> bool {
        self.audience.iter().any(|one| one == resource)
    }

    pub(crate) fn has_scope(&self, wanted: &str) -> bool {
        self.scope.split(' ').any(|scope| scope == wanted)
    }
}

/// What a signed token says besides.
#[derive(Clone, Copy, Default)]
pub(crate) struct About<'a> {
    pub subject: &'a str,
    pub authentication: Option<&'a Authentication>,
}

/// An access token that is about to be: its row is written in the transaction that issues it, and it is signed after that.
pub(crate) struct Fresh {
    format: AccessTokenFormat,
    /// The opaque token itself, or the signed one's `jti`.
    handle: String,
    hash: Hashed,
}

impl Fresh {
    pub(crate) fn new(random: &dyn Random, format: AccessTokenFormat) -> Self {
        let handle = random.token();
        let hash = match format {
            AccessTokenFormat::Opaque => secret::hashed(&handle),
            AccessTokenFormat::Jwt => hash_of_jti(&handle),
        };
        Self { format, handle, hash }
    }

    pub(crate) async fn store(&self, tx: &Tx, right: &Right) -> Result<(), DbError> {
        tx.exec(
            "INSERT INTO access_token (hash, grant_id, client_id, scope, audience, cnf, issued_at, expires_at,
                authorization_details) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            params![
                self.hash,
                right.grant,
                &right.client_id,
                &right.scope,
                right.audience.join(" "),
                right.cnf.as_ref().map(SenderConstraint::stored),
                right.issued_at,
                right.expires_at,
                right.details.stored()
            ],
        )
        .await
        .map(drop)
    }

    /// The token as the client gets it.
    pub(crate) async fn finish(&self, idp: &Idp, right: &Right, about: &About<'_>) -> Result<String, HsmError> {
        match self.format {
            AccessTokenFormat::Opaque => Ok(self.handle.clone()),
            AccessTokenFormat::Jwt => {
                let claims = claims(idp.issuer(), &self.handle, right, about);
                let keys = idp.keys.fresh(&idp.cx).await;
                keys.sign(&*idp.hsm, None, jws::ACCESS_TOKEN, &claims).await
            }
        }
    }
}

/// RFC 9068 section 2.2.
fn claims(issuer: &str, jti: &str, right: &Right, about: &About<'_>) -> Json {
    let audience = match right.audience.as_slice() {
        [one] => json!(one),
        several => json!(several),
    };
    let mut claims = json!({
        "iss": issuer,
        "aud": audience,
        "sub": about.subject,
        "client_id": right.client_id,
        "iat": right.issued_at.seconds(),
        "exp": right.expires_at.seconds(),
        "jti": jti,
        "scope": right.scope,
    });
    let mut put = |name: &str, value: Option<Json>| {
        if let (Some(claims), Some(value)) = (claims.as_object_mut(), value) {
            claims.insert(name.to_owned(), value);
        }
    };
    put("cnf", right.cnf.as_ref().map(SenderConstraint::claim));
    // RFC 9396 section 9.1.
    put("authorization_details", right.details.member());
    put("auth_time", about.authentication.map(|a| json!(a.time.seconds())));
    put("acr", about.authentication.map(|a| json!(a.acr.name())));
    put("amr", about.authentication.map(|a| json!(a.amr)));
    claims
}

/// A signed token's `jti` stands in it for everybody to read: it must not be worth what an opaque token is.
fn hash_of_jti(jti: &str) -> Hashed {
    secret::hashed(&format!("at+jwt {jti}"))
}

/// A token that is good now.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub right: Right,
    /// `None`: the client itself.
    pub person: Option<Id<Person>>,
    pub authentication: Option<Authentication>,
    /// Claims about the person that were asked for one by one.
    pub claims: Claims,
    hash: Hashed,
}

/// The token, unless it is unknown, expired or revoked: all look alike.
pub(crate) async fn find(idp: &Idp, token: &str) -> Result<Option<Found>, DbError> {
    let Some(hash) = hash_of(idp, token).await else {
        return Ok(None);
    };
    let row = idp
        .cx
        .db
        .opt(
            "SELECT t.hash AS hash, t.grant_id AS grant_id, t.client_id AS client_id, t.scope AS scope, t.audience AS audience,
                t.cnf AS cnf, t.issued_at AS issued_at, t.expires_at AS expires_at, g.person AS person,
                g.claims AS claims, t.authorization_details AS authorization_details,
                c.auth_time AS auth_time, c.acr AS acr, c.amr AS amr
             FROM access_token t LEFT JOIN authorization_grant g ON g.id = t.grant_id
                LEFT JOIN auth_code c ON c.grant_id = t.grant_id
             WHERE t.hash = $1 AND t.expires_at > $2 AND t.revoked_at IS NULL AND g.revoked_at IS NULL",
            params![hash, idp.cx.now()],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// What is stored of a token, if it has the form of one of ours.
async fn hash_of(idp: &Idp, token: &str) -> Option<Hashed> {
    if token.contains('.') {
        let keys = idp.keys.fresh(&idp.cx).await;
        let claims = jws::verify(&keys.published, jws::ACCESS_TOKEN, token).ok()?;
        let ours = claims.get("iss").and_then(Json::as_str) == Some(idp.issuer());
        let jti = claims.get("jti").and_then(Json::as_str);
        return jti.filter(|_| ours).map(hash_of_jti);
    }
    secret::has_the_form(token).then(|| secret::hashed(token))
}

fn read(row: &Row) -> Result<Found, DbError> {
    let words = |column| -> Result<Vec<String>, DbError> {
        Ok(row.get::<String>(column)?.split(' ').map(str::to_owned).collect())
    };
    let right = Right {
        client_id: row.get("client_id")?,
        grant: row.get("grant_id")?,
        scope: row.get("scope")?,
        audience: words("audience")?,
        details: Details::of_row(row)?,
        cnf: SenderConstraint::of_row(row)?,
        issued_at: row.get("issued_at")?,
        expires_at: row.get("expires_at")?,
    };
    Ok(Found {
        right,
        person: row.get("person")?,
        authentication: authentication(row)?,
        claims: Claims::of_row(row, "claims")?,
        hash: row.get("hash")?,
    })
}

fn authentication(row: &Row) -> Result<Option<Authentication>, DbError> {
    let Some(time) = row.get::<Option<Timestamp>>("auth_time")? else {
        return Ok(None);
    };
    let acr: String = row.get("acr")?;
    let acr = Level::parse(&acr).ok_or_else(|| DbError::Column {
        column: "acr".to_owned(),
        problem: "unknown level".to_owned(),
    })?;
    let amr = Amr::read(&row.get::<String>("amr")?);
    Ok(Some(Authentication { time, acr, amr }))
}

/// Takes back one access token.
pub(crate) async fn revoke(tx: &Tx, found: &Found, now: Timestamp) -> Result<(), DbError> {
    tx.exec(
        "UPDATE access_token SET revoked_at = $1 WHERE hash = $2 AND revoked_at IS NULL",
        params![now, found.hash],
    )
    .await
    .map(drop)
}
