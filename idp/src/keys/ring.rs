//! The keys as a replica holds them: read again from the database every ten seconds, kept as they are while it is away.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use serde_json::{Value as Json, json};
use signum_core::{Cx, Timestamp};
use signum_hsm_shim::{Hsm, HsmError, KeyUri};

use super::{KeyError, KeyStatus, label, store};
use crate::jose::Algorithm;
use crate::jws::{self, Jwk, Signer};

/// How old what a replica knows may be: so long a key that was withdrawn may still sign at a replica. A key is published a day
/// before it is used, so nobody sees one that is not published.
const FRESH: Duration = Duration::from_secs(10);
/// How long a request waits for the database before it takes what is known.
const PATIENCE: Duration = Duration::from_secs(1);

/// The keys of one moment.
#[derive(Clone, Debug)]
pub(crate) struct SigningKeys {
    active: Vec<Signer>,
    /// Every key that relying parties may meet.
    pub published: Vec<Jwk>,
    jwks: String,
}

/// The keys of this replica.
pub(crate) struct KeyRing {
    /// Label of the token.
    token: String,
    held: RwLock<Held>,
}

struct Held {
    keys: Arc<SigningKeys>,
    /// When the database was last asked, whether or not it answered.
    asked: Timestamp,
}

impl KeyRing {
    /// Loads the keys. On the very first start it makes one and uses it at once, since nobody has cached a JWKS yet; so it does
    /// where the only one was withdrawn.
    pub(crate) async fn load_or_make(cx: &Cx, hsm: &dyn Hsm, token: &str) -> Result<Self, KeyError> {
        let mut keys = SigningKeys::load(cx, token).await?;
        if keys.signer(None).is_none() {
            make(cx, hsm, token, Algorithm::Es256, KeyStatus::Active).await?;
            keys = SigningKeys::load(cx, token).await?;
        }
        if keys.signer(None).is_none() {
            return Err(KeyError::Rows("none is active"));
        }
        let held = RwLock::new(Held {
            keys: Arc::new(keys),
            asked: cx.now(),
        });
        let token = token.to_owned();
        Ok(Self { token, held })
    }

    /// The keys as last read.
    pub(crate) fn current(&self) -> Arc<SigningKeys> {
        Arc::clone(&self.held.read().unwrap_or_else(|poisoned| poisoned.into_inner()).keys)
    }

    /// The keys, read again when what is known is old. While the database is away what is known goes on.
    pub(crate) async fn fresh(&self, cx: &Cx) -> Arc<SigningKeys> {
        if self.claim_reload(cx.now()) {
            match tokio::time::timeout(PATIENCE, self.reload(cx)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "signing keys could not be read again"),
                Err(_) => tracing::error!("the database did not tell the signing keys in time"),
            }
        }
        self.current()
    }

    /// Whether the caller is the one that asks this time.
    fn claim_reload(&self, now: Timestamp) -> bool {
        let old = |held: &Held| now.since(held.asked) >= FRESH;
        if !old(&self.held.read().unwrap_or_else(|poisoned| poisoned.into_inner())) {
            return false;
        }
        let mut held = self.held.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        let claimed = old(&held);
        held.asked = now;
        claimed
    }

    pub(super) async fn reload(&self, cx: &Cx) -> Result<(), KeyError> {
        let keys = SigningKeys::load(cx, &self.token).await?;
        if keys.signer(None).is_none() {
            // The one that signed was withdrawn: nothing is signed until the next run of the job makes another.
            tracing::error!("no signing key is active");
        }
        let mut held = self.held.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        held.keys = Arc::new(keys);
        held.asked = cx.now();
        Ok(())
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }
}

impl SigningKeys {
    async fn load(cx: &Cx, token: &str) -> Result<Self, KeyError> {
        let mut active: Vec<Signer> = Vec::new();
        let mut published = Vec::new();
        for key in store::all(cx).await? {
            if key.status == KeyStatus::Active {
                let algorithm = key.jwk.algorithm;
                let (_, how) = jws::in_the_hsm(algorithm).ok_or(KeyError::Rows("a key of another algorithm"))?;
                active.push(Signer {
                    uri: KeyUri::new(token, &key.object),
                    kid: key.jwk.kid.clone(),
                    algorithm,
                    how,
                });
            }
            if key.status != KeyStatus::Withdrawn {
                published.push(key.jwk);
            }
        }
        let jwks = json!({"keys": published.iter().map(Jwk::to_json).collect::<Vec<_>>()}).to_string();
        Ok(Self {
            active,
            published,
            jwks,
        })
    }

    /// The JWK Set (RFC 7517 section 5).
    pub(crate) fn jwks(&self) -> &str {
        &self.jwks
    }

    /// What clients are offered, as [`store::offered`] tells it: the default algorithm, and each other whose key signs now.
    pub(crate) fn offered(&self) -> Vec<Algorithm> {
        let mut offered = vec![Algorithm::Es256];
        let others = self.active.iter().map(|signer| signer.algorithm);
        offered.extend(others.filter(|algorithm| *algorithm != Algorithm::Es256));
        offered
    }

    /// The key of this algorithm, or of the default one.
    pub(crate) fn signer(&self, wanted: Option<Algorithm>) -> Option<&Signer> {
        let of = |algorithm| self.active.iter().find(|signer| signer.algorithm == algorithm);
        of(wanted.unwrap_or(Algorithm::Es256))
    }

    /// Signs with the client's algorithm (`None`: ES256).
    pub(crate) async fn sign(
        &self,
        hsm: &dyn Hsm,
        wanted: Option<Algorithm>,
        typ: &str,
        claims: &Json,
    ) -> Result<String, HsmError> {
        let signer = self
            .signer(wanted)
            .ok_or_else(|| HsmError::Misconfigured("no signing key of this algorithm".to_owned()))?;
        jws::sign(hsm, signer, typ, claims).await
    }
}

/// Makes the next key of an algorithm and records it.
pub(super) async fn make(
    cx: &Cx,
    hsm: &dyn Hsm,
    token: &str,
    algorithm: Algorithm,
    status: KeyStatus,
) -> Result<(), KeyError> {
    let (kind, _) = jws::in_the_hsm(algorithm).ok_or(KeyError::Rows("no key of this algorithm is made"))?;
    let known = store::all(cx).await?;
    let number = known.iter().filter(|key| key.jwk.algorithm == algorithm).count() + 1;
    let object = &label(algorithm, number);
    let uri = KeyUri::new(token, object);
    let public = match hsm.generate(&uri, kind).await {
        // Made by a run that died before its row was written, or by another replica.
        Err(HsmError::AlreadyExists(_)) => hsm.public_key(&uri).await?,
        other => other?,
    };
    let (jwk, spki) = (&Jwk::from_spki(&public.spki)?, &public.spki);
    cx.db
        .run::<_, KeyError, _, _>("signing_key.add", |tx| async move {
            Ok(store::add(&tx, cx, jwk, object, spki, status).await?)
        })
        .await
}
