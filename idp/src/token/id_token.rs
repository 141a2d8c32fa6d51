//! ID tokens (OpenID Connect Core sections 2 and 3.1.3.6), and reading one back as a hint. An ID token travels in addresses as
//! `id_token_hint`, so the data of scopes are at the userinfo endpoint alone (section 5.4); in it are those that the client asks
//! for there by name (section 5.5).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};
use signum_core::Id;

use crate::clients::Client;
use crate::for_client::{self, ForClientError};
use crate::jws::{self, Jwk, JwsError};
use crate::service::Idp;
use crate::session::Authentication;

/// What an ID token says: about the log-in, and about the person what was asked for by name.
pub(crate) struct IdToken<'a> {
    pub subject: &'a str,
    pub nonce: Option<&'a str>,
    pub sid: &'a str,
    pub authentication: &'a Authentication,
    pub access_token: &'a str,
    /// About the person.
    pub data: Map<String, Json>,
}

impl IdToken<'_> {
    /// For this client, by the algorithms it registered.
    pub(crate) async fn sign(&self, idp: &Idp, client: &Client) -> Result<String, ForClientError> {
        let keys = idp.keys.fresh(&idp.cx).await;
        let metadata = &client.metadata;
        let algorithm = metadata.id_token_signed_response_alg;
        let claims = self.claims(idp, client);
        let signed = keys.sign(&*idp.hsm, algorithm, jws::ID_TOKEN, &claims).await?;
        match metadata.id_token_encrypted_response_alg {
            Some(_) => for_client::encrypted(idp, client, Some("JWT"), signed.as_bytes()).await,
            None => Ok(signed),
        }
    }

    fn claims(&self, idp: &Idp, client: &Client) -> Json {
        let issued_at = idp.cx.now().seconds();
        let jti: Id<()> = Id::new(&*idp.cx.random);
        let mut claims = json!({
            "iss": idp.issuer(),
            "sub": self.subject,
            "aud": client.client_id,
            "exp": issued_at + i64::from(idp.config.id_token_seconds),
            "iat": issued_at,
            "jti": jti.to_string(),
            "auth_time": self.authentication.time.seconds(),
            "acr": self.authentication.acr.name(),
            "amr": self.authentication.amr,
            "sid": self.sid,
            "at_hash": at_hash(self.access_token),
        });
        if let Json::Object(claims) = &mut claims {
            claims.extend(self.nonce.map(|nonce| ("nonce".to_owned(), json!(nonce))));
            claims.extend(self.data.clone());
        }
        claims
    }
}

/// Left half of SHA-256 (OpenID Connect Core section 3.1.3.6); our algorithms all have that hash.
fn at_hash(access_token: &str) -> String {
    let digest = Sha256::digest(access_token.as_bytes());
    B64.encode(digest.iter().copied().take(16).collect::<Vec<u8>>())
}

/// What an `id_token_hint` proves, whenever it expired.
#[derive(Debug)]
pub(crate) struct Hint {
    pub client_id: String,
    pub subject: String,
    pub sid: Option<String>,
}

/// Reads one of our own ID tokens, whose `exp` does not matter (OpenID Connect RP-Initiated Logout section 2).
pub(crate) fn read_hint(keys: &[Jwk], issuer: &str, token: &str) -> Result<Hint, JwsError> {
    let claims = jws::verify(keys, jws::ID_TOKEN, token)?;
    let text = |name: &str| claims.get(name).and_then(Json::as_str).map(str::to_owned);
    if text("iss").as_deref() != Some(issuer) {
        return Err(JwsError::Malformed);
    }
    Ok(Hint {
        client_id: text("aud").ok_or(JwsError::Malformed)?,
        subject: text("sub").ok_or(JwsError::Malformed)?,
        sid: text("sid"),
    })
}
