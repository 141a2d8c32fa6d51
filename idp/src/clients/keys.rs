//! The keys of clients: registered by value, or published at the client's own address and fetched behind the guard of `outbound`.
//!
//! A fetched set is used for ten minutes. A token that none of its keys verifies may have been signed with a new one: the set is
//! fetched again at once, but not more than once in half a minute, so that nobody makes us knock at somebody's door.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use signum_core::Timestamp;
use tokio::sync::Mutex as AsyncMutex;

use super::Client;
use crate::client_auth::Refusal;
use crate::jose::{self, Claims, Expected, JoseError, JwkSet, strict_json};
use crate::service::Idp;

/// How long a set is used without asking again.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// How long it is still used while its address does not answer.
const STALE: Duration = Duration::from_secs(60 * 60);
/// Shortest time between two requests to one address.
const PAUSE: Duration = Duration::from_secs(30);
/// Longest key set in octets.
const LONGEST: usize = 64 * 1024;
/// Sets in memory; beyond them all are forgotten.
const MOST: usize = 10_000;

/// What was fetched, by the client's address.
#[derive(Default)]
pub(crate) struct PublishedKeys(Mutex<HashMap<String, Arc<AsyncMutex<Fetched>>>>);

#[derive(Default)]
struct Fetched {
    keys: Option<(Timestamp, JwkSet)>,
    tried: Option<Timestamp>,
}

impl PublishedKeys {
    fn entry(&self, address: &str) -> Arc<AsyncMutex<Fetched>> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST && !entries.contains_key(address) {
            entries.clear();
        }
        Arc::clone(entries.entry(address.to_owned()).or_default())
    }
}

/// The client's keys, from wherever it has them.
pub(crate) async fn of(idp: &Idp, client: &Client) -> Result<JwkSet, Refusal> {
    match &client.metadata.jwks_uri {
        None => client.keys(),
        Some(address) => published(idp, address, false).await,
    }
}

/// [`jose::verify`] with the client's keys; a key that it has published since counts.
pub(crate) async fn verify(
    idp: &Idp,
    client: &Client,
    token: &str,
    expected: &Expected<'_>,
) -> Result<Claims, JoseError> {
    let keys = of(idp, client).await.map_err(|_| JoseError::UnknownKey)?;
    let first = jose::verify(&keys, token, expected);
    match (&first, &client.metadata.jwks_uri) {
        (Err(JoseError::UnknownKey | JoseError::Signature), Some(address)) => {
            let newer = published(idp, address, true).await.map_err(|_| JoseError::UnknownKey)?;
            match newer == keys {
                true => first,
                false => jose::verify(&newer, token, expected),
            }
        }
        _ => first,
    }
}

/// One request at a time to one address; who comes meanwhile waits for its answer.
async fn published(idp: &Idp, address: &str, again: bool) -> Result<JwkSet, Refusal> {
    let entry = idp.published_keys.entry(address);
    let mut entry = entry.lock().await;
    let now = idp.cx.now();
    let older = |than: Duration, at: Option<Timestamp>| at.is_none_or(|at| now.since(at) >= than);
    let fetched = entry.keys.as_ref().map(|(at, _)| *at);
    if (again || older(FRESH, fetched)) && older(PAUSE, entry.tried) {
        entry.tried = Some(now);
        match fetch(idp, address).await {
            Ok(keys) => entry.keys = Some((now, keys)),
            Err(problem) => tracing::warn!(%problem, "the keys of a client could not be fetched"),
        }
    }
    match &entry.keys {
        Some((at, keys)) if now.since(*at) < STALE => Ok(keys.clone()),
        _ => Err(Refusal::Assertion("the client's keys could not be fetched")),
    }
}

async fn fetch(idp: &Idp, address: &str) -> Result<JwkSet, String> {
    let octets = idp.outbound.get(address, LONGEST).await.map_err(|e| e.to_string())?;
    let value = strict_json::value(&octets).ok_or("the answer is no JSON")?;
    JwkSet::parse_published(&value).map_err(|e| e.to_string())
}
