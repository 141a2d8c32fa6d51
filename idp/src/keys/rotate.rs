//! One step of the keys' life, taken by a leased job: the next key is made and published, a day later it signs, and the old one
//! stays published until nothing it signed is shown any more.

use std::time::Duration;

use super::{KeyError, KeyStatus, ring, store};
use crate::jose::Algorithm;
use crate::service::Idp;

use store::Recorded;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Takes every step that is due; a step that fails is due again.
pub(crate) async fn run(idp: &Idp) -> Result<(), KeyError> {
    for algorithm in idp.config.signing_algorithms() {
        next(idp, algorithm).await?;
    }
    withdraw_old(idp).await?;
    idp.keys.reload(&idp.cx).await
}

async fn next(idp: &Idp, algorithm: Algorithm) -> Result<(), KeyError> {
    let cx = &idp.cx;
    let keys = store::all(cx).await?;
    let of = |status| {
        keys.iter()
            .find(|key| key.jwk.algorithm == algorithm && key.status == status)
    };
    let wished = store::wished(cx, algorithm).await?;
    match of(KeyStatus::Pending) {
        Some(pending) if wished == Some(true) || cx.now().since(pending.created_at) >= publication(idp) => {
            let pending = &pending.jwk;
            cx.db
                .run::<_, KeyError, _, _>("signing_key.activate", |tx| async move {
                    Ok(store::activate(&tx, cx, pending).await?)
                })
                .await
        }
        Some(_) => Ok(()),
        None if wished.is_some() || is_due(idp, of(KeyStatus::Active)) => {
            // The one that signed was withdrawn: no key is published, so there is nothing to wait for.
            let withdrawn = of(KeyStatus::Active).is_none() && wished == Some(true);
            let status = if withdrawn {
                KeyStatus::Active
            } else {
                KeyStatus::Pending
            };
            ring::make(cx, &*idp.hsm, idp.keys.token(), algorithm, status).await
        }
        None => Ok(()),
    }
}

/// Whether the next key has to be published now, so that it can sign when this one's time is over.
fn is_due(idp: &Idp, active: Option<&Recorded>) -> bool {
    let Some(active) = active else {
        return true;
    };
    let life = DAY * idp.config.signing_key_days;
    let since = active.activated_at.unwrap_or(active.created_at);
    idp.cx.now().since(since) + publication(idp) >= life
}

fn publication(idp: &Idp) -> Duration {
    Duration::from_secs(60 * 60) * idp.config.signing_key_publication_hours
}

/// What a retired key signed has expired, and whoever cached the JWKS has read it again.
async fn withdraw_old(idp: &Idp) -> Result<(), KeyError> {
    let cx = &idp.cx;
    let longest = idp.config.id_token_seconds.max(idp.config.access_token_seconds);
    let shown = Duration::from_secs(longest.into()) + DAY;
    for key in store::all(cx).await? {
        let over = key.retired_at.is_some_and(|at| cx.now().since(at) >= shown);
        if key.status == KeyStatus::Retired && over {
            let jwk = &key.jwk;
            cx.db
                .run::<_, KeyError, _, _>("signing_key.withdraw", |tx| async move {
                    Ok(store::withdraw(&tx, cx, jwk).await?)
                })
                .await?;
        }
    }
    Ok(())
}
