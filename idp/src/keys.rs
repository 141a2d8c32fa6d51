//! The keys that sign ID tokens: made in the HSM, recorded with a status, published as JWKS (RFC 7517).

use openssl::error::ErrorStack;
use serde_json::{Value as Json, json};
use signum_core::{Cx, DbError, params, retry_on_db_conflict};
use signum_hsm_shim::worker::KeyUse;
use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri};

use crate::jws::Jwk;

/// Label of the first signing key; later ones count on.
const FIRST_OBJECT: &str = "id-token-1";

/// What a signing key is for just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// Published so that relying parties know it before it is used.
    Pending,
    /// Signs. Exactly one.
    Active,
    /// Signs no more; published while tokens it signed may still be shown.
    Retired,
}

impl KeyStatus {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "pending" => Some(Self::Pending),
            "active" => Some(Self::Active),
            "retired" => Some(Self::Retired),
            _ => None,
        }
    }
}

/// Which keys of its token the service uses and makes: the first key, until it is there.
pub async fn key_use(cx: &Cx) -> Result<KeyUse, DbError> {
    let rows = cx.db.all("SELECT object FROM signing_key", vec![]).await?;
    let mut signs = rows
        .iter()
        .map(|row| row.get("object"))
        .collect::<Result<Vec<String>, _>>()?;
    let mut makes = Vec::new();
    if signs.is_empty() {
        signs.push(FIRST_OBJECT.to_owned());
        makes.push(FIRST_OBJECT.to_owned());
    }
    Ok(KeyUse { signs, makes })
}

/// The signing keys as loaded at start.
#[derive(Clone, Debug)]
pub struct SigningKeys {
    pub(crate) active: KeyUri,
    pub(crate) active_kid: String,
    /// Every key that relying parties may meet.
    pub(crate) published: Vec<Jwk>,
}

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Hsm(#[from] HsmError),
    #[error("signing key: {0}")]
    Encoding(#[from] ErrorStack),
    #[error("signing keys: {0}")]
    Rows(&'static str),
}
retry_on_db_conflict!(KeyError);

impl SigningKeys {
    /// Loads the keys; on the very first start makes one and uses it at once, since nobody has cached a JWKS yet.
    pub(crate) async fn load_or_make(cx: &Cx, hsm: &dyn Hsm, token: &str) -> Result<Self, KeyError> {
        if let Some(keys) = Self::load(cx, token).await? {
            return Ok(keys);
        }
        let uri = KeyUri::new(token, FIRST_OBJECT);
        let public = match hsm.generate(&uri, KeyAlgorithm::EcP256).await {
            // Made by a start that died before its row was written, or by another replica.
            Err(HsmError::AlreadyExists(_)) => hsm.public_key(&uri).await?,
            other => other?,
        };
        let jwk = Jwk::from_spki(&public.spki)?;
        let (jwk, spki) = (&jwk, &public.spki);
        cx.db
            .run("signing_key.first", |tx| async move {
                tx.exec(
                    "INSERT INTO signing_key (kid, object, spki, status, created_at) VALUES ($1, $2, $3, 'active', $4)
                     ON CONFLICT (kid) DO NOTHING",
                    params![&jwk.kid, FIRST_OBJECT, spki, cx.now()],
                )
                .await
            })
            .await?;
        Self::load(cx, token).await?.ok_or(KeyError::Rows("none is active"))
    }

    async fn load(cx: &Cx, token: &str) -> Result<Option<Self>, KeyError> {
        let rows = cx
            .db
            .all(
                "SELECT kid, object, spki, status FROM signing_key ORDER BY created_at",
                vec![],
            )
            .await?;
        let (mut active, mut published) = (None, Vec::new());
        for row in &rows {
            let jwk = Jwk::from_spki(&row.get::<Vec<u8>>("spki")?)?;
            if jwk.kid != row.get::<String>("kid")? {
                return Err(KeyError::Rows("a kid is not its key's thumbprint"));
            }
            let status = KeyStatus::parse(&row.get::<String>("status")?).ok_or(KeyError::Rows("unknown status"))?;
            if status == KeyStatus::Active {
                let uri = KeyUri::new(token, &row.get::<String>("object")?);
                if active.replace((uri, jwk.kid.clone())).is_some() {
                    return Err(KeyError::Rows("more than one is active"));
                }
            }
            published.push(jwk);
        }
        Ok(active.map(|(active, active_kid)| Self {
            active,
            active_kid,
            published,
        }))
    }

    /// The JWK Set (RFC 7517 section 5).
    pub(crate) fn jwks(&self) -> Json {
        json!({"keys": self.published.iter().map(Jwk::to_json).collect::<Vec<_>>()})
    }
}
