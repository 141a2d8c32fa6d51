//! What an operator does about signing keys: look, wish for another one, withdraw one. The service makes
//! keys, which has the token open.

use signum_core::{Cx, Timestamp};

use super::store::{self, Withdrawn};
use super::{KeyError, KeyStatus};
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
            Ok(store::wish(&tx, cx, algorithm.name(), urgent).await?)
        })
        .await
}

/// Withdraws a key that somebody else may know: from this moment it is published no more and signs nothing, on every replica
/// within ten seconds. A pending key takes its place at once, else the service makes one within a quarter of a minute.
pub async fn withdraw(cx: &Cx, kid: &str) -> Result<Withdrawn, KeyError> {
    let withdrawn = cx
        .db
        .run::<_, KeyError, _, _>("signing_key.withdraw_at_once", |tx| async move {
            Ok(store::withdraw_at_once(&tx, cx, kid).await?)
        })
        .await?;
    withdrawn.ok_or(KeyError::Rows("no key of this kid is published"))
}
