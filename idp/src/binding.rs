//! What a token is bound to: a key that makes DPoP proofs (RFC 9449 section 6) or a client certificate (RFC 8705 section 3).

use serde_json::{Value as Json, json};
use signum_core::DbError;
use signum_core::db::Row;
use subtle::ConstantTimeEq;

/// Whose token it is, proven with every use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SenderConstraint {
    /// RFC 7638 thumbprint of the client's DPoP key.
    Jkt(String),
    /// SHA-256 of the client's certificate (DER), in base64url.
    CertificateSha256(String),
}

impl SenderConstraint {
    /// As the columns `cnf` have it.
    pub(crate) fn stored(&self) -> String {
        match self {
            Self::Jkt(thumbprint) => format!("jkt:{thumbprint}"),
            Self::CertificateSha256(thumbprint) => format!("x5t#S256:{thumbprint}"),
        }
    }

    fn read(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("jkt", thumbprint) => Some(Self::Jkt(thumbprint.to_owned())),
            ("x5t#S256", thumbprint) => Some(Self::CertificateSha256(thumbprint.to_owned())),
            _ => None,
        }
    }

    /// Column `cnf` of a row. What cannot be read is never taken for a bearer token.
    pub(crate) fn of_row(row: &Row) -> Result<Option<Self>, DbError> {
        let Some(text) = row.get::<Option<String>>("cnf")? else {
            return Ok(None);
        };
        Self::read(&text).map(Some).ok_or_else(|| DbError::Column {
            column: "cnf".to_owned(),
            problem: "an unknown kind of binding".to_owned(),
        })
    }

    /// The claim `cnf` (RFC 7800).
    pub(crate) fn claim(&self) -> Json {
        match self {
            Self::Jkt(thumbprint) => json!({ "jkt": thumbprint }),
            Self::CertificateSha256(thumbprint) => json!({ "x5t#S256": thumbprint }),
        }
    }

    /// The `token_type` of an access token that is bound so (RFC 9449 section 5, RFC 8705 section 3).
    pub(crate) fn token_type(this: Option<&Self>) -> &'static str {
        match this {
            Some(Self::Jkt(_)) => "DPoP",
            Some(Self::CertificateSha256(_)) | None => "Bearer",
        }
    }

    /// Whether `shown` is what a token bound to `this` needs; a token that is bound to nothing takes nothing.
    pub(crate) fn fits(this: Option<&Self>, shown: Option<&Self>) -> bool {
        match (this, shown) {
            (None, None) => true,
            (Some(this), Some(shown)) => this.stored().as_bytes().ct_eq(shown.stored().as_bytes()).into(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_binding_is_read_back_as_it_was_stored() {
        for binding in [
            SenderConstraint::Jkt("a".to_owned()),
            SenderConstraint::CertificateSha256("b:c".to_owned()),
        ] {
            assert_eq!(SenderConstraint::read(&binding.stored()), Some(binding));
        }
        for odd in ["", "jkt", "kid:a", "x5t:a"] {
            assert_eq!(SenderConstraint::read(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_bound_token_fits_its_own_key_and_nothing_else() {
        let key = |text: &str| Some(SenderConstraint::Jkt(text.to_owned()));
        let certificate = Some(SenderConstraint::CertificateSha256("a".to_owned()));
        let fits = |this: &Option<_>, shown: &Option<_>| SenderConstraint::fits(this.as_ref(), shown.as_ref());
        assert!(fits(&key("a"), &key("a")) && fits(&None, &None) && fits(&certificate, &certificate));
        for (this, shown) in [
            (key("a"), key("b")),
            (key("a"), certificate.clone()),
            (key("a"), None),
            (None, key("a")),
            (certificate, None),
        ] {
            assert!(!fits(&this, &shown), "{this:?} {shown:?}");
        }
    }
}
