//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 section 2.4).

use serde_json::{Value as Json, json};

/// Seconds; section 2.4 asks for at most two minutes.
const LIFE: i64 = 120;
/// The one event that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Explicit type (RFC 8725 section 3.11): no ID token is ever taken for one, nor the other way round.
pub(crate) const TYP: &str = "logout+jwt";

/// What a logout token says. It never has a nonce.
pub(crate) struct LogoutToken<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub subject: &'a str,
    pub sid: &'a str,
    pub jti: String,
    /// Seconds since the Unix epoch.
    pub issued_at: i64,
}

impl LogoutToken<'_> {
    pub(crate) fn claims(&self) -> Json {
        json!({
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": self.subject,
            "sid": self.sid,
            "iat": self.issued_at,
            "exp": self.issued_at + LIFE,
            "jti": self.jti,
            "events": { EVENT: {} },
        })
    }
}
