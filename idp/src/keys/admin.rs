//! What an operator does about signing keys: look, and wish for another one. The service makes it, which has the token open.

use signum_core::audit::{self, Event};
use signum_core::{Cx, Timestamp, params};

use super::{KeyError, KeyStatus, store};
use crate::jose::Algorithm;

/// A signing key as it is shown.
#[derive(Clone, Debug)]
pub struct Listed {
    pub kid: String,
    /// JOSE name.
    pub algorithm: &'static str,
    pub status: KeyStatus,
    pub created_at: Timestamp,
    pub activated_at: Option<Timestamp>,
    pub retired_at: Option<Timestamp>,
}

/// Every key there ever was, oldest first.
pub async fn list(cx: &Cx) -> Result<Vec<Listed>, KeyError> {
    let listed = |key: store::Recorded| Listed {
        kid: key.jwk.kid,
        algorithm: key.jwk.algorithm.name(),
        status: key.status,
        created_at: key.created_at,
        activated_at: key.activated_at,
        retired_at: key.retired_at,
    };
    Ok(store::all(cx).await?.into_iter().map(listed).collect())
}

/// Wishes for the next key of an algorithm (its JOSE name). `urgent`: it signs as soon as it is made, for when the active one may
/// be known to somebody; relying parties that keep a JWKS refuse tokens until they read it again.
pub async fn wish(cx: &Cx, algorithm: &str, urgent: bool) -> Result<(), KeyError> {
    let algorithm = Algorithm::parse(algorithm)
        .filter(|algorithm| crate::jws::OURS.contains(algorithm))
        .ok_or(KeyError::Rows("we sign with ES256 and PS256"))?;
    cx.db
        .run::<_, KeyError, _, _>("signing_key.wish", |tx| async move {
            tx.exec(
                "INSERT INTO signing_key_wish (algorithm, urgent, wished_at) VALUES ($1, $2, $3)
                 ON CONFLICT (algorithm) DO UPDATE SET urgent = excluded.urgent, wished_at = excluded.wished_at",
                params![algorithm.name(), urgent, cx.now()],
            )
            .await?;
            let detail = serde_json::json!({"algorithm": algorithm.name(), "urgent": urgent});
            Ok(audit::record(&tx, cx, &Event::new("signing_key.wished", "signing keys", detail)).await?)
        })
        .await
}
