//! ID tokens (OpenID Connect Core sections 2 and 3.1.3.6), and reading one back as a hint. An ID token travels in addresses as
//! `id_token_hint`, so the person's data are at the userinfo endpoint alone (section 5.4).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::code::Redeemed;
use crate::jws::{self, Jwk, JwsError};

/// What an ID token says: about the log-in, not about the person.
pub(crate) struct IdToken<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub subject: &'a str,
    pub jti: String,
    /// Seconds since the Unix epoch.
    pub issued_at: i64,
    /// Seconds.
    pub life: u32,
    pub access_token: &'a str,
    pub redeemed: &'a Redeemed,
}

impl IdToken<'_> {
    pub(crate) fn claims(&self) -> Json {
        let authentication = &self.redeemed.authentication;
        let mut claims = json!({
            "iss": self.issuer,
            "sub": self.subject,
            "aud": self.client_id,
            "exp": self.issued_at + i64::from(self.life),
            "iat": self.issued_at,
            "jti": self.jti,
            "auth_time": authentication.time.seconds(),
            "acr": authentication.acr.name(),
            "amr": authentication.amr,
            "sid": self.redeemed.sid,
            "at_hash": at_hash(self.access_token),
        });
        if let (Json::Object(claims), Some(nonce)) = (&mut claims, &self.redeemed.nonce) {
            claims.insert("nonce".to_owned(), json!(nonce));
        }
        claims
    }
}

/// Left half of SHA-256 (OpenID Connect Core section 3.1.3.6).
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
    let claims = jws::verify(keys, token)?;
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
