//! Answers that only the client may read: encrypted to a key that it registered (OpenID Connect Core sections 10.2 and 5.3.2).

use signum_hsm_shim::HsmError;

use crate::clients::{Client, keys};
use crate::jose::encrypt::{self, EncryptError};
use crate::service::Idp;

/// Why an answer cannot be signed or encrypted for its client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ForClientError {
    #[error(transparent)]
    Hsm(#[from] HsmError),
    #[error("encrypting for a client: {0}")]
    Encrypt(#[from] EncryptError),
}

/// `content` for this client alone.
pub(crate) async fn encrypted(
    idp: &Idp,
    client: &Client,
    cty: Option<&str>,
    content: &[u8],
) -> Result<String, ForClientError> {
    let keys = keys::of(idp, client).await.map_err(|_| EncryptError::NoKey)?;
    Ok(encrypt::encrypted(&*idp.cx.random, &keys, cty, content)?)
}
