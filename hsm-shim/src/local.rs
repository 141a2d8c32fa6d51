//! The HSM in this process: each call goes to a blocking thread.

use std::sync::Arc;

use async_trait::async_trait;

use crate::Hsm;
use crate::error::HsmError;
use crate::key::{KeyAlgorithm, KeyUri, PublicKey, SignatureAlgorithm};
use crate::token::Token;

/// A [`Token`] behind the [`Hsm`] interface.
#[derive(Clone)]
pub struct Local {
    token: Arc<Token>,
}

impl Local {
    pub fn new(token: Arc<Token>) -> Self {
        Self { token }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Token) -> Result<T, HsmError> + Send + 'static,
    ) -> Result<T, HsmError> {
        let token = self.token.clone();
        tokio::task::spawn_blocking(move || work(&token))
            .await
            .map_err(|_| HsmError::down("the signing thread ended"))?
    }
}

#[async_trait]
impl Hsm for Local {
    async fn sign(
        &self,
        key: &KeyUri,
        algorithm: SignatureAlgorithm,
        inputs: &[Vec<u8>],
    ) -> Result<Vec<Vec<u8>>, HsmError> {
        let (key, inputs) = (key.clone(), inputs.to_vec());
        self.blocking(move |token| token.sign(token.object(&key)?, algorithm, &inputs))
            .await
    }

    async fn public_key(&self, key: &KeyUri) -> Result<PublicKey, HsmError> {
        let key = key.clone();
        self.blocking(move |token| token.public_key(token.object(&key)?)).await
    }

    async fn generate(&self, key: &KeyUri, algorithm: KeyAlgorithm) -> Result<PublicKey, HsmError> {
        let key = key.clone();
        self.blocking(move |token| token.generate(token.object(&key)?, algorithm))
            .await
    }

    async fn health(&self) -> Result<(), HsmError> {
        self.blocking(|token| token.health()).await
    }
}
